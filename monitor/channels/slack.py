"""Slack: incoming webhooks with Block Kit."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import orjson

from monitor.channels.http_channel import HttpChannel, HttpConnection
from monitor.channels.response_check import check_response
from monitor.errors import DeliveryError
from monitor.model.messages import Message, Rendering

# Slack's own limits; whatever is beyond them is refused as a whole (invalid_blocks).
# Listed at https://docs.slack.dev/reference/block-kit/blocks
TEXT_CHARS = 40_000
BLOCKS = 50
SECTION_CHARS = 3_000
HEADER_CHARS = 150
FIELDS = 10
FIELD_CHARS = 2_000
CONTEXT_ELEMENTS = 10


class SlackChannel(HttpChannel):
    """Posts to the one Slack channel that the webhook belongs to."""

    type: ClassVar[str] = "slack"
    renderings: ClassVar[frozenset[Rendering]] = frozenset({"slack"})

    @contextlib.contextmanager
    def connect(self) -> Iterator["SlackConnection"]:
        """Yield what posts."""
        yield SlackConnection(self._poster(), self._now)


class SlackConnection(HttpConnection):
    """Posts messages one by one."""

    def send(self, message: Message) -> str:
        """Post the message's Slack payload and return Slack's words.

        ``webhook-id`` is the message's uid, as of a webhook: Slack passes over it, a relay or a
        service that speaks Slack's language can tell a repetition.

        DeliveryError: 429 with Slack's pause, timeouts and 5xx are to be tried again;
        invalid_payload, no_service, channel_not_found, action_prohibited and what is beyond
        Slack's limits are permanent.
        """
        # Slack itself would answer `invalid_blocks`, without saying which one and why.
        fault = over_limit(message.slack)
        if fault is not None:
            raise DeliveryError(f"Slack would refuse the message: {fault}", permanent=True)
        place = self._poster.place
        try:
            body = orjson.dumps(dict(message.slack))
        except orjson.JSONEncodeError:
            raise DeliveryError("the message cannot be written as JSON", permanent=True) from None
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": message.uid,
        }
        answer = self._poster.post(body, headers)
        # The path of the URL is the webhook's only secret, and an answer may quote it.
        return check_response(answer, place.shown, now=self._now(), secrets=place.secrets)


def over_limit(payload: Mapping[str, Any]) -> str | None:
    """Say what of a payload is beyond Slack's limits; None when nothing is."""
    text, blocks = payload.get("text", ""), payload.get("blocks", [])
    if not text:
        return "it has no text"
    if len(text) > TEXT_CHARS:
        return f"its text has {len(text):,} characters, of {TEXT_CHARS:,}"
    if len(blocks) > BLOCKS:
        return f"it has {len(blocks)} blocks, of {BLOCKS}"
    for number, block in enumerate(blocks, start=1):
        fault = _block_fault(block)
        if fault is not None:
            return f"block {number} has {fault}"
    return None


def _block_fault(block: Mapping[str, Any]) -> str | None:
    kind = block.get("type")
    length = len(block.get("text", {}).get("text", ""))
    most = {"header": HEADER_CHARS, "section": SECTION_CHARS}.get(kind or "")
    if most is not None and length > most:
        return f"{length:,} characters, of {most:,}"
    fields = block.get("fields", [])
    if len(fields) > FIELDS:
        return f"{len(fields)} fields, of {FIELDS}"
    if any(len(one.get("text", "")) > FIELD_CHARS for one in fields):
        return f"a field of more than {FIELD_CHARS:,} characters"
    if kind == "context" and len(block.get("elements", [])) > CONTEXT_ELEMENTS:
        return f"{len(block['elements'])} elements, of {CONTEXT_ELEMENTS}"
    return None
