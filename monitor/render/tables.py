"""Rows in aligned columns: trials, and what could not be read."""

from collections.abc import Iterator, Sequence

from monitor.model.history import QuarantineRow, TrialRow
from monitor.render.lines import Line, Role, Span
from monitor.render.safe import neutral
from monitor.render.values import counted, moment, one_line, worded

_WIDEST_COLUMN = 22
# The roles of a row's first cell and of the others; in the head they are the same.
_ROLES: dict[bool, tuple[Role, Role]] = {True: ("title", "title"), False: ("label", "plain")}


def trials_table(trials: Sequence[TrialRow]) -> Iterator[Line]:
    """Yield one row per trial: its status, when it last had news, its sponsor and title."""
    head = ("NCT ID", "Status", "Last news", "Sponsor", "Title")
    rows = [
        (
            trial.nct_id,
            worded(trial.overall_status),
            str(trial.last_changed) if trial.last_changed else "-",
            worded(trial.lead_sponsor),
            worded(trial.title, longest=None),
        )
        for trial in trials
    ]
    yield from table(head, rows)
    yield Line((Span(counted(len(rows), "trial"), "dim"),))


def quarantine_table(entries: Sequence[QuarantineRow]) -> Iterator[Line]:
    """Yield one row per piece of input that could not be read."""
    head = ("ID", "Last seen (UTC)", "Bytes", "From", "Reason")
    rows = [
        (
            str(entry.id),
            moment(entry.last_seen_at),
            f"{entry.size:,}",
            one_line(entry.origin, longest=None),
            one_line(entry.reason, longest=None),
        )
        for entry in entries
    ]
    yield from table(head, rows)
    yield Line((Span(counted(len(rows), "entry", "entries"), "dim"),))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Line]:
    """Yield a head and rows; a row is cut at the edge of a terminal, whole in a pipe.

    A column is as wide as its widest cell, within limits; in a pipe a longer cell shifts its row.
    """
    clean = [[neutral(cell) for cell in row] for row in [head, *rows]]
    widths = [
        min(_WIDEST_COLUMN, max(len(row[at]) for row in clean)) for at in range(len(head) - 1)
    ]
    for number, row in enumerate(clean):
        first, rest = _ROLES[number == 0]
        roles = [first, *[rest] * len(widths)]
        cells = zip(row, roles, [*widths, None], strict=True)
        yield Line(tuple(Span(*cell) for cell in cells), row=True)
