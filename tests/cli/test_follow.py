"""``monitor follow`` and ``unfollow``: reading trials and telling of them, by one command."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.registry import Records, Replica, ReplicaServer, World
from tests.registry import examples as registry

MAIL = '[[channel]]\nname = "mail"\ntype = "console"\n'
TEAM = '[[channel]]\nname = "team"\ntype = "console"\n'


def configured(monitor: Monitor, text: str) -> Monitor:
    file = monitor.folder / "monitor.toml"
    file.write_text(text, "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(file)
    return monitor


@pytest.fixture
def mailed(monitor: Monitor) -> Monitor:
    return configured(monitor, MAIL)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def anywhere(request: pytest.FixtureRequest, monitor: Monitor) -> Monitor:
    monitor.url = request.getfixturevalue(request.param)
    return configured(monitor, MAIL)


def sources(monitor: Monitor) -> dict[str, str]:
    return {one["name"]: one["type"] for one in monitor.json("status")["sources"]}


def subscriptions(monitor: Monitor) -> list[dict[str, Any]]:
    keys = ("subscriber", "name", "nct_ids", "channels")
    return [{key: one[key] for key in keys} for one in monitor.json("subscription", "list")]


def test_one_command_follows_and_subscribes(anywhere: Monitor) -> None:
    text = anywhere.answer("follow", NCT).splitlines()
    assert text == [
        f"{NCT} is followed; its changes go to me by mail",
        "nothing reads it yet: start `monitor run`",
    ]
    assert sources(anywhere) == {"followed by command": "ctgov"}
    assert subscriptions(anywhere) == [
        {"subscriber": "me", "name": "followed trials by mail", "nct_ids": [NCT],
         "channels": ["mail"]}
    ]  # fmt: skip


def test_everything_twice_is_harmless(anywhere: Monitor) -> None:
    first = anywhere.json("follow", NCT)
    again = anywhere.json("follow", NCT)
    assert (first["trials"][0].pop("changed"), again["trials"][0].pop("changed")) == (True, False)
    assert first == again
    assert anywhere.answer("follow", NCT).startswith(f"{NCT} is followed already; ")
    anywhere.answer("unfollow", NCT)
    assert anywhere.answer("unfollow", NCT) == f"{NCT} was not followed by command\n"
    assert subscriptions(anywhere) == []
    anywhere.answer("follow", NCT)
    assert [one["nct_ids"] for one in subscriptions(anywhere)] == [[NCT]]


@pytest.mark.parametrize(
    "pasted",
    [
        (f"{NCT}, {OTHER}",),
        (f"{NCT};{OTHER}\n",),
        (NCT.lower(), f"https://clinicaltrials.gov/study/{OTHER}?tab=history"),
        (f"“{NCT}”", OTHER, NCT),
    ],
)
def test_ids_are_taken_as_people_paste_them(mailed: Monitor, pasted: tuple[str, ...]) -> None:
    found = mailed.json("follow", *pasted)
    assert [one["nct_id"] for one in found["trials"]] == [NCT, OTHER]


def test_what_is_no_id_changes_nothing(mailed: Monitor) -> None:
    text = mailed.complaint("follow", NCT, "NCT 09000002", code=2)
    assert "did you mean NCT09000002?" in text
    text = mailed.complaint("follow", f"{NCT}, NCT12345678901", code=2)
    assert "'NCT12345678901' is not an NCT ID" in text
    assert not Path(mailed.url.removeprefix("sqlite:///")).exists()


def test_an_id_that_a_trial_had_before_stands_for_the_one_of_now(mailed: Monitor) -> None:
    former = "NCT00000001"
    mailed.ingest(study(modules={
        "identificationModule": {"nctId": NCT, "briefTitle": "A", "nctIdAliases": [former]}
    }))  # fmt: skip
    text = mailed.answer("follow", former)
    assert text.startswith(f"{NCT} (was {former}) is followed; ")
    assert [one["nct_ids"] for one in subscriptions(mailed)] == [[NCT]]
    assert mailed.answer("unfollow", former).startswith(f"{NCT} (was {former}) is no longer")
    assert subscriptions(mailed) == []


def test_whoever_hears_by_several_channels_says_by_which(monitor: Monitor) -> None:
    configured(monitor, MAIL + TEAM)
    text = monitor.complaint("follow", NCT, code=2)
    assert text == "monitor: say where to send: --to; there are mail, team\n"
    assert "did you mean mail?" in monitor.complaint("follow", NCT, "--to", "mial", code=2)
    monitor.answer("follow", NCT, "--to", "mail", "--to", "team")
    assert monitor.answer("follow", OTHER).startswith(
        f"{OTHER} is followed; its changes go to me by mail and me by team\n"
    )
    monitor.answer("unfollow", NCT, "--to", "team")
    assert [one["nct_ids"] for one in subscriptions(monitor)] == [[NCT, OTHER], [OTHER]]
    assert monitor.answer("follow", NCT, "--no-alerts") == (
        f"{NCT} is followed already\nnothing reads it yet: start `monitor run`\n"
    )
    monitor.answer("unfollow", NCT, OTHER)
    assert subscriptions(monitor) == []


def test_the_only_subscriber_is_told_unless_another_is_named(monitor: Monitor) -> None:
    configured(monitor, MAIL + '[[subscriber]]\nname = "ana"\nquiet = "22:00-07:00"\n')
    monitor.answer("follow", NCT)
    monitor.answer("follow", NCT, "--subscriber", "bo")
    found = monitor.json("subscription", "list")
    assert [(one["subscriber"], one["quiet"]) for one in found] == [
        ("ana", "22:00-07:00 UTC"), ("bo", None),
    ]  # fmt: skip
    text = monitor.answer("unfollow", NCT, "--subscriber", "bo")
    assert text == f"{NCT} is followed on, for others\n"
    assert [one["subscriber"] for one in subscriptions(monitor)] == ["ana"]


def test_what_else_follows_a_trial_or_tells_of_it_is_named(monitor: Monitor) -> None:
    source = f'[[source]]\nname = "lupus"\ntype = "ctgov"\nnct_ids = ["{NCT}"]\nevery = "1h"\n'
    configured(monitor, MAIL + source)
    monitor.answer("subscription", "add", "--subscriber", "ana", "--name", "x", "--nct-id", NCT,
                   "--channel", "mail")  # fmt: skip
    monitor.answer("follow", NCT)
    assert monitor.answer("unfollow", NCT) == (
        f'{NCT} is no longer followed by command; the configuration follows it by "lupus"; '
        "other subscriptions name it: 1 (ana: x)\n"
    )
    shape = monitor.json("unfollow", NCT)["trials"][0]
    assert (shape["elsewhere"], shape["other_subscriptions"]) == (["lupus"], [1])


def test_the_configuration_has_no_source_of_that_name(monitor: Monitor) -> None:
    configured(monitor, '[[source]]\nname = "Followed by command"\ntype = "ctgov"\nall = true\n'
               'every = "1h"\n')  # fmt: skip
    assert "`monitor follow` has a source of that name" in monitor.complaint(
        "source", "list", code=2
    )


def test_it_is_read_where_the_first_source_is_and_its_next_change_is_sent(
    monitor: Monitor,
) -> None:
    records = Records()
    records.put(registry.study(101), on=registry.MONDAY)
    records.put(registry.study(102), on=registry.MONDAY)
    records.put(registry.study(102, "2026-03-03", enrollment=300), on="2026-03-03")
    replica = Replica(World(records, day=registry.MONDAY))
    nct_id = registry.nct(102)
    with ReplicaServer(replica) as server:
        configured(monitor, f"""
