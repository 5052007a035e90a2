"""``monitor subscription test`` and ``edit``: what one is for, would have sent, and asks for."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.cli.test_follow import MAIL, TEAM, configured

SOURCE = '[[source]]\nname = "box"\ntype = "ctgov"\nnct_ids = ["{}"]\nevery = "1h"\n'
LATER = NOON + timedelta(days=6)
DIGEST = ("--when", "daily 08:00")


@pytest.fixture
def changed(monitor: Monitor) -> Monitor:
    """Return a store of two trials, of which the followed one changed twice."""
    configured(monitor, MAIL + TEAM + SOURCE.format(NCT))
    monitor.ingest(study("2026-02-02"), study(nct_id=OTHER), at=NOON)
    monitor.ingest(study("2026-03-07", enrollment=288), at=LATER)
    monitor.ingest(
        study("2026-03-08", enrollment=288, status="WITHDRAWN", whyStopped="Funding"),
        at=LATER + timedelta(hours=1),
    )
    return monitor


def test_the_followed_trials_that_match_and_what_would_have_been_sent(changed: Monitor) -> None:
    changed.answer("subscription", "add", "--subscriber", "ana", "--name", "x", "--channel",
                   "mail", "--condition", "lupus")  # fmt: skip
    with time_machine.travel(LATER + timedelta(days=1), tick=False):
        found = changed.json("subscription", "test", "x")
        lines = changed.answer("subscription", "test", "x").splitlines()
        table = changed.answer("subscription", "test", "x", "--csv").splitlines()
    assert table == [
        "NCT ID,Status,Title,Because",
        f"{NCT},withdrawn,A study of a thing,its filter matches this trial (condition: lupus)",
    ]
    assert found["trials"] == [
        {"nct_id": NCT, "title": "A study of a thing", "overall_status": "WITHDRAWN",
         "reason": "its filter matches this trial (condition: lupus)"}
    ]  # fmt: skip
    assert (found["unfollowed"], found["first_seen"], found["messages"]) == (1, 2, 2)
    sent = [(one["version"], one["retrieved_at"], [event["kind"] for event in one["events"]])
            for one in found["sent"]]  # fmt: skip
    assert sent[0] == (2, LATER.isoformat(), ["enrollment_target_changed"])
    assert sent[1][0] == 3
    assert "trial_withdrawn" in sent[1][2]
    assert found["since"] == (LATER - timedelta(days=29)).isoformat()
    assert "1 followed trial matches now; 1 more that no source follows" in lines
    assert lines[-1] == (
        "since 2026-02-07 12:00 UTC it would have sent 2 messages of 2 changes; "
        "2 trials seen for the first time not counted"
    )


@pytest.mark.parametrize(
    ("options", "messages", "versions"),
    [
        (("--nct-id", NCT), 2, [2, 3]),
        (("--all",), 2, [2, 3]),
        (("--nct-id", NCT, *DIGEST), 1, [2, 3]),
        (("--nct-id", NCT, *DIGEST, "--critical-at-once"), 2, [2, 3]),
        (("--nct-id", NCT, "--min-severity", "critical"), 1, [3]),
        (("--nct-id", NCT, "--changes", "status"), 1, [3]),
        (("--nct-id", OTHER), 0, []),
    ],
)
def test_one_that_is_not_saved_by_the_options_of_add(
    changed: Monitor, options: tuple[str, ...], messages: int, versions: list[int]
) -> None:
    with time_machine.travel(LATER + timedelta(days=1), tick=False):
        found = changed.json("subscription", "test", *options)
    assert (found["messages"], [one["version"] for one in found["sent"]]) == (messages, versions)
    assert changed.json("subscription", "list") == []


def test_what_is_older_than_thirty_days_is_not_told(changed: Monitor) -> None:
    with time_machine.travel(LATER + timedelta(days=31), tick=False):
        found = changed.json("subscription", "test", "--nct-id", NCT)
    assert (found["sent"], len(found["trials"])) == ([], 1)


def test_what_can_never_alert_is_said(changed: Monitor) -> None:
    text = changed.answer("subscription", "test", "--nct-id", OTHER)
    assert text.startswith(f"! no source follows {OTHER}: `monitor follow --no-alerts {OTHER}`")


def test_either_a_name_or_options(changed: Monitor) -> None:
    for given in ((), ("x", "--all")):
        text = changed.complaint("subscription", "test", *given, code=2)
        assert "name a subscription, or describe one by the options of add" in text
    changed.complaint("subscription", "test", "nothing", code=3)


def test_an_edit_changes_what_it_names_and_nothing_else(changed: Monitor) -> None:
    add = ("subscription", "add", "--subscriber", "ana", "--name", "x", "--channel", "mail")
    before = changed.json(*add, "--nct-id", NCT, "--quiet", "22:00-07:00", *DIGEST,
                          "--changes", "status")  # fmt: skip
    after = changed.json("subscription", "edit", "x", "--min-severity", "high", "--channel", "team")
    assert after == {**before, "min_severity": "high", "channels": ["team"]}
    after = changed.json("subscription", "edit", "x", "--reset", "changes", "--reset", "quiet",
                         "--condition", "lupus")  # fmt: skip
    assert (after["changes"], after["quiet"], after["nct_ids"]) == (None, None, [NCT])
    assert after["filter"] == [{"condition": ["lupus"], "not": {}}]
    stored = changed.json("subscription", "show", "x")
    expected = {key: value for key, value in after.items() if key != "warnings"}
    assert stored == {**expected, "feed": None}  # there is no public_url
    everything = changed.json("subscription", "edit", "x", "--all")
    assert (everything["all"], everything["nct_ids"], everything["filter"]) == (True, [], [])
    assert changed.answer("subscription", "edit", "x", "--nct-id", NCT) == (
        "1  ana: x is changed\n"
    )
    assert changed.json("subscription", "edit", "x", "--nct-id", NCT)["all"] is False


def test_what_cannot_be_edited_says_why(changed: Monitor) -> None:
    configured(changed, MAIL + '[[subscription]]\nname = "f"\nsubscriber = "ana"\nall = true\n'
               'channels = "mail"\n')  # fmt: skip
    assert "change it there" in changed.complaint("subscription", "edit", "f", "--all", code=2)
    changed.answer("subscription", "add", "--subscriber", "ana", "--name", "x", "--channel",
                   "mail", "--all")  # fmt: skip
    assert "say what to change" in changed.complaint("subscription", "edit", "x", code=2)
    text = changed.complaint("subscription", "edit", "x", "--send-empty", code=2)
    assert "--send-empty is about digests" in text
    changed.answer("subscription", "pause", "x")
    assert changed.json("subscription", "edit", "x", "--min-days", "3")["status"] == "paused"
    assert (
        datetime.fromisoformat(changed.json("subscription", "show", "x")["created_at"]).tzinfo
        == UTC
    )
