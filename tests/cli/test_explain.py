"""``monitor explain``: the reason for every subscription and every event."""

import json
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
def filled(monitor: Monitor) -> Monitor:
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


def test_every_subscription_has_a_reason_for_every_event(filled: Monitor) -> None:
    filled.answer("subscription", "pause", "all")
    assert reasons(filled, 2, "enrollment_target_changed") == {
        "named": (True, "nct_id"),
        "filtered": (True, "filter"),
        "others": (False, "other_trial"),
        "mismatched": (False, "other_trial"),
        "all": (True, "everything"),
        "kind": (False, "kind"),
        "severe": (False, "severity"),
        "large": (False, "threshold"),
    }


def test_what_was_stored_before_a_subscription_is_no_news_to_it(filled: Monitor) -> None:
    with time_machine.travel(NOON + timedelta(days=8), tick=False):
        filled.answer("subscription", "add", "--subscriber", "bo", "--name", "late", "--all",
                    "--channel", "out")  # fmt: skip
    found = reasons(filled, 2, "enrollment_target_changed")
    assert found["late"] == (False, "earlier")
    assert found["all"] == (True, "everything")


def test_a_silence_is_named_while_it_held(filled: Monitor) -> None:
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        filled.answer("silence", "add", "--nct-id", TRIAL, "--for", "30d", "--reason", "enough")
    filled.ingest(study("2026-03-08", enrollment=300), at=NOON + timedelta(days=8))
    assert reasons(filled, 3, "enrollment_target_changed")["all"] == (False, "silenced")
    lines = filled.answer("explain", TRIAL, "--version", "3", "--subscription", "all").splitlines()
    assert lines[0].startswith(f"{TRIAL}, version 3  of 2026-03-08")
    assert any("enrollment_target_changed" in line for line in lines)
    told_why = f"not sent, it is silenced ({TRIAL} until 2026-04-02 12:00 UTC (enough))"
    assert sum(line.endswith(told_why) for line in lines) == 1
    assert sum(line.endswith("ana: all") for line in lines) == 1


def test_one_subscription_or_one_person_can_be_asked_about(filled: Monitor) -> None:
    found = filled.json("explain", TRIAL, "--version", "2", "--subscription", "others")
    assert [one["name"] for one in found["subscriptions"]] == ["others"]
    filled.answer("subscriber", "add", "bo")
    found = filled.json("explain", TRIAL, "--version", "2", "--subscriber", "bo")
    assert found["subscriptions"] == []
    assert "there are no subscriptions" in filled.answer(
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
    filled: Monitor, options: tuple[str, ...], said: str
) -> None:
    assert said in filled.complaint("explain", *options, code=3)


