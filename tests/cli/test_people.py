"""Subscribers, subscriptions and silences by command, beside those of the configuration."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner

from monitor.cli.root import monitor as root
from monitor.model.subscriptions import FILTER_KEYS
from tests.cli.calls import NOON, Monitor

TRIAL = "NCT06733935"
OTHER = "NCT00000102"
CONFIG = """
[[source]]
name = "lupus"
type = "ctgov"
nct_ids = ["NCT06733935"]
every = "1h"
[[channel]]
name = "out"
type = "console"
[[channel]]
name = "team"
type = "slack"
url = "${NOT_SET}"
[[subscriber]]
name = "ana"
channels = "out"
quiet = "22:00-07:00"
timezone = "Europe/Madrid"
[[subscription]]
name = "car-t"
subscriber = "ana"
filter = { condition = ["lupus", "gout"], not = { country = "China" } }
changes = ["status", "site_added"]
min_severity = "medium"
when = "daily 08:00"
"""
ADD = ("subscription", "add", "--subscriber", "bo", "--channel", "out")


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def anywhere(request: pytest.FixtureRequest, monitor: Monitor) -> Monitor:
    """Return the command line on a store of each kind."""
    monitor.url = request.getfixturevalue(request.param)
    return configured(monitor)


@pytest.fixture
def with_people(monitor: Monitor) -> Monitor:
    """Return the command line with a configuration that names people."""
    return configured(monitor)


def configured(monitor: Monitor, text: str = CONFIG) -> Monitor:
    file = monitor.folder / "monitor.toml"
    file.write_text(text, "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(file)
    return monitor


def names(monitor: Monitor, *options: str) -> dict[str, str]:
    return {one["name"]: one["status"] for one in monitor.json("subscription", "list", *options)}


# --- subscriptions ----------------------------------------------------------------------------


def test_those_of_the_file_and_those_of_commands_stand_side_by_side(anywhere: Monitor) -> None:
    anywhere.answer(*ADD, "--name", "mine", "--nct-id", "nct6733935")
    table = anywhere.answer("subscription", "list").splitlines()
    assert [row.split()[1:5] for row in table[1:3]] == [
        ["ana", "car-t", "active", "config"],
        ["bo", "mine", "active", "command"],
    ]
    assert table[1].endswith(
        "condition: lupus, gout; not country: China: status, site_added; medium and above"
    )
    assert table[2].endswith(f"{TRIAL}: all but noise")
    assert table[3] == "2 subscriptions"
    configured(anywhere, CONFIG.partition("[[subscription]]")[0])
    assert names(anywhere) == {"mine": "active"}
    assert names(anywhere, "--all") == {"car-t": "retired", "mine": "active"}


def test_a_subscription_is_shown_with_what_it_has_from_its_subscriber(with_people: Monitor) -> None:
    lines = with_people.answer("subscription", "show", "car-t").splitlines()
    shown = {line[:16].strip(): line[16:] for line in lines[1:]}
    assert shown["From"] == f"the configuration ({with_people.environ['MONITOR_CONFIG']})"
    assert shown["When"] == "daily 08:00 Europe/Madrid"
    assert shown["Quiet hours"] == "22:00-07:00 Europe/Madrid"
    assert shown["Channels"] == "out"
    assert shown["Trials"] == "condition: lupus, gout; not country: China"
    listed = with_people.json("subscription", "list")[0]
    assert with_people.json("subscription", "show", "1") == {**listed, "feed": None}


def test_every_option_of_add_becomes_a_part_of_the_subscription(with_people: Monitor) -> None:
    values = {"phase": "PHASE1", "status": "RECRUITING", "study_type": "INTERVENTIONAL",
              "source": "lupus"}  # fmt: skip
    filters = [
        part
        for key in FILTER_KEYS
        for prefix in ("", "not-")
        for part in (f"--{prefix}{key.replace('_', '-')}", values.get(key, "one"))
    ]
    found = with_people.json(
        *ADD, "--name", "all of it", "--nct-id", TRIAL, *filters, "--changes", "status",
        "--changes", "noise", "--min-severity", "low", "--min-days", "30", "--min-percent", "2.5",
        "--when", "weekly mon 7:05 Asia/Tokyo", "--critical-at-once", "--quiet", "22:00-07:00",
        "--send-empty", "--channel", "team",
    )  # fmt: skip
    wanted = {key: [values.get(key, "one")] for key in FILTER_KEYS}
    kinds = found.pop("changes")
    assert found.pop("warnings") == []
    assert {"trial_withdrawn", "site_renamed"} < set(kinds)
    assert datetime.fromisoformat(found.pop("created_at")).tzinfo is UTC
    assert found == {
        "id": 2, "subscriber": "bo", "name": "all of it", "status": "active",
        "origin": "command", "nct_ids": [TRIAL], "filter": [{**wanted, "not": wanted}],
        "all": False, "min_severity": "low", "min_days": 30, "min_percent": 2.5,
        "when": "weekly monday 07:05 Asia/Tokyo", "critical_at_once": True,
        "quiet": "22:00-07:00 UTC", "send_empty": True, "channels": ["out", "team"],
    }  # fmt: skip


def test_trials_come_from_a_file_or_from_standard_input(with_people: Monitor) -> None:
    file = with_people.folder / "ids.txt"
    file.write_text(f"{TRIAL}, nct102  # two\n", "utf-8")
    found = with_people.json(*ADD, "--name", "a", "--nct-ids-from", str(file))
    assert found["nct_ids"] == [OTHER, TRIAL]
    environ = {"MONITOR_DATABASE_URL": with_people.url, **with_people.environ}
    arguments = [*ADD, "--name", "b", "--nct-ids-from", "-", "--json"]
    result = CliRunner(env=environ).invoke(root, arguments, input=f"\n{TRIAL}\n")
    assert json.loads(result.stdout)["nct_ids"] == [TRIAL]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--channel", "out"), "say which trials: --nct-id, --nct-ids-from, --condition and the"),
        (("--channel", "out", "--all", "--nct-id", TRIAL), "--all is about every trial; leave it"),
        (("--all",), "say where to send: --channel; there are out, team"),
        (("--all", "--channel", "tem"), "--channel: there is no [[channel]] 'tem'; did you mean"),
        (("--all", "--changes", "statsu"), "--changes: there is no kind and no group of changes"),
        (("--all", "--min-severity", "big"), "--min-severity = 'big' is invalid: expected noise,"),
        (
            ("--all", "--min-days", "many"),
            "--min-days = 'many' is invalid: expected a whole number",
        ),
        (("--all", "--when", "soon"), "--when: 'soon' is invalid: expected \"at once\""),
        (
            ("--all", "--channel", "out", "--send-empty"),
            "--send-empty is about digests: add --when",
        ),
        (("--nct-id", "x"), "--nct-id: 'x' is not an NCT ID"),
        (("--country", "UK"), "the filter: country: for 'UK' the registry writes 'United Kingdom'"),
        (("--phase", "9"), "the filter: phase: the registry has no value '9'"),
        (("--all", "--name", "a:b"), "--name = 'a:b' is invalid: expected 1 to 64 letters"),
    ],
)
def test_a_wrong_option_is_named(with_people: Monitor, options: tuple[str, ...], said: str) -> None:
    given = ("subscription", "add", "--subscriber", "bo", "--name", "a", *options)
    assert said in with_people.complaint(*given, code=2)
    assert names(with_people) == {"car-t": "active"}


def test_a_name_that_is_taken_is_refused_until_it_is_free(with_people: Monitor) -> None:
    with_people.answer(*ADD, "--name", "a", "--all")
    text = with_people.complaint(*ADD, "--name", "a", "--all", code=2)
    assert "bo has a subscription 'a' already (made by command)" in text
    ana = ("subscription", "add", "--subscriber", "ana", "--name", "car-t", "--all")
    assert "already (in " in with_people.complaint(*ana, code=2)
    with_people.answer("subscription", "remove", "a")
    assert with_people.json(*ADD, "--name", "a", "--all")["status"] == "active"


def test_a_subscription_pauses_and_goes_on_wherever_it_comes_from(anywhere: Monitor) -> None:
    anywhere.answer(*ADD, "--name", "mine", "--all")
    for name in ("car-t", "mine"):
        assert anywhere.answer("subscription", "pause", name).endswith(f"{name} is paused\n")
    assert anywhere.answer("subscription", "pause", "mine").endswith("is paused already\n")
    assert names(anywhere) == {"car-t": "paused", "mine": "paused"}
    assert anywhere.json("subscription", "resume", "car-t")["status"] == "active"
    assert names(anywhere) == {"car-t": "active", "mine": "paused"}


def test_one_of_the_file_is_not_removed_by_command(with_people: Monitor) -> None:
    file = with_people.environ["MONITOR_CONFIG"]
    text = with_people.complaint("subscription", "remove", "car-t", code=2)
    assert f"'car-t' of ana is in {file}; take it out there, or `monitor subscription" in text
    text = with_people.complaint("subscriber", "remove", "ana", code=2)
    assert f"ana is in {file}; take them out there, then remove them" in text
    text = with_people.complaint("subscriber", "forget", "ana", "--yes", code=2)
    assert "then forget them" in text
    assert names(with_people) == {"car-t": "active"}


def test_one_of_several_people_s_has_to_be_said_more_clearly(with_people: Monitor) -> None:
    with_people.answer(*ADD, "--name", "car-t", "--all")
    text = with_people.complaint("subscription", "pause", "car-t", code=2)
    assert "several have a subscription 'car-t': name its number: 1 (ana), 2 (bo)" in text
    assert with_people.json("subscription", "pause", "2")["subscriber"] == "bo"
    paused = with_people.json("subscription", "pause", "car-t", "--subscriber", "ana")
    assert paused["subscriber"] == "ana"


@pytest.mark.parametrize(
    "arguments",
    [
        ("subscription", "show", "none"),
        ("subscription", "pause", "99"),
        ("subscription", "list", "--subscriber", "nobody"),
        ("subscriber", "remove", "nobody"),
        ("subscriber", "export", "nobody"),
        ("subscriber", "forget", "nobody", "--yes"),
        ("silence", "remove", "7"),
        ("silence", "add", "--nct-id", TRIAL, "--for", "1h", "--subscriber", "nobody"),
    ],
)
def test_what_is_not_there_is_not_found(with_people: Monitor, arguments: tuple[str, ...]) -> None:
    assert "there is no" in with_people.complaint(*arguments, code=3)


def test_a_file_that_names_what_a_command_made_is_a_clear_error(with_people: Monitor) -> None:
    with_people.answer(*ADD, "--name", "mine", "--all")
    more = '[[subscription]]\nname = "mine"\nsubscriber = "bo"\nall = true\nchannels = "out"\n'
    configured(with_people, CONFIG + more)
    text = with_people.complaint("subscription", "list", code=2)
    assert "a subscription of that name was made by command; give this one another name" in text


# --- subscribers ------------------------------------------------------------------------------


def test_a_subscriber_is_added_listed_and_removed_with_all_that_is_theirs(
    anywhere: Monitor,
) -> None:
    assert anywhere.answer("subscriber", "add", "bo") == "bo is added\n"
    assert anywhere.answer("subscriber", "add", "bo") == "bo is known already\n"
    anywhere.answer(*ADD, "--name", "mine", "--all")
    rows = anywhere.answer("subscriber", "list").splitlines()
    assert [row.split()[:4] for row in rows[1:3]] == [
        ["ana", "active", "config", "1"],
        ["bo", "active", "command", "1"],
    ]
    assert anywhere.answer("subscriber", "remove", "bo") == "bo is removed, with 1 subscription\n"
    assert [one["name"] for one in anywhere.json("subscriber", "list")] == ["ana"]
    known = {one["name"]: one["status"] for one in anywhere.json("subscriber", "list", "--all")}
    assert known == {"ana": "active", "bo": "retired"}
    assert names(anywhere, "--all")["mine"] == "retired"


def test_what_is_stored_about_a_person_is_written_and_erased(anywhere: Monitor) -> None:
    anywhere.answer(*ADD, "--name", "mine", "--all")
    anywhere.answer("silence", "add", "--nct-id", TRIAL, "--for", "7d", "--subscriber", "bo")
    written: dict[str, Any] = json.loads(anywhere.answer("subscriber", "export", "bo"))
    assert written["subscriber"]["name"] == "bo"
    assert [one["name"] for one in written["subscriptions"]] == ["mine"]
    assert [one["nct_id"] for one in written["silences"]] == [TRIAL]
    assert "say --yes to do it" in anywhere.complaint("subscriber", "forget", "bo", code=2)
    text = anywhere.answer("subscriber", "forget", "bo", "--yes")
    assert text == "bo is forgotten: 1 subscription, 1 silence, 0 messages erased\n"
    assert anywhere.json("silence", "list", "--all") == []
    assert names(anywhere, "--all") == {"car-t": "active"}


# --- silences ---------------------------------------------------------------------------------


def test_a_silence_holds_until_its_end_and_is_then_no_longer_listed(anywhere: Monitor) -> None:
    with time_machine.travel(NOON, tick=False):
        text = anywhere.answer("silence", "add", "--nct-id", TRIAL, "--for", "7d", "--reason", "x")
        assert text == f"1  {TRIAL} is silent until 2026-03-09 12:00 UTC\n"
        made = anywhere.json(
            "silence", "add", "--kind", "contact changed", "--until", "2026-03-03",
            "--subscriber", "ana",
        )  # fmt: skip
        assert made["until"] == "2026-03-03T23:59:59.999999+00:00"
        rows = anywhere.answer("silence", "list").splitlines()
        assert len(rows) == 4
        assert rows[2].split("  ")[0] == "2"
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        assert [one["nct_id"] for one in anywhere.json("silence", "list")] == [TRIAL]
        assert len(anywhere.json("silence", "list", "--all")) == 2
        assert anywhere.answer("silence", "remove", "1") == "silence 1 is removed\n"
        assert anywhere.json("silence", "list") == []


def test_each_of_several_kinds_and_groups_is_silent_in_each_trial(anywhere: Monitor) -> None:
    with time_machine.travel(NOON, tick=False):
        made = anywhere.json(
            "silence", "add", "--nct-id", TRIAL, "--nct-id", OTHER, "--kind", "Sites",
            "--kind", "contact_changed", "--for", "7d",
        )  # fmt: skip
        assert [(one["nct_id"], one["kind"]) for one in made] == [
            (TRIAL, "sites"), (TRIAL, "contact_changed"),
            (OTHER, "sites"), (OTHER, "contact_changed"),
        ]  # fmt: skip
        assert anywhere.json("silence", "list") == made
        text = anywhere.answer("silence", "remove", "1", "2", "4").splitlines()
        assert text == [f"silence {number} is removed" for number in (1, 2, 4)]
        assert "there is no silence 9" in anywhere.complaint("silence", "remove", "3", "9", code=3)
        assert anywhere.json("silence", "list") == made[2:3]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--for", "7d"), "say what is to be silent: --nct-id, --kind, or both"),
        (("--nct-id", TRIAL), "say how long: either --until or --for"),
        (("--nct-id", TRIAL, "--for", "1d", "--until", "2027"), "say how long: either"),
        (
            ("--nct-id", TRIAL, "--for", "soon"),
            "--for: invalid value 'soon': expected a whole number",
        ),
        (("--nct-id", TRIAL, "--until", "2020-01-01"), "2020-01-01 23:59 UTC is past; name a time"),
        (("--kind", "contact", "--for", "1d"), "there is no kind and no group of changes"),
    ],
)
def test_a_wrong_silence_is_told_what_to_say(
    with_people: Monitor, options: tuple[str, ...], said: str
) -> None:
    assert said in with_people.complaint("silence", "add", *options, code=2)
