"""``monitor explain``: the reason for every subscription and every event."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from tests.cli.calls import NOON, Monitor
from tests.cli.studies import study

TRIAL = study("2026-02-02")["protocolSection"]["identificationModule"]["nctId"]
CONFIG = """
[[channel]]
name = "out"
type = "console"
"""
WISHES = {
    "named": f'nct_ids = "{TRIAL}"',
    "filtered": "filter = { status = 'RECRUITING' }",
    "others": 'nct_ids = "NCT00000001"',
    "mismatched": "filter = { condition = 'rabies' }",
    "all": "all = true",
    "kind": 'all = true\nchanges = "results"',
    "severe": 'all = true\nmin_severity = "critical"',
    "large": "all = true\nmin_percent = 90",
}


@pytest.fixture
def told(monitor: Monitor) -> Monitor:
    """Return the command line on a trial of two versions, and people who were there before."""
    tables = (
        f'[[subscription]]\nname = "{name}"\nsubscriber = "ana"\nchannels = "out"\n{lines}\n'
        for name, lines in WISHES.items()
    )
    file = monitor.folder / "monitor.toml"
    file.write_text(CONFIG + "".join(tables), "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(file)
    monitor.ingest(study("2026-02-02"))
    with time_machine.travel(NOON, tick=False):
        monitor.answer("subscription", "list")
    # With it, the trial leaves the filter by its status.
    monitor.ingest(
        study("2026-03-07", enrollment=240, status="COMPLETED"), at=NOON + timedelta(days=7)
    )
    return monitor


def reasons(monitor: Monitor, number: int, kind: str) -> dict[str, tuple[bool, str]]:
    found = monitor.json("explain", TRIAL, "--version", str(number))
    at = [event["kind"] for event in found["events"]].index(kind)
    verdicts = {one["name"]: one["verdicts"][at] for one in found["subscriptions"]}
    return {name: (one["sends"], one["reason"]) for name, one in verdicts.items()}


def test_every_subscription_has_a_reason_for_every_event(told: Monitor) -> None:
    told.answer("subscription", "pause", "all")
    assert reasons(told, 2, "enrollment_target_changed") == {
        "named": (True, "nct_id"),
        "filtered": (True, "filter"),
        "others": (False, "other_trial"),
        "mismatched": (False, "other_trial"),
        "all": (False, "paused"),
        "kind": (False, "kind"),
        "severe": (False, "severity"),
        "large": (False, "threshold"),
    }


def test_what_was_stored_before_a_subscription_is_no_news_to_it(told: Monitor) -> None:
    with time_machine.travel(NOON + timedelta(days=8), tick=False):
        told.answer("subscription", "add", "--subscriber", "bo", "--name", "late", "--all",
                    "--channel", "out")  # fmt: skip
    found = reasons(told, 2, "enrollment_target_changed")
    assert found["late"] == (False, "earlier")
    assert found["all"] == (True, "everything")


def test_a_silence_is_named_while_it_held(told: Monitor) -> None:
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        told.answer("silence", "add", "--nct-id", TRIAL, "--for", "30d", "--reason", "enough")
    assert reasons(told, 2, "enrollment_target_changed")["all"] == (False, "silenced")
    lines = told.answer("explain", TRIAL, "--version", "2", "--subscription", "all").splitlines()
    assert lines[0].startswith(f"{TRIAL}, version 2  of 2026-03-07")
    assert any("enrollment_target_changed" in line for line in lines)
    told_why = f"not sent, it is silenced ({TRIAL} until 2026-04-02 12:00 UTC (enough))"
    assert sum(line.endswith(told_why) for line in lines) == 1
    assert sum(line.endswith("ana: all") for line in lines) == 1


def test_one_subscription_or_one_person_can_be_asked_about(told: Monitor) -> None:
    found = told.json("explain", TRIAL, "--version", "2", "--subscription", "others")
    assert [one["name"] for one in found["subscriptions"]] == ["others"]
    told.answer("subscriber", "add", "bo")
    found = told.json("explain", TRIAL, "--version", "2", "--subscriber", "bo")
    assert found["subscriptions"] == []
    assert "there are no subscriptions" in told.answer(
        "explain", TRIAL, "--version", "2", "--subscriber", "bo"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("NCT00000001", "--version", "1"), "is not in the store"),
        ((TRIAL, "--version", "3"), "has no version 3; it has 2 versions"),
        ((TRIAL, "--version", "1", "--subscription", "none"), "there is no subscription 'none'"),
    ],
)
def test_what_is_not_stored_is_not_found(
    told: Monitor, options: tuple[str, ...], said: str
) -> None:
    assert said in told.complaint("explain", *options, code=3)


def test_nobody_s_subscriptions_explain_nothing(monitor: Monitor, tmp_path: Path) -> None:
    (tmp_path / "none.toml").write_text("", "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(tmp_path / "none.toml")
    monitor.ingest(study("2026-02-02"))
    assert monitor.json("explain", TRIAL, "--version", "1")["subscriptions"] == []
