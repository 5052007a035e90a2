"""What a trial, a country, a whole record is, told by the real command on the shared cases."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import Monitor

TRIAL = "NCT09900001"


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgres"])
def monitor(request: pytest.FixtureRequest, tmp_path: Path) -> Monitor:
    return Monitor(request.getfixturevalue(request.param), tmp_path)


def ingest(monitor: Monitor, case: Path, *, config: bool = False) -> None:
    """Ingest the versions of a case, with its people known from the start."""
    if config:
        monitor.environ["MONITOR_CONFIG"] = str(case / "my.toml")
        monitor.answer("subscription", "list")
    for file in sorted(case.glob("v*.json")):
        assert monitor("ingest", str(file)).exit_code == 0


def sent(monitor: Monitor, number: int) -> dict[str, Any]:
    """Return the verdict on each kind of event of a version for the only subscription."""
    found = monitor.json("explain", TRIAL, "--version", str(number))
    (one,) = found["subscriptions"]
    kinds = [event["kind"] for event in found["events"]]
    return dict(zip(kinds, one["verdicts"], strict=True))


def test_what_a_reduced_answer_leaves_out_is_not_stated(
    monitor: Monitor, shared_data: Path
) -> None:
    ingest(monitor, shared_data / "cases" / "02-reduced-with-versionHolder")
    history = monitor.json("history", TRIAL, "--noise")
    assert [[e["kind"] for e in one["events"]] for one in history["versions"]][1:] == [
        ["administrative_update"]
    ], json.dumps(history)[:2_000]


def test_a_filter_finds_a_country_under_its_earlier_name(
    monitor: Monitor, shared_data: Path
) -> None:
    ingest(monitor, shared_data / "cases" / "06-country-renamed", config=True)
    verdict = sent(monitor, 3)["trial_suspended"]
    assert verdict["sends"], verdict
    events = monitor.json("history", TRIAL, "--noise")["versions"][1]["events"]
    assert {"site_added", "site_removed", "country_added", "country_removed"}.isdisjoint(
        event["kind"] for event in events
    )


def test_a_subscription_hears_of_a_trial_under_its_former_id(
    monitor: Monitor, shared_data: Path
) -> None:
    ingest(monitor, shared_data / "cases" / "01-alias", config=True)
    verdict = sent(monitor, 2)["trial_terminated"]
    assert verdict["sends"], verdict
    assert "NCT09900777, now NCT09900001" in monitor.answer("explain", TRIAL, "--version", "2")


def test_a_silence_under_the_former_id_keeps_the_trial_quiet(
    monitor: Monitor, shared_data: Path
) -> None:
    case = shared_data / "cases" / "01-alias"
    monitor.environ["MONITOR_CONFIG"] = str(case / "my.toml")
    monitor.answer("subscription", "list")
    monitor.answer("silence", "add", "--nct-id", "NCT09900777", "--for", "7d")
    ingest(monitor, case)
    verdict = sent(monitor, 2)["trial_terminated"]
    assert (verdict["sends"], verdict["reason"]) == (False, "silenced")
