"""Versions in words: each is put into words once, however many notifications name it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TypeVar

from monitor.model.alerts import Alert
from monitor.model.changes import ChangeEvent, ChangeKind
from monitor.model.history_filter import HistoryEntry
from monitor.render.alerts.first_seen import profile_lines
from monitor.render.alerts.links import version_link
from monitor.render.alerts.page import EventBlock, VersionBlock
from monitor.render.alerts.registry_text import clean, clean_line
from monitor.render.alerts.sites import (
    are_countries,
    are_statuses,
    countries_headline,
    fold_sites,
    is_list_of_sites,
    site_lines,
    sites_headline,
    status_lines,
)
from monitor.render.events import Detail, headline_spans, is_long_text, lines_behind, truncate_lines
from monitor.render.history import sighting
from monitor.render.lines import Line, Span, line

_DETAIL = Detail(items=6, context=8, passages=3)
_EVENTS_OF_VERSION = 20
# A line's and a run's share of the markup are those of the built-in template.
_LINE_BYTES, _RUN_BYTES, _EVENT_BYTES = 120, 110, 900

Result = TypeVar("Result")


@dataclass(slots=True)
class Shared:
    """What notifications of one reading share, made once for each version that they name.

    Two alerts are of the same words when they hold the very same events of the same version.
    """

    _results: dict[tuple[object, ...], tuple[Alert, object]] = field(default_factory=dict)

    def of(self, alert: Alert, what: str, make: Callable[[Alert], Result]) -> Result:
        """Return what ``make`` makes of an alert; it must not depend on the alert's reasons."""
        # By identity: comparing events with hundreds of sites costs more than what is saved.
        about = (alert.trial, alert.version, alert.previous, *alert.events)
        key = (what, alert.number, *map(id, about))
        if key not in self._results:
            self._results[key] = (alert, make(alert))  # the alert keeps its parts, and their ids
        return self._results[key][1]  # type: ignore[return-value]  # made by the same ``what``


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A version with all its changes, and about how many bytes of an HTML mail they take.

    ``sizes``: of each change, what it says and what is behind it.
    """

    block: VersionBlock
    sizes: tuple[tuple[int, int], ...]


def measured_version(alert: Alert, public_url: str | None) -> Measured:
    """Return a version in words."""
    groups = fold_sites(alert.events)
    events = tuple(_event(group, alert) for group in groups[:_EVENTS_OF_VERSION])
    entry = HistoryEntry(number=alert.number, version=alert.version, previous=alert.previous)
    block = VersionBlock(
        number=alert.number,
        sighting=clean(sighting(entry)),
        events=events,
        more=len(groups) - len(events),
        link=version_link(public_url, alert.version),
    )
    sizes = tuple((_EVENT_BYTES + _bytes([one.headline]), _bytes(one.behind)) for one in events)
    return Measured(block=block, sizes=sizes)


def headline_block(events: Sequence[ChangeEvent]) -> EventBlock:
    """Return what a change says in a sentence, or several of countries (see ``fold_sites``)."""
    event = events[0]
    label, joint = clean(event.label), ""
    if event.kind is ChangeKind.TRIAL_REGISTERED:  # its title and status are above
        headline, joint = line("first seen"), " "
    elif are_countries(events):
        headline = line(countries_headline(events))
    elif is_list_of_sites(event):
        headline = line(sites_headline(event))
    else:
        headline, joint = _headline(event)
    return EventBlock(
        severity=event.severity,
        label=label,
        joint=joint,
        headline=clean_line(headline),
    )


def _event(events: Sequence[ChangeEvent], alert: Alert) -> EventBlock:
    return replace(headline_block(events), behind=_behind(events, alert))


def _headline(event: ChangeEvent) -> tuple[Line, str]:
    """Return what an event says behind its label, and what joins the two."""
    spans, joint = headline_spans(event), ""
    if is_long_text(event):
        spans, joint = (Span(spans[1].text.strip()), *spans[2:]), " "
    # "Enrollment target: 144 → 240": the label is set in other type, so it goes by itself.
    for sign in (": ", " "):
        if not joint and spans[0].text.startswith(event.label + sign):
            first = spans[0].text.removeprefix(event.label + sign)
            spans, joint = (Span(first, spans[0].role), *spans[1:]), sign
    return line(*(span for span in spans if span.text)), joint


def _behind(events: Sequence[ChangeEvent], alert: Alert) -> tuple[Line, ...]:
    event = events[0]
    if are_countries(events):
        return ()
    if event.kind is ChangeKind.TRIAL_REGISTERED:
        found = list(profile_lines(alert.profile)) if alert.profile else []
    elif is_list_of_sites(event):
        found = truncate_lines(list(site_lines(event)), _DETAIL.items, " countries")
    elif are_statuses(event):
        found = truncate_lines(list(status_lines(event)), _DETAIL.items)
    else:
        found = lines_behind(event, _DETAIL)
    return tuple(map(clean_line, found))


def _bytes(lines: Iterable[Line]) -> int:
    """Return about how many bytes of an HTML mail the lines take."""
    return sum(
        _LINE_BYTES + sum(_RUN_BYTES + len(escape(s.text).encode()) for s in one.spans)
        for one in lines
    )
