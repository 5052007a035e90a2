"""Trials as a table (`monitor trials`)."""

from collections.abc import Iterator, Sequence

from monitor.model.history import TrialRow
from monitor.render.lines import Line, Span, Table, TextBlock
from monitor.render.values import count_text, value_text


def trials_table(trials: Sequence[TrialRow]) -> Iterator[TextBlock]:
    """Yield one row per trial: its status, when it last had news, its sponsor and title."""
    head = ("NCT ID", "Status", "Last news", "Sponsor", "Title")
    rows = tuple(
        (
            trial.nct_id,
            value_text(trial.overall_status, longest=None),
            str(trial.last_changed) if trial.last_changed else None,
            value_text(trial.lead_sponsor, longest=None),
            value_text(trial.title, longest=None),
        )
        for trial in trials
    )
    yield Table(head=head, rows=rows)
    yield Line((Span(count_text(len(rows), "trial"), "dim"),))
