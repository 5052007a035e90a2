"""Kinds of arguments: what people write for trials, dates, times and kinds of events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

import click

from monitor.errors import UsageError
from monitor.model.changes import ChangeKind, Severity
from monitor.model.dates import PartialDate

Function = TypeVar("Function", bound=Callable[..., Any])
_KINDS = tuple(str(kind) for kind in ChangeKind)
_SEVERITIES = tuple(str(severity) for severity in Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days that a date may mean: one, or those of a month or year."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> "Days | None":
        """Read ``2026``, ``2026-02`` or ``2026-02-19``; None for anything else."""
        found = PartialDate.parse(text.strip())
        if found is None:
            return None
        first = found.first_day()
        if found.day:
            return cls(first=first, last=first)
        if found.month in (0, 12):
            return cls(first=first, last=date(found.year, 12, 31))
        following = date(found.year, found.month + 1, 1)
        return cls(first=first, last=following - timedelta(days=1))


def days(text: str) -> Days:
    """Read a date of which day and month may be left out; UsageError for anything else."""
    found = Days.parse(text)
    if found is None:
        raise UsageError(f"{text!r} is no date; write 2026, 2026-02 or 2026-02-19")
    return found


def moment(text: str) -> datetime:
    """Read a time, in UTC unless it names a zone; a date alone means its end. Else UsageError."""
    day = Days.parse(text)
    if day is not None:
        return datetime.combine(day.last, time.max, UTC)
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise UsageError(
            f"{text!r} is no time; write 2026-02-19T14:05 (UTC), 2026-02-19T14:05+01:00 or a date"
        ) from exc


def kind(text: str) -> ChangeKind:
    """Read a kind of event, however it is spelt; UsageError names the nearest ones."""
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    if name in _KINDS:
        return ChangeKind(name)
    raise UsageError(f"there is no kind of event {text!r}; {nearest(name, _KINDS)}")


def severity(text: str) -> Severity:
    """Read a severity; UsageError lists them all."""
    name = text.strip().lower()
    if name in _SEVERITIES:
        return Severity(name)
    raise UsageError(f"there is no severity {text!r}; there are {', '.join(_SEVERITIES)}")


def nearest(name: str, names: Sequence[str]) -> str:
    """Say what somebody may have meant, or where all the names are listed."""
    import difflib

    near = difflib.get_close_matches(name, names, n=2, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "docs/events.md lists them, for example " + ", ".join(names[:3])


def json_option(function: Function) -> Function:
    """Add ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)
