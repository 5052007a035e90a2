"""Looking things up from a program."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.api import NotFoundError, Store, StoreError, UsageError, Which, open_store
from tests.cli.calls import NOON, Monitor
from tests.cli.conftest import filled
from tests.cli.studies import NCT, OTHER, study

__all__ = ["filled"]  # a fixture

AFTER = "2026-03-07"
LATER = datetime(2026, 3, 9, tzinfo=UTC)


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    """Return a store of one trial with two versions."""
    filled = Monitor(store_url, tmp_path)
    filled.ingest(study("2026-02-02"))
    filled.ingest(study(AFTER, enrollment=240), at=LATER)
    with open_store(store_url, environ={}) as opened:
        yield opened


@pytest.mark.parametrize(
    ("which", "number"),
    [
        (1, 1),
        (2, 2),
        (None, 2),
        (date(2026, 3, 6), 1),
        (date(2026, 3, 7), 2),
        (NOON, 1),
        (datetime(2026, 3, 9, 1, tzinfo=UTC), 2),
    ],
)
def test_a_version_is_meant_by_number_day_or_time(
    store: Store, which: Which | None, number: int
) -> None:
    found = store.record(NCT, which)
    assert found.version == store.versions(NCT)[number - 1]
    assert found.study["protocolSection"]["designModule"]["enrollmentInfo"]["count"] == (
        144 if number == 1 else 240
    )


def test_a_version_is_meant_by_its_id_in_any_store_of_the_same_data(
    store: Store, tmp_path: Path
) -> None:
    filled = Monitor(f"sqlite:///{tmp_path / 'other.db'}", tmp_path)
    earlier = study("2025-01-01", enrollment=10)
    documents = (study(AFTER, enrollment=240), study("2026-02-02"), earlier)
    filled.ingest(*documents, at=LATER)
    with open_store(filled.url, environ={}) as other:
        for version in store.versions(NCT):
            found = other.record(NCT, version.version_id).version
            assert (found.version_date, found.number) == (version.version_date, version.number + 1)


def test_comparison_and_history_tell_the_same(store: Store) -> None:
    compared = store.compare(NCT, 1, 2)
    last = store.history(NCT)[-1]
    assert compared.new == last.version
    assert [one.kind for one in compared.changes] == [one.kind for one in last.changes]
    [change] = [one for one in last.changes if one.kind == "enrollment_target_changed"]
    assert (change.before, change.after, change.facts["percent"]) == (144, 240, 66.7)
    assert store.compare(NCT, 1, 1).changes == ()


def test_values_are_json_as_they_are(store: Store) -> None:
    found = msgspec.json.encode(store.history(NCT))
    assert b'"version_date":"2026-03-07"' in found


def test_a_trial_is_found_however_its_id_is_written(store: Store) -> None:
    assert store.trial("nct9000001").nct_id == NCT


@pytest.mark.parametrize(
    ("which", "error"),
    [
        (3, NotFoundError),
        (0, NotFoundError),
        ("cb4d283d88a0b9669d7e1cc432720ea2", NotFoundError),
        (date(2026, 1, 1), NotFoundError),
        (datetime(2026, 3, 1, tzinfo=UTC), NotFoundError),
        (datetime(2026, 3, 9), UsageError),  # noqa: DTZ001 - the fault
    ],
)
def test_what_is_not_there_is_an_error_of_its_own(
    store: Store, which: Which, error: type[Exception]
) -> None:
    with pytest.raises(error):
        store.record(NCT, which)


def test_no_store_is_made(monitor: Monitor) -> None:
    with pytest.raises(StoreError):
        open_store(monitor.url, environ={})


def test_a_field_that_there_is_not_names_those_there_are(store: Store) -> None:
    with pytest.raises(UsageError, match="there are status, "):
        store.series(NCT, "nothing")


def test_events_and_trials_are_those_that_the_commands_list(filled: Monitor) -> None:
    with open_store(filled.url, environ={}) as opened:
        events = [(one.nct_id, one.version_id, one.event_id) for one in opened.events()]
        trials = [one.nct_id for one in opened.trials(status="completed", not_sponsor=["a", "b"])]
        [late] = opened.events(since=LATER, kinds=["enrollment"], min_severity="high")
    listed = filled.json("events", "--limit", "500")["events"]
    assert events == [(one["nct_id"], one["version_id"], one["event_id"]) for one in listed]
    assert trials == [OTHER]
    assert (late.nct_id, late.before, late.after) == (NCT, 144, 240)


def test_facts_are_those_of_each_version(store: Store) -> None:
    found = store.facts(NCT)
    assert [(one.version.number, one.enrollment, one.sites) for one in found] == [
        (1, 144, 0), (2, 240, 0),
    ]  # fmt: skip
    assert [one.version for one in found] == store.versions(NCT)


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: list(store.trials(conditon="lupus")),
        lambda store: list(store.trials(status="foo")),
        lambda store: list(store.events(kinds=["nothing"])),
        lambda store: list(store.events(min_severity="loud")),
        lambda store: list(store.events(since=datetime(2026, 3, 9))),  # noqa: DTZ001 - the fault
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(store: Store, ask: Callable[[Store], Any]) -> None:
    with pytest.raises(UsageError):
        ask(store)
