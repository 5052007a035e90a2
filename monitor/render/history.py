"""A trial's timeline as lines: the head, then version after version, newest last."""

from collections.abc import Iterator, Sequence

from monitor.model.bitemporal import known_since, last_known
from monitor.model.changes import ChangeEvent
from monitor.model.coverage import ABSENCE
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.history_filter import HistoryEntry, HistoryFilter
from monitor.render.code_words import status_words
from monitor.render.events import BRIEF, FULL, event_lines
from monitor.render.lines import BLANK, Line, Span, line
from monitor.render.values import count_text, moment, value_text


def history_lines(
    trial: TrialRow,
    versions: Sequence[StoredVersion],
    shown: Sequence[HistoryEntry],
    wanted: HistoryFilter,
) -> Iterator[Line]:
    """Yield a trial's history; ``versions`` is the whole of it, ``shown`` what is asked for.

    Versions without reportable events take one dim line, unless only some events were asked for.
    """
    yield from head_lines(trial, versions)
    passed_over = 0
    for entry in shown:
        # "--kind outcomes" over ten years should not be hundreds of "no news".
        if not entry.events and wanted.filters_events:
            passed_over += 1
            continue
        yield BLANK
        yield from entry_lines(entry)
    yield from _closing(shown, passed_over)


def head_lines(trial: TrialRow, versions: Sequence[StoredVersion]) -> Iterator[Line]:
    """Yield what trial this is, how it stands and how much of its history is known."""
    yield line(Span(trial.nct_id, "title"), "  ", Span(value_text(trial.title), "title"))
    status = status_words(trial.overall_status)
    sponsor = value_text(trial.lead_sponsor) if trial.lead_sponsor else "no sponsor stated"
    count = count_text(len(versions), "version")
    first, last = versions[0].version_date, versions[-1].version_date
    dates = f"{first}" if first == last else f"{first} to {last}"
    yield line(f"{status} · {sponsor} · {count}, {dates}", indent=2, hang=2)


def entry_lines(entry: HistoryEntry) -> Iterator[Line]:
    """Yield one version: its number, what is known of its time, its events."""
    yield line(Span(f"Version {entry.number}", "title"), Span(f"  {sighting(entry)}", "dim"))
    for event in entry.events:
        yield from event_lines(event, BRIEF)
    if not entry.events:
        noise = f" ({count_text(entry.hidden_noise, 'noise event')})" if entry.hidden_noise else ""
        yield line(Span(f"no news{noise}", "dim"), indent=2)


def diff_lines(
    trial: TrialRow,
    old: tuple[int, StoredVersion],
    new: tuple[int, StoredVersion],
    events: Sequence[ChangeEvent],
) -> Iterator[Line]:
    """Yield what differs between two numbered versions, in full, noise last and brief."""
    yield line(Span(trial.nct_id, "title"), "  ", Span(value_text(trial.title), "title"))
    parts = [f"version {number} of {version.version_date}" for number, version in (old, new)]
    yield line(Span(f"from {parts[0]} to {parts[1]}", "dim"), indent=2)
    yield BLANK
    if not events:
        yield line("no difference: it is the same version", indent=2)
    for event in events:
        yield from event_lines(event, FULL)


def sighting(entry: HistoryEntry) -> str:
    """Say what is known of a version's time, and no more.

    The registry's date, and between which two readings the change came to be seen.
    """
    version, previous = entry.version, entry.previous
    seen = known_since(version)
    of = f"version of {version.version_date}"
    # The registry's own edit: its date is that of the version before, so the data load's is added.
    silent = previous is not None and previous.version_date == version.version_date
    if _is_absence(version) or _is_absence(previous):
        # The record's own date is not that of its going, nor of its coming back.
        of = f"in the registry's data of {version.data_date or version.version_date}"
    elif silent and version.data_date is not None:
        of += f", in the registry's data of {version.data_date}"
    if previous is None:
        return f"Registry record first seen ({of}; read {moment(seen)} UTC{_late(version)})"
    reading = f"read {moment(seen)} UTC"
    earlier = last_known(previous)
    # Readings that came in another order than the versions would make the interval run backwards.
    if earlier <= seen and not version.backfilled and moment(earlier) != moment(seen):
        reading = f"seen between {moment(earlier)} and {moment(seen)} UTC"
    return f"Registry record changed ({of}; {reading}{_late(version)})"


def _is_absence(version: StoredVersion | None) -> bool:
    return version is not None and version.stated_coverage == ABSENCE


def _late(version: StoredVersion) -> str:
    return "; backfilled" if version.backfilled else ""


def _closing(shown: Sequence[HistoryEntry], passed_over: int) -> Iterator[Line]:
    """Say what is not shown, so that nobody takes a filtered history for the whole."""
    parts = []
    if not shown:
        parts.append("no version in this range of dates")
    if passed_over:
        parts.append(f"{count_text(passed_over, 'version')} without such events not shown")
    noise = sum(entry.hidden_noise for entry in shown)
    if noise:
        parts.append(f"{count_text(noise, 'noise event')} not shown (--noise shows them)")
    if parts:
        yield BLANK
        yield line(Span("; ".join(parts), "dim"))
