"""What the operator hears: that a source fails, once, and once that it works again."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from monitor.app.logs import get_logger
from monitor.model.following import SourceRow

_SHOWN_REASON = 500
_HELD = "held: "


class Operator(Protocol):
    """Whoever looks after the monitor; is told once per episode."""

    def source_failing(self, row: SourceRow) -> None:
        """Hear that a source has failed as often as it takes to be worth a message."""

    def source_recovered(self, row: SourceRow, *, failing_since: datetime | None) -> None:
        """Hear that a source works again that was reported to fail."""


@dataclass(frozen=True, slots=True)
class LoggedOperator:
    """Tells the operator through the log, under names that do not change."""

    def source_failing(self, row: SourceRow) -> None:
        """Log "source failing" as an error."""
        get_logger().error(
            "source failing",
            source=row.name,
            failures=row.failures,
            failing_since=_written(row.failing_since),
            reason=row.last_reason,
        )

    def source_recovered(self, row: SourceRow, *, failing_since: datetime | None) -> None:
        """Log "source recovered" as a warning, so that whoever saw the error sees its end."""
        get_logger().warning(
            "source recovered", source=row.name, failing_since=_written(failing_since)
        )


def after_failure(row: SourceRow, *, reason: str, now: datetime, alarm_at: int) -> SourceRow:
    """Return the source's row after one more failure; ``reported`` once it is worth a message.

    What was held before failed for another reason: it does not count towards that.
    """
    failures = 1 if _is_held(row) else row.failures + 1
    return replace(
        row,
        last_attempt_at=now,
        failures=failures,
        failing_since=row.failing_since or now,
        last_reason=reason[:_SHOWN_REASON],
        reported=row.reported or failures >= alarm_at,
    )


def after_hold(row: SourceRow, *, reason: str, now: datetime) -> SourceRow:
    """Return the source's row after a pass of which something is held.

    It is never ``reported``: a hold is an incident of its own.
    """
    return replace(
        row,
        last_attempt_at=now,
        failures=row.failures + 1,
        failing_since=row.failing_since if _is_held(row) else now,
        last_reason=f"{_HELD}{reason}"[:_SHOWN_REASON],
        reported=False,
    )


def _is_held(row: SourceRow) -> bool:
    return (row.last_reason or "").startswith(_HELD)


def after_success(row: SourceRow, *, now: datetime) -> SourceRow:
    """Return the source's row after a pass that went well."""
    return replace(
        row,
        last_attempt_at=now,
        last_success_at=now,
        failures=0,
        failing_since=None,
        last_reason=None,
        reported=False,
    )


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
