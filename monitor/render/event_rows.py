"""Events across trials: lines by day and trial, a table, JSON."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from monitor.model.changes import ChangeEvent, ChangeKind
from monitor.model.public_ids import public_event_id, public_version_id
from monitor.model.queries import EventResults, EventRow
from monitor.render.events import ROLES, TAG_WIDTH, headline_spans
from monitor.render.json_values import event_to_json
from monitor.render.lines import BLANK, Line, Span, Table, TextBlock, line
from monitor.render.values import count_text, one_line, value_text


def events_lines(page: EventResults) -> Iterator[Line]:
    """Yield the events, grouped by the day on which they were read and by trial."""
    # The page is sorted by this time, so each day comes once.
    for day, of_day in groupby(page.events, key=lambda one: one.learned_at.date()):
        yield line(Span(day.isoformat(), "title"))
        trials: dict[str, list[EventRow]] = {}
        for one in of_day:
            trials.setdefault(one.stored.nct_id, []).append(one)
        for nct_id, found in trials.items():
            yield line(Span(nct_id, "title"), "  ", value_text(found[0].title), indent=2, hang=15)
            yield from map(_event_line, found)
        yield BLANK
    yield Line((Span(_closing(page), "dim"),))


def _event_line(one: EventRow) -> Line:
    event = one.stored.event
    tag = event.severity.value
    tag = (tag if ROLES[event.severity] == "noise" else tag.upper()).ljust(TAG_WIDTH)
    spans = headline_spans(_without_title(event, one.title))
    late = Span(f" · version of {one.version_date}, read later", "dim")
    spans = (*spans, *([late] if one.stored.backfilled else []))
    return line(Span(tag, ROLES[event.severity]), *spans, indent=4, hang=4 + TAG_WIDTH)


def _without_title(event: ChangeEvent, title: str | None) -> ChangeEvent:
    """Leave out of "First seen: TITLE" the title that the heading above the event shows."""
    # Only where it is the same one: a record may have had another title when it was first seen.
    shown = f": {title}"
    if event.kind is not ChangeKind.TRIAL_REGISTERED or not event.summary.endswith(shown):
        return event
    return replace(event, summary=event.summary.removesuffix(shown))


def _closing(page: EventResults) -> str:
    trials = len({one.stored.nct_id for one in page.events})
    counted = f"{count_text(len(page.events), 'event')} of {count_text(trials, 'trial')}"
    if not page.is_complete:
        return f"{counted}; the search was ended after its time, narrow it or go on with --after"
    return f"{counted}; there are more, --limit shows them" if page.next else counted


def events_table(page: EventResults) -> Iterator[TextBlock]:
    """Yield one row per event."""
    head = (
        "Read (UTC)", "NCT ID", "Title", "Severity", "Kind", "Change", "Version date",
        "Version ID", "Event ID", "Backfilled",
    )  # fmt: skip
    rows = tuple(
        (
            one.learned_at.isoformat(timespec="seconds"),
            one.stored.nct_id,
            one_line(one.title, longest=None) if one.title else None,
            one.stored.event.severity.value,
            one.stored.event.kind.value,
            one_line(one.stored.event.summary, longest=None),
            one.version_date.isoformat(),
            public_version_id(one.identity),
            public_event_id(one.stored.event),
            one_line(one.stored.backfilled),
        )
        for one in page.events
    )
    yield Table(head=head, rows=rows)


def event_results_to_json(page: EventResults) -> dict[str, Any]:
    """Return events for ``--json``; ``next``: the cursor of those that follow, null for none."""
    return {
        "events": [event_row_to_json(one) for one in page.events],
        "next": str(page.next) if page.next else None,
        "complete": page.is_complete,
    }


def event_row_to_json(one: EventRow) -> dict[str, Any]:
    """Return an event with its trial and the stable ids of version and event."""
    return {
        "nct_id": one.stored.nct_id,
        "title": one.title,
        "version_id": public_version_id(one.identity),
        "event_id": public_event_id(one.stored.event),
        "version_date": one.version_date.isoformat(),
        "learned_at": one.learned_at.isoformat(),
        "backfilled": one.stored.backfilled,
        **event_to_json(one.stored.event),
    }
