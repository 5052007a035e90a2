"""Messages to send."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from monitor.channels.base import UnboundedChannel
from monitor.channels.bounded import BoundedChannel
from monitor.deadlines.threads import AbandonedThreads
from monitor.model.messages import Message

NOW = datetime(2026, 2, 19, 8, 0, tzinfo=UTC)
SUBJECT = "NCT06733935: enrollment target 144 → 240 (+67%)"


def message(number: int = 1, **changed: Any) -> Message:
    """Return a message; the same number is the same message."""
    text = "Enrollment target\n144 → 240 (+67%)\n.\nFrom the registry’s record\n"
    made = Message(
        uid=str(uuid5(UUID(int=0), f"message {number}")),
        subscriber="ana",
        target="ana@example.org",
        subject=SUBJECT,
        text=text,
        html="<!doctype html><p>Enrollment target 144 → 240</p>",
        slack={"text": SUBJECT, "blocks": [section("144 → 240")]},
        data={"nct_id": "NCT06733935", "events": [{"before": 144, "after": 240}]},
        occurred_at=NOW,
        thread="NCT06733935",
        severity="medium",
    )
    return replace(made, **changed)


def bounded(
    channel: UnboundedChannel, *, total_s: float = 30.0, abandoned: AbandonedThreads | None = None
) -> BoundedChannel:
    """Return the channel with a deadline, as the monitor uses it."""
    counted = abandoned or AbandonedThreads(4)
    return BoundedChannel(channel=channel, total_s=total_s, abandoned=counted)


def section(text: str) -> dict[str, Any]:
    """Return a block of Block Kit."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
