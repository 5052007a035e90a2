"""Slack: incoming webhooks with Block Kit."""

import contextlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson

from monitor.channels.addresses import Resolve, resolve
from monitor.channels.checking import check_timeout
from monitor.channels.judging import accepted
from monitor.channels.place import Place, place_of
from monitor.channels.post import Poster
from monitor.errors import DeliveryError
from monitor.model.messages import Message

# Slack's own limits; whatever is beyond them is refused as a whole (invalid_blocks).
TEXT_CHARS = 40_000
BLOCKS = 50
SECTION_CHARS = 3_000
HEADER_CHARS = 150
FIELDS = 10
FIELD_CHARS = 2_000
CONTEXT_ELEMENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """Where Slack takes messages. The URL is the secret: who has it can post.

    ``allow_private``: addresses of private and loopback ranges, and http, too (a service that
    speaks Slack's language). ``timeout_s`` bounds a post. ConfigError where they cannot work.
    """

    name: str
    url: str = field(repr=False)
    allow_private: bool = False
    timeout_s: float = 15.0

    def __post_init__(self) -> None:
        """Check what can be checked without the service."""
        _ = self.place
        check_timeout(self.name, self.timeout_s)

    @property
    def place(self) -> Place:
        """Where it posts to."""
        return place_of(self.name, self.url, allow_private=self.allow_private)


class SlackChannel:
    """Posts to the one Slack channel that the webhook belongs to."""

    type: ClassVar[str] = "slack"
    targets: tuple[str, ...] = ("",)

    def __init__(
        self,
        settings: SlackSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve = resolve,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._now = now
        self._resolve = resolve

    @contextlib.contextmanager
    def connected(self) -> Iterator["SlackConnection"]:
        """Yield what posts; each message has a connection of its own."""
        place = self.settings.place
        poster = Poster(
            place=place,
            timeout_s=self.settings.timeout_s,
            context=ssl.create_default_context() if place.tls else None,
            allow_private=self.settings.allow_private,
            resolve=self._resolve,
        )
        yield SlackConnection(poster, self._now)


class SlackConnection:
    """Posts messages one by one."""

    def __init__(self, poster: Poster, now: Callable[[], datetime]) -> None:
        self._poster = poster
        self._now = now

    def send(self, message: Message) -> str:
        """Post the message's Slack payload and return Slack's words.

        DeliveryError: 429 with Slack's pause, timeouts and 5xx are to be tried again;
        invalid_payload, no_service, channel_not_found, action_prohibited and what is beyond
        Slack's limits are permanent.
        """
        fault = over_limit(message.slack)
        if fault is not None:
            raise DeliveryError(f"Slack would refuse the message: {fault}", permanent=True)
        place = self._poster.place
        try:
            body = orjson.dumps(dict(message.slack))
        except orjson.JSONEncodeError:
            raise DeliveryError("the message cannot be written as JSON", permanent=True) from None
        answer = self._poster.post(body, {"Content-Type": "application/json; charset=utf-8"})
        return accepted(answer, place.shown, now=self._now(), secrets=place.secrets)


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
