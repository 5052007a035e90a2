"""``monitor stats``: how often what happened."""

import csv
from datetime import timedelta

import pytest

from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study

THIRD = "NCT09000003"
FRANCE, SPAIN = ("A", "France", "RECRUITING"), ("B", "Spain", "RECRUITING")


@pytest.fixture
def counted(monitor: Monitor) -> Monitor:
    """Return the command line on three trials, of which one stopped and one was put off twice."""
    late = {"date": "2027-01-01", "type": "ESTIMATED"}
    later = {"date": "2027-06-01", "type": "ESTIMATED"}
    latest = {"date": "2027-07-01", "type": "ESTIMATED"}
    monitor.ingest(
        study("2026-02-02", sites=(FRANCE, SPAIN), primaryCompletionDateStruct=late),
        study("2026-02-02", nct_id=OTHER, sites=(SPAIN,), sponsor="Other Sponsor"),
        study("2026-02-02", nct_id=THIRD),
    )
    monitor.ingest(
        study("2026-03-01", sites=(FRANCE, SPAIN), primaryCompletionDateStruct=latest),
        study("2026-03-02", nct_id=OTHER, sites=(SPAIN,), sponsor="Other Sponsor",
              status="TERMINATED", whyStopped="Lack of funding"),
        at=NOON + timedelta(days=1),
    )  # fmt: skip
    monitor.ingest(
        study("2026-04-03", sites=(FRANCE, SPAIN), primaryCompletionDateStruct=later),
        at=NOON + timedelta(days=33),
    )
    return monitor


def counts(monitor: Monitor, *options: str) -> dict[tuple[str | None, str], tuple[int, int]]:
    """Return events and trials by group and measure."""
    found = monitor.json("stats", *options)["counts"]
    return {(one["group"], one["measure"]): (one["events"], one["trials"]) for one in found}


def test_stops_are_told_by_reason_and_only_dates_that_move_on_are_delays(counted: Monitor) -> None:
    assert counts(counted) == {
        (None, "registered"): (3, 3),
        (None, "stops"): (1, 1),
        (None, "stops: business"): (1, 1),
        (None, "delays"): (1, 1),
    }
    assert counted.json("stats")["trials"] == 3


def test_a_month_is_that_of_the_version(counted: Monitor) -> None:
    found = counts(counted, "--by", "month")
    assert found["2026-02", "registered"] == (3, 3)
    assert found["2026-03", "delays"] == (1, 1)
    assert not any(month == "2026-04" for month, _ in found)


def test_kinds_are_counted_by_their_names(counted: Monitor) -> None:
    found = counts(counted, "--by", "kind")
    assert found[None, "primary_completion_moved"] == (2, 1)
    assert found[None, "trial_terminated"] == (1, 1)


def test_sponsors_and_countries_are_the_trials_own(counted: Monitor) -> None:
    assert counts(counted, "--by", "sponsor")["Other Sponsor", "stops"] == (1, 1)
    by_country = counts(counted, "--by", "country")
    assert by_country["Spain", "registered"] == (2, 2)
    assert by_country["France", "registered"] == (1, 1)
    assert by_country[None, "registered"] == (1, 1)


def test_only_what_is_asked_for_is_counted(counted: Monitor) -> None:
    assert counts(counted, "--sponsor", "other", "--group", "status") == {
        (None, "stops"): (1, 1), (None, "stops: business"): (1, 1),
    }  # fmt: skip
    assert counted.json("stats", "--sponsor", "other")["trials"] == 1
    assert counts(counted, "--nct-id", NCT, "--kind", "dates").keys() == {(None, "delays")}


def test_people_see_a_row_for_each_group_and_a_column_for_each_measure(counted: Monitor) -> None:
    lines = counted.answer("stats", "--by", "country").splitlines()
    assert lines[0].split()[:4] == ["Country", "Registered", "Starts", "Stops"]
    assert [line.split()[0] for line in lines[1:]] == ["(none)", "France", "Spain", "of"]
    rows = list(csv.DictReader(counted.answer("stats", "--csv").splitlines()))
    assert [(one["Counted"], one["Share of trials"]) for one in rows][:2] == [
        ("registered", "100.0%"), ("stops", "33.3%"),
    ]  # fmt: skip
