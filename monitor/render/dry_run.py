"""What a subscription is for, and what it would have sent: lines and JSON."""

from collections.abc import Iterator
from typing import Any

from monitor.model.dry_run import DryRun, SentVersion
from monitor.render.events import headline_spans
from monitor.render.json_values import event_to_json
from monitor.render.lines import BLANK, Line, Span, Table, TextBlock, line
from monitor.render.subscribers import subscription_to_json
from monitor.render.values import count_text, moment, one_line, value_text


def dry_run_lines(found: DryRun) -> Iterator[TextBlock]:
    """Yield the trials that match now, and what would have been sent, oldest first."""
    rows = tuple(
        (
            one.trial.nct_id,
            value_text(one.trial.overall_status, longest=None),
            value_text(one.trial.title, longest=None),
            one_line(one.reason, longest=None),
        )
        for one in found.trials
    )
    yield Table(head=("NCT ID", "Status", "Title", "Because"), rows=rows)
    matches = "matches" if len(rows) == 1 else "match"
    matched = f"{count_text(len(rows), 'followed trial')} {matches} now"
    if found.unfollowed:
        matched += f"; {found.unfollowed:,} more that no source follows"
    yield Line((Span(matched, "dim"),))
    yield BLANK
    for one in found.sent:
        yield from _sent(one)
    changes = sum(len(one.events) for one in found.sent)
    would_send = f"since {moment(found.since)} UTC it would have sent "
    would_send += f"{count_text(found.messages, 'message')} of {count_text(changes, 'change')}"
    if found.first_seen:
        would_send += (
            f"; {count_text(found.first_seen, 'trial')} seen for the first time not counted"
        )
    yield Line((Span(would_send, "dim"),))


def _sent(one: SentVersion) -> Iterator[Line]:
    title = f"  {one_line(one.title)}" if one.title else ""
    yield line(Span(f"{moment(one.known_at)}  {one.nct_id}", "title"), title)
    for event in one.events:
        yield line("  ", Span(event.severity.value.ljust(9), "label"), *headline_spans(event),
                   hang=11)  # fmt: skip


def dry_run_to_json(found: DryRun) -> dict[str, Any]:
    """Return the same for ``--json``; times in UTC."""
    return {
        "subscription": subscription_to_json(found.subscription),
        "trials": [
            {
                "nct_id": one.trial.nct_id,
                "title": one.trial.title,
                "overall_status": one.trial.overall_status,
                "reason": one.reason,
            }
            for one in found.trials
        ],
        "unfollowed": found.unfollowed,
        "since": found.since.isoformat(),
        "messages": found.messages,
        "sent": [
            {
                "nct_id": one.nct_id,
                "title": one.title,
                "version": one.number,
                "retrieved_at": one.known_at.isoformat(),
                "due_at": one.due_at.isoformat(),
                "events": [event_to_json(event) for event in one.events],
            }
            for one in found.sent
        ],
        "first_seen": found.first_seen,
        "warnings": list(found.warnings),
    }
