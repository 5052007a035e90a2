"""``monitor subscription add --from-query``: a subscription of a question."""

from pathlib import Path
from typing import Any

import pytest

from monitor.model.changes import GROUPS
from tests.cli.calls import Monitor
from tests.cli.studies import NCT

CONFIG = """
[[channel]]
name = "out"
type = "console"
"""
ADD = (
    "subscription", "add", "--subscriber", "ana", "--channel", "out", "--name", "it",
    "--from-query",
)  # fmt: skip


@pytest.fixture
def people(monitor: Monitor, tmp_path: Path) -> Monitor:
    """Return the command line with a channel to send to."""
    file = tmp_path / "monitor.toml"
    file.write_text(CONFIG)
    monitor.environ["MONITOR_CONFIG"] = str(file)
    return monitor


def added(monitor: Monitor, query: str, *options: str) -> dict[str, Any]:
    """Return what the subscription of a question asks for."""
    found: dict[str, Any] = monitor.json(*ADD, query, *options)
    keys = ("nct_ids", "filter", "all", "changes", "min_severity", "when")
    return {key: found[key] for key in keys}


def test_filter_kinds_and_severity_become_those_of_the_subscription(people: Monitor) -> None:
    query = "monitor events --condition lupus --not-country China --group status --since 7d"
    found = added(people, f"{query} --min-severity high --limit 5 --csv", "--when", "daily 08:00")
    assert found["filter"] == [{"condition": ["lupus"], "not": {"country": ["China"]}}]
    assert set(found["changes"]) == GROUPS["status"]
    assert found["min_severity"] == "high"
    assert (found["nct_ids"], found["all"]) == ([], False)
    assert found["when"] == "daily 08:00 UTC"


def test_trials_without_a_filter_are_all_trials(people: Monitor) -> None:
    found = added(people, "events --kind results_posted")
    assert (found["all"], found["changes"]) == (True, ["results_posted"])


def test_a_list_of_trials_becomes_its_filter(people: Monitor) -> None:
    found = added(people, 'trials --text "CAR T" --sort changed')
    assert found["filter"] == [{"text": ["CAR T"], "not": {}}]


def test_named_trials_stay_named(people: Monitor) -> None:
    assert added(people, f"events --nct-id {NCT}")["nct_ids"] == [NCT]


@pytest.mark.parametrize(
    ("query", "options", "says"),
    [
        ("status", (), "--from-query takes a question as it is asked"),
        ("", (), "--from-query takes a question as it is asked"),
        ("events --condition 'lupus", (), "a quotation mark too few"),
        ("events --conditon lupus", (), "No such option"),
        ("events --kind nothing", (), "there is no kind and no group of changes 'nothing'"),
        (f"events --nct-id {NCT} --condition lupus", (), "leave out --nct-id or the filter"),
        ("events --condition lupus", ("--condition", "gout"), "says what --condition says too"),
        ("events --group status", ("--changes", "sites"), "says what --changes says too"),
    ],
)
def test_what_no_subscription_asks_is_refused(
    people: Monitor, query: str, options: tuple[str, ...], says: str
) -> None:
    assert says in people.complaint(*ADD, query, *options, code=2)
