"""What was put right because a clock was wrong, kept for the operator and the doctor."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.model.lease import CLOCK_TOLERANCE

if TYPE_CHECKING:
    from monitor.store.reader import Reader
    from monitor.store.writer import Transaction

_KEPT_BY = "operator/clock"  # a slash: no source has such a name
_TOLD_FOR = timedelta(days=1)
_SHOWN = 20


def note(tx: "Transaction", sentences: Sequence[str], *, now: datetime) -> None:
    """Keep for the operator what was impossible, beside what was kept within the last day."""
    state = tx.sources.state(_KEPT_BY)
    before = _kept(state, now)
    kept = [*before, *sentences]
    count = (int((state or {}).get("count", 0)) if before else 0) + len(sentences)
    values = {"at": now.isoformat(), "said": kept[:_SHOWN], "count": count}
    tx.sources.put_state(_KEPT_BY, "", values, at=now)


def repaired(reader: "Reader", *, now: datetime) -> tuple[str, ...]:
    """Return what was put right within the last day, the first of it, and how much more it was."""
    state = reader.sources.state(_KEPT_BY)
    said = _kept(state, now)
    more = int((state or {}).get("count", 0)) - len(said) if said else 0
    return (*said, f"and {more} more") if more > 0 else tuple(said)


def _kept(state: Mapping[str, Any] | None, now: datetime) -> list[str]:
    try:
        at = datetime.fromisoformat(str((state or {})["at"]))
        said = [str(one) for one in (state or {})["said"]]
    except (KeyError, TypeError, ValueError):
        return []
    return said if now - _TOLD_FOR < at <= now + CLOCK_TOLERANCE else []