[http]
requests_per_minute = 6000
[[source]]
name = "others"
type = "ctgov"
base_url = "{server.base_url}"
nct_ids = ["{registry.nct(101)}"]
every = "1h"
[[channel]]
name = "box"
type = "folder"
path = "{monitor.folder}/box"
formats = ["json"]
""")  # fmt: skip
        monitor("run", "--once")
        monitor.answer("follow", nct_id)
        once = json.loads(monitor("run", "--once", "--json").stdout)
        assert [(one["source"], one["stored"]) for one in once] == [("followed by command", 1)]
        replica.world.advance()
        monitor.answer("follow", nct_id, registry.nct(103))  # so that it is due again
        monitor("run", "--once")
    sent = [json.loads(one.read_bytes()) for one in (monitor.folder / "box").glob("*.json")]
    [alert] = [one for one in sent if one["data"]["alerts"]]  # besides the welcome
    assert alert["data"]["alerts"][0]["nct_id"] == nct_id
    assert "followed trials by box" in alert["data"]["alerts"][0]["reasons"][0]
    rows = {one["name"]: one for one in monitor.json("status")["sources"]}
    assert rows["followed by command"]["followed"] == {
        "shown": 1, "gone": 0, "merged": 0, "unknown": 1,
    }  # fmt: skip
