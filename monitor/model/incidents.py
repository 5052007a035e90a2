"""Incidents: what is wrong with the monitor itself, and the notices of them to its operator.

``app.incidents`` finds them, ``app.operator_notices`` stores and sends them.
"""

from dataclasses import dataclass
from datetime import datetime

OPERATOR = "operator"
"""Whom the messages of notices are for; no subscription makes such a message."""

BEGAN = "began"
OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that is wrong until it is over; the operator is notified of both, once.

    ``key``: what it is, the same as long as it lasts. ``began`` and ``over``: short sentences that
    say so; where ``over`` is "", its end is not reported. ``detail``: why, where it is known.
    ``since``: when it began; None where it is not recorded. ``again``: the operator is reminded
    whenever this changes while it lasts.
    """

    key: str
    began: str
    over: str
    detail: str = ""
    since: datetime | None = None
    again: str = ""

    @property
    def state(self) -> str:
        """What a notice of it says now: that it began, or lasts for so long and for such causes."""
        return self.again or BEGAN

    def beginning(self, found_at: datetime) -> str:
        """Return what tells it from others of its key: since when it lasts, else the day.

        A store that was restored finds the same again.
        """
        return self.since.isoformat() if self.since else f"{found_at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIncident:
    """An incident as the store has it.

    ``beginning``: distinguishes it from other incidents of its ``key``. ``state``: BEGAN, the
    reason of its last reminder, or OVER. ``began_at``: when it began, or was found; ``ended_at``:
    None as long as it lasts. Times are aware UTC. The other fields are those of ``Incident``.
    """

    id: int
    key: str
    beginning: str
    state: str
    began: str
    over: str
    detail: str
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One incident as a message reports it.

    ``state``: of the incident when the message was made. ``notified_before``: the same address was
    sent an earlier notice of it.
    """

    incident: StoredIncident
    state: str
    notified_before: bool

    @property
    def is_latest(self) -> bool:
        """Whether no later message says how the incident went on."""
        return self.state == self.incident.state


Sentence = tuple[str, str]
"""A sentence, and why; both may hold words of the registry or of a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorMessage:
    """What one address of the operator gets: what began or lasts, and what is over.

    ``at``: when the message was made (aware UTC).
    """

    uid: str
    target: str
    at: datetime
    began: tuple[Sentence, ...]
    over: tuple[Sentence, ...]