def test_nobody_s_subscriptions_explain_nothing(monitor: Monitor, tmp_path: Path) -> None:
    (tmp_path / "none.toml").write_text("", "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(tmp_path / "none.toml")
    monitor.ingest(study("2026-02-02"))
    assert monitor.json("explain", TRIAL, "--version", "1")["subscriptions"] == []


LATER = NOON + timedelta(days=7)


def lines_of(monitor: Monitor, name: str, number: int = 2) -> str:
    return monitor.answer("explain", TRIAL, "--version", str(number), "--subscription", name)


def test_what_waits_is_not_told_as_sent(filled: Monitor) -> None:
    (verdict, *_) = filled.json("explain", TRIAL, "--version", "2", "--subscription", "named")[
        "subscriptions"
    ][0]["verdicts"]
    (message,) = verdict["messages"]
    assert (verdict["sends"], message["state"], message["channel"]) == (True, "waiting", "out")
    assert ": waiting, it names this trial (" in lines_of(filled, "named")


def test_what_was_sent_before_a_pause_was_sent(filled: Monitor) -> None:
    with time_machine.travel(LATER, tick=False):
        assert filled("deliver", "--once").exit_code == 0
    filled.answer("subscription", "pause", "all")
    shown = lines_of(filled, "all")
    assert ": sent, it is about all trials; message " in shown
    assert "by out, 2026-03-09 12:00 UTC" in shown
    assert "paused" not in shown


def test_what_was_dropped_is_told_as_dropped_with_the_reason(filled: Monitor) -> None:
    with time_machine.travel(LATER, tick=False):
        filled.answer("silence", "add", "--nct-id", TRIAL, "--for", "30d")
        assert filled("deliver", "--once").exit_code == 0
    shown = lines_of(filled, "named")
    assert ": dropped, it names this trial (" in shown
    assert "silenced before it was sent" in shown
    (one,) = filled.json("explain", TRIAL, "--version", "2", "--subscription", "named")[
        "subscriptions"
    ]
    assert not any(verdict["sends"] for verdict in one["verdicts"])


def test_a_change_that_a_message_left_out_was_not_sent(filled: Monitor) -> None:
    with time_machine.travel(LATER, tick=False):
        filled.answer("silence", "add", "--kind", "enrollment_target_changed", "--for", "30d")
        assert filled("deliver", "--once").exit_code == 0
    found = reasons(filled, 2, "enrollment_target_changed")
    assert found["all"] == (False, "silenced")
    shown = lines_of(filled, "all")
    assert "left it out" in shown
    assert ": sent, it is about all trials" in shown


def test_what_was_stored_without_alerts_was_not_sent(filled: Monitor) -> None:
    file = filled.folder / "quiet.jsonl"
    file.write_text(json.dumps(study("2026-04-07", enrollment=300)), "utf-8")
    with time_machine.travel(NOON + timedelta(days=40), tick=False):
        assert filled("ingest", str(file), "--no-alerts").exit_code == 0
    found = reasons(filled, 3, "enrollment_target_changed")
    assert found["named"] == (False, "unannounced")
    assert found["others"] == (False, "other_trial")
    assert "not sent, it was not put into the outbox: " in lines_of(filled, "named", 3)


def test_a_first_sight_that_was_no_news_was_not_sent(filled: Monitor) -> None:
    file = filled.folder / "quiet.jsonl"
    other = study("2026-04-07", nct_id="NCT00000001")
    file.write_text(json.dumps(other), "utf-8")
    with time_machine.travel(NOON + timedelta(days=40), tick=False):
        assert filled("ingest", str(file), "--no-alerts").exit_code == 0
    found = filled.json("explain", "NCT00000001", "--version", "1", "--subscription", "others")
    assert found["subscriptions"][0]["verdicts"][0]["reason"] == "first_sight"


def test_what_was_computed_late_was_not_sent(filled: Monitor) -> None:
    # The version of 20 March is filled in after that of April, whose events change by it.
    file = filled.folder / "quiet.jsonl"
    file.write_text(json.dumps(study("2026-04-07", enrollment=300)), "utf-8")
    with time_machine.travel(LATER + timedelta(days=30), tick=False):
        assert filled("ingest", str(file), "--no-alerts").exit_code == 0
    filled.ingest(study("2026-03-20", enrollment=280), at=LATER + timedelta(days=31))
    assert reasons(filled, 3, "enrollment_target_changed")["named"] == (False, "backfilled")
    assert reasons(filled, 4, "enrollment_target_changed")["named"] == (False, "recomputed")


def test_what_was_announced_stays_told_when_the_past_is_filled_in(filled: Monitor) -> None:
    with time_machine.travel(LATER, tick=False):
        assert filled("deliver", "--once").exit_code == 0
    filled.ingest(study("2026-02-20", enrollment=240), at=LATER + timedelta(days=1))
    # Against the version of the past its enrollment did not change; it was announced all the same.
    assert reasons(filled, 3, "enrollment_target_changed")["all"] == (True, "everything")


def test_without_a_number_it_is_the_last_version_with_news(filled: Monitor) -> None:
    assert filled.json("explain", TRIAL) == filled.json("explain", TRIAL, "--version", "2")
    filled.ingest(
        study("2026-03-07", "2026-03-12", enrollment=240, status="COMPLETED",
              statusVerifiedDate="2026-03"),
        at=NOON + timedelta(days=12),
    )  # fmt: skip
    assert filled.json("history", TRIAL, "--noise")["versions"][-1]["version"] == 3
    assert filled.json("explain", TRIAL)["version"] == 2
