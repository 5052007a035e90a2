"""Counts of what happened to trials, as a table and as JSON (`monitor stats`)."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.model.stats import MEASURES, Count
from monitor.render.lines import Line, Span, Table, TextBlock
from monitor.render.values import count_text


def stats_table(counts: Sequence[Count], *, trials: int, by: str | None) -> Iterator[TextBlock]:
    """Yield the counts: a row for each measure or kind, or for each group with all measures."""
    head: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    if by in (None, "kind"):
        head = ("Kind" if by else "Counted", "Events", "Trials", "Share of trials")
        rows = tuple(
            (
                one.measure, str(one.events), str(one.trials),
                f"{one.trials / trials:.1%}" if trials else None,
            )
            for one in counts
        )  # fmt: skip
    else:
        head = (str(by).capitalize(), *(name.capitalize() for name in MEASURES))
        groups: dict[str | None, dict[str, int]] = {}
        for one in counts:
            groups.setdefault(one.group, {})[one.measure] = one.events
        rows = tuple(
            (group or "(none)", *(str(found.get(name, 0)) for name in MEASURES))
            for group, found in groups.items()
        )
    yield Table(head=head, rows=rows)
    yield Line((Span(f"of {count_text(trials, 'trial')}", "dim"),))


def stats_to_json(counts: Sequence[Count], *, trials: int, by: str | None) -> dict[str, Any]:
    """Return the counts for ``--json``, one object for each group and measure."""
    return {
        "trials": trials,
        "by": by,
        "counts": [
            {
                "group": one.group,
                "measure": one.measure,
                "events": one.events,
                "trials": one.trials,
            }
            for one in counts
        ],
    }
