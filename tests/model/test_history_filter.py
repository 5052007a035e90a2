"""Choosing versions and events of a history."""

from dataclasses import replace
from datetime import UTC, date, datetime

from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.history import StoredEvent, StoredVersion
from monitor.model.history_filter import HistoryFilter, filter_history

READ = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = {
    Severity.HIGH: ChangeKind.RECRUITMENT_CLOSED,
    Severity.LOW: ChangeKind.TITLE_CHANGED,
    Severity.NOISE: ChangeKind.SITE_RENAMED,
}


def history() -> tuple[list[StoredVersion], dict[int, list[StoredEvent]]]:
    """Return three versions, each with an event of high and low severity and one of noise."""
    versions = [
        StoredVersion(
            id=10 + month,
            nct_id="NCT09000001",
            source="files",
            origin="here",
            version_date=date(2026, month, 10),
            retrieved_at=READ,
            last_version_date=date(2026, month, 10),
            last_retrieved_at=READ,
            raw_sha256=b"",
            last_raw_sha256=b"",
            stated_sha256=b"",
            content_sha256=b"",
            identity=bytes(16),
            snapshot_id=month,
        )
        for month in (1, 2, 3)
    ]
    events = {
        version.id: [
            StoredEvent(
                id=1,
                version_id=version.id,
                nct_id=version.nct_id,
                position=0,
                backfilled=False,
                event=ChangeEvent(kind=kind, severity=severity, label="", path="", summary=""),
            )
            for severity, kind in KINDS.items()
        ]
        for version in versions
    }
    return versions, events


def severities(wanted: HistoryFilter) -> list[list[str]]:
    """Return the severities of the chosen events by version."""
    return [
        [str(event.severity) for event in entry.events]
        for entry in filter_history(*history(), wanted)
    ]


def test_news_are_chosen_and_noise_is_counted() -> None:
    found = filter_history(*history(), HistoryFilter())
    assert severities(HistoryFilter()) == [["high", "low"]] * 3
    assert [entry.hidden_noise for entry in found] == [1, 1, 1]


def test_noise_is_chosen_when_it_is_asked_for() -> None:
    found = filter_history(*history(), HistoryFilter(noise=True))
    assert [len(entry.events) for entry in found] == [3, 3, 3]
    assert [entry.hidden_noise for entry in found] == [0, 0, 0]


def test_a_range_of_dates_keeps_the_numbers_and_the_predecessor() -> None:
    found = filter_history(
        *history(), HistoryFilter(since=date(2026, 2, 10), until=date(2026, 2, 10))
    )
    assert [entry.number for entry in found] == [2]
    assert found[0].previous is not None
    assert found[0].previous.version_date == date(2026, 1, 10)


def test_a_version_whose_events_are_not_wanted_stays_in_the_range() -> None:
    assert severities(HistoryFilter(kinds=frozenset({ChangeKind.TRIAL_WITHDRAWN}))) == [[], [], []]


def test_kinds_and_least_severity_narrow_the_events() -> None:
    assert severities(HistoryFilter(min_severity=Severity.HIGH)) == [["high"]] * 3
    assert severities(HistoryFilter(kinds=frozenset({ChangeKind.TITLE_CHANGED}))) == [["low"]] * 3


def test_a_kind_that_is_always_noise_is_shown_where_it_is_named() -> None:
    kinds = frozenset({ChangeKind.SITE_RENAMED})
    for wanted in (HistoryFilter(kinds=kinds), HistoryFilter(kinds=kinds, noise=True)):
        assert severities(wanted) == [["noise"]] * 3
        assert [entry.hidden_noise for entry in filter_history(*history(), wanted)] == [0, 0, 0]


def test_noise_of_a_kind_of_news_needs_noise_asked_for_and_is_counted_until_then() -> None:
    versions, events = history()
    for stored in events.values():
        [only] = [one for one in stored if one.event.kind is ChangeKind.TITLE_CHANGED]
        stored[:] = [replace(only, event=replace(only.event, severity=Severity.NOISE))]
    kinds = frozenset({ChangeKind.TITLE_CHANGED})
    hidden = filter_history(versions, events, HistoryFilter(kinds=kinds))
    assert [(entry.events, entry.hidden_noise) for entry in hidden] == [((), 1)] * 3
    shown = filter_history(versions, events, HistoryFilter(kinds=kinds, noise=True))
    assert [(len(entry.events), entry.hidden_noise) for entry in shown] == [(1, 0)] * 3


def test_noise_below_the_least_severity_is_not_counted() -> None:
    found = filter_history(*history(), HistoryFilter(min_severity=Severity.LOW))
    assert [entry.hidden_noise for entry in found] == [0, 0, 0]


def test_an_event_of_two_dates_is_found_by_either() -> None:
    both = ChangeEvent(
        kind=ChangeKind.PRIMARY_COMPLETION_MOVED,
        severity=Severity.HIGH,
        label="",
        path="",
        summary="",
        facts={"also": ["completion_moved"]},
    )
    for kind in (ChangeKind.PRIMARY_COMPLETION_MOVED, ChangeKind.COMPLETION_MOVED):
        assert HistoryFilter(kinds=frozenset({kind})).includes_event(both)
    assert not HistoryFilter(kinds=frozenset({ChangeKind.START_DATE_MOVED})).includes_event(both)
