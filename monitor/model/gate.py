"""What the gate holds of a source: why, how many records, since when; how it is stored.

``ingest.gate`` decides and stores it; the status, the operator's page and incidents read it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.model import fields

GONE = "gone"
_WITHOUT, _UNKNOWN = "without ", "unknown value at "

Cause = str
"""Why a record is suspicious: GONE, or what its path lacks; one text for each cause and path."""


def missing_value(path: fields.Path) -> Cause:
    """Return the cause that a record lost what is at the path."""
    return _WITHOUT + fields.dotted(path)


def unknown_value(path: fields.Path) -> Cause:
    """Return the cause that a record has a value at the path that the registry does not list."""
    return _UNKNOWN + fields.dotted(path)


def describe_cause(cause: Cause) -> str:
    """Describe a cause for people: ``without Conditions (protocolSection.conditionsModule.…)``."""
    for kind, text in ((_WITHOUT, _WITHOUT), (_UNKNOWN, f"with an {_UNKNOWN}")):
        if cause.startswith(kind):
            path = cause.removeprefix(kind)
            return f"{text}{fields.label(tuple(path.split('.')))} ({path})"
    return "no longer shown by the registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecords:
    """The records that are held for one cause: how many, and the ``first`` three of them."""

    cause: Cause
    count: int
    first: tuple[str, ...]

    @classmethod
    def of(cls, cause: Cause, nct_ids: Collection[str]) -> "HeldRecords":
        """Return what is held for a cause."""
        return cls(cause=cause, count=len(nct_ids), first=tuple(sorted(nct_ids)[:3]))

    @property
    def description(self) -> str:
        """Describe it: ``400 without Conditions (…), such as NCT…``."""
        return f"{self.count} {describe_cause(self.cause)}, such as {', '.join(self.first)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """What is held of a source now, as it is stored.

    ``reason``: "" while nothing is. ``records``: how many different ones are held, of ``judged``
    known records. ``since``: when it began (aware UTC). ``pass_number``, ``began``: the pass that
    was judged last, and when its first page was stored.
    """

    reason: str = ""
    records: int = 0
    judged: int = 0
    causes: tuple[HeldRecords, ...] = ()
    since: datetime | None = None
    pass_number: int = 0
    began: datetime | None = None

    @staticmethod
    def state_key(source: str) -> str:
        """Return the name that a source's gate state is stored under; no source has it."""
        # No name of a source has a slash.
        return f"{source}/gate"

    @staticmethod
    def acceptance_key(source: str) -> str:
        """Return the name that the causes that the operator accepted are stored under."""
        return f"{source}/accepted"

    @classmethod
    def from_state(cls, state: Mapping[str, Any] | None) -> "GateState":
        """Read a stored state; None: nothing was ever held."""
        if state is None:
            return cls()
        return cls(
            reason=state["reason"],
            records=state["records"],
            judged=state["judged"],
            causes=tuple(
                HeldRecords(cause=one["cause"], count=one["count"], first=tuple(one["first"]))
                for one in state["causes"]
            ),
            since=_moment(state["since"]),
            pass_number=state["pass_number"],
            began=_moment(state["began"]),
        )

    def as_state(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "reason": self.reason,
            "records": self.records,
            "judged": self.judged,
            "causes": [
                {"cause": one.cause, "count": one.count, "first": list(one.first)}
                for one in self.causes
            ],
            "since": self.since and self.since.isoformat(),
            "pass_number": self.pass_number,
            "began": self.began and self.began.isoformat(),
        }


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
