"""Trying a channel out: a message that says it is a test, and how it went."""

import html
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from monitor.channels.base import Channel
from monitor.errors import DeliveryError
from monitor.model.messages import Message

_SUBJECT = "Trial monitor: a test of this channel"
_TEXT = "This is a test. The channel works: alerts will come this way."


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What came of one target; ``detail``: the service's words, or what went wrong."""

    channel: str
    type: str
    target: str
    ok: bool
    detail: str
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    def as_line(self) -> str:
        """Return it as a line for people."""
        whom = f" to {self.target}" if self.target else ""
        return (
            f"{self.channel} ({self.type}){whom}: {'sent' if self.ok else 'failed'}: {self.detail}"
        )


def sample_message(now: datetime) -> Message:
    """Return a test message; each has a uid of its own."""
    return Message(
        # Random, unlike other ids (docs/delivery.md, "Ids"): two tests are two messages.
        uid=str(uuid.uuid4()),
        subscriber="operator",
        target="",
        subject=_SUBJECT,
        text=f"{_TEXT}\n",
        html=f"<!doctype html><title>{html.escape(_SUBJECT)}</title><p>{html.escape(_TEXT)}</p>",
        slack={
            "text": _SUBJECT,
            "blocks": [{"type": "section", "text": {"type": "plain_text", "text": _TEXT}}],
        },
        data={"test": True, "text": _TEXT},
        occurred_at=now,
        thread="test",
        severity="low",
    )


def send_test(channel: Channel, *, now: datetime, to: str | None = None) -> Iterator[SendResult]:
    """Send a test message to ``to``, else to every target of the channel; yield how each went."""
    return send_each(channel, lambda target: replace(sample_message(now), target=target), to=to)


def send_each(
    channel: Channel, made: Callable[[str], Message], *, to: str | None = None
) -> Iterator[SendResult]:
    """Send what is made for a target to ``to``, else to every target of the channel.

    Nothing is stored, and nothing is tried again; yields how each went.
    """
    with channel.connect() as connection:
        # "" is the target of a channel with one recipient, so only None means all.
        for target in channel.targets if to is None else (to,):
            started = time.monotonic()
            try:
                ok, detail = True, connection.send(made(target))
            except DeliveryError as exc:
                ok, detail = False, str(exc)
            yield SendResult(
                channel=channel.name,
                type=channel.type,
                target=target,
                ok=ok,
                detail=detail,
                seconds=round(time.monotonic() - started, 3),
            )
