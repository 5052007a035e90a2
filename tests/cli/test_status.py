"""``monitor status``: out of the store alone, whether anything runs or not."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine

from monitor.app.sources import HISTORY
from monitor.cli.status import BACKFILLS
from monitor.daemon import SCHEDULER
from monitor.model.tracking import Presence, Sighting, SourceRow
from monitor.store.writer import open_store
from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.cli.test_start import HEAVY, LOADED, run
from tests.cli.test_terminal import SGR, on_terminal
from tests.daemon.processes import configure, folder_source
from tests.store.leasing import lose, take

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


@pytest.fixture
def followed(monitor: Monitor, tmp_path: Path) -> Monitor:
    """Return the command line on a store with a good, a failing and a former source."""
    lupus = 'name = "lupus"\ntype = "ctgov"\nall = true\nevery = "1h"'
    config = configure(
        tmp_path, monitor.url, lupus, folder_source("box", tmp_path), folder_source("new", tmp_path)
    )
    monitor.environ["MONITOR_CONFIG"] = str(config)
    monitor.ingest(study(), study("2026-02-09", enrollment=240), b'{"broken": ')
    with open_store(monitor.url) as store, store.transaction() as tx:
        for row in rows():
            tx.sources.store_row(row)
        sights = [Sighting(nct_id=NCT), Sighting(nct_id=OTHER, presence=Presence.GONE)]
        tx.sources.follow("lupus", sights, pass_number=1, at=NOW)
        tx.leases.take(SCHEDULER, "host:12:ab", now=NOW - timedelta(seconds=10), ttl_s=30)
    return monitor


def rows() -> list[SourceRow]:
    """Return how three sources are doing."""
    hour = timedelta(hours=1)
    return [
        SourceRow(
            name="lupus", type="ctgov", last_attempt_at=NOW - hour, last_success_at=NOW - hour,
            next_due_at=NOW + hour, data_timestamp="2026-03-02T09:00:05", cursor="2026-02-27",
        ),
        SourceRow(
            name="box", type="files", last_attempt_at=NOW, next_due_at=NOW - hour, failures=3,
            failing_since=NOW - 2 * hour, last_reason="the folder is not \x1b[31mthere",
        ),
        SourceRow(name="former", type="ctgov", last_success_at=NOW - 9 * hour, next_due_at=NOW),
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def _now() -> object:
    """Stop the clock."""
    with time_machine.travel(NOW, tick=False):
        yield


def test_it_tells_of_sources_store_and_schedule(followed: Monitor) -> None:
    lines = followed.answer("status").splitlines()
    assert ": 1 trial, 2 versions, 3 events, 1 in the quarantine; " in lines[0]
    assert lines[1] == ("Schedule  host:12:ab since 2026-03-02 14:29 UTC; lease expires 14:30:20")
    table = {line.split("  ")[0]: line for line in lines[3:8]}
    assert "ok" in table["lupus"]
    assert "2026-03-02 13:30" in table["lupus"]
    assert "2026-03-02 15:30" in table["lupus"]
    assert table["lupus"].endswith("1 (1 gone)")
    assert "failing (3)" in table["box"]
    assert " now " in table["box"]
    assert "not read yet" in table["new"]
    assert " off " in table["former"]
    assert lines[8] == "4 sources"


def test_a_first_pass_that_is_not_over_yet_has_begun(followed: Monitor) -> None:
    with open_store(followed.url) as store, store.transaction() as tx:
        tx.sources.follow("new", [Sighting(nct_id=NCT)], pass_number=1, at=NOW)
    lines = followed.answer("status").splitlines()
    (new,) = (line for line in lines if line.startswith("new "))
    assert "first pass begun" in new
    assert new.endswith(" 1")


def test_it_says_why_a_source_fails_and_how_far_one_has_read(followed: Monitor) -> None:
    shown = followed.answer("status")
    assert (
        "box failed 3 times in a row, since 2026-03-02 12:30 UTC: the folder is not ␛[31mthere\n"
        "lupus has read up to 2026-02-27\n"
    ) in shown


def test_it_tells_the_same_in_json(followed: Monitor) -> None:
    filled = followed.json("status")
    assert filled["at"] == NOW.isoformat()
    assert filled["lease"]["holder"] == "host:12:ab"
    assert filled["lease"]["until"] == (NOW + timedelta(seconds=20)).isoformat()
    assert filled["lease"]["held"] is True
    counts = [filled[name] for name in ("trials", "versions", "events", "quarantined")]
    assert counts == [1, 2, 3, 1]
    assert filled["size_bytes"] > 50_000
    sources = {row["name"]: row for row in filled["sources"]}
    assert list(sources) == ["lupus", "box", "new", "former"]
    assert sources["lupus"]["followed"] == {"shown": 1, "gone": 1, "merged": 0, "unknown": 0}
    assert sources["lupus"]["cursor"] == "2026-02-27"
    assert sources["box"]["failures"] == 3
    assert sources["box"]["last_reason"] == "the folder is not \x1b[31mthere"
    assert sources["new"]["last_success_at"] is None
    assert [row["enabled"] for row in filled["sources"]] == [True, True, True, False]


def test_it_tells_that_nobody_schedules(followed: Monitor) -> None:
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        assert "host:12:ab stopped responding, its lease expired 2026-03-02 14:30 UTC" in (
            followed.answer("status")
        )
        assert followed.json("status")["lease"]["held"] is False
    with open_store(followed.url) as store, store.transaction() as tx:
        lose(tx, SCHEDULER)
    assert "not running; start it with `monitor run`" in followed.answer("status")
    assert followed.json("status")["lease"] is None


def test_a_lease_that_does_not_end_today_is_told_with_its_date(followed: Monitor) -> None:
    with open_store(followed.url) as store:
        take(store, SCHEDULER, "host:12:ab", ttl_s=86_400, now=NOW)
    assert "lease expires 2026-03-03 14:30:00\n" in followed.answer("status")


def test_a_lease_of_a_clock_that_was_ahead_is_told_as_what_it_is(followed: Monitor) -> None:
    with open_store(followed.url) as store:
        take(store, SCHEDULER, "host:12:ab", now=NOW + timedelta(days=400))
    text = followed.answer("status")
    assert "the lease of host:12:ab is impossible: it was renewed at 2027-04-06 14:30 UTC" in text
    assert followed.json("status")["lease"]["held"] is False


def test_it_tells_of_a_full_disk_as_the_store_cannot(
    followed: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = SimpleNamespace(free=100 * 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    assert followed.json("status")["full_disks"] == []
    room.free = 1_500_000
    filled = followed.json("status")["full_disks"][0]
    assert filled.startswith("the disk of the store is full: 1 MB are left in /")
    assert filled in followed.answer("status")


def test_the_source_of_earlier_versions_is_not_off(followed: Monitor) -> None:
    assert BACKFILLS == HISTORY
    with open_store(followed.url) as store, store.transaction() as tx:
        tx.sources.store_row(SourceRow(name=HISTORY, type=HISTORY, last_success_at=NOW))
    (line,) = [one for one in followed.answer("status").splitlines() if HISTORY in one]
    assert " ok " in line
    assert " off " not in line


def test_it_works_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    monitor = Monitor(postgres_url, tmp_path)
    monitor.ingest(study())
    filled = monitor.json("status")
    assert (filled["trials"], filled["sources"], filled["lease"]) == (1, [], None)
    assert filled["size_bytes"] > 50_000
    assert "0 sources" in monitor.answer("status")


def test_without_a_store_it_says_so(monitor: Monitor) -> None:
    assert "there is no store at" in monitor.complaint("status", code=1)


@pytest.mark.parametrize("arguments", [("status",), ("status", "--json"), ("health", "--help")])
def test_it_loads_nothing_heavy(followed: Monitor, arguments: tuple[str, ...]) -> None:
    heavy = (*HEAVY, "starlette", "uvicorn", "httpx2", "apscheduler", "prometheus_client")
    config = str(followed.environ["MONITOR_CONFIG"])
    script = LOADED.replace("HEAVY", repr(heavy))
    code, out, err = run(followed, *arguments, script=script, MONITOR_CONFIG=config)
    assert (code, err.split()) == (0, [])
    assert out


def test_on_a_terminal_it_fits_and_has_colours(followed: Monitor) -> None:
    config = str(followed.environ["MONITOR_CONFIG"])
    shown, _ = on_terminal(followed, "status", COLUMNS="80", MONITOR_CONFIG=config)
    assert "\x1b[1;31mbox\x1b[0m failed 3 times" in shown
    assert max(map(len, SGR.sub("", shown).splitlines())) <= 80


@pytest.mark.parametrize(
    "broken",
    [
        '[http]\nretry_attempts = "many"\n',
        '[[source]]\nname = "x"\ntype = "nothing"\n',
        "[http\n",
        'this is "no TOML\n',
    ],
)
@pytest.mark.parametrize("written", ['[store]\nurl = "{}"\n', 'store.url = "{}"\n'])
def test_status_works_with_a_broken_configuration_and_says_so(
    monitor: Monitor, broken: str, written: str
) -> None:
    monitor.ingest(study())
    config = monitor.folder / "monitor.toml"
    config.write_text(written.format(monitor.url) + broken, "utf-8")
    monitor.environ |= {"MONITOR_CONFIG": str(config), "MONITOR_DATABASE_URL": None}
    result = monitor("status")
    assert result.exit_code == 0
    assert "1 trial, 1 version" in result.stdout
    assert "the configuration is wrong" in result.stderr
    assert str(config) in result.stderr
    found = monitor("status", "--json")
    assert str(config) in json.loads(found.stdout)["configuration_error"]


def test_status_of_a_good_configuration_has_no_error(monitor: Monitor) -> None:
    monitor.ingest(study())
    assert monitor.json("status")["configuration_error"] is None


@pytest.mark.parametrize("store", ["url = 7", 'url = "sqlite:///a.db', "url = sqlite"])
def test_status_does_not_guess_a_store_that_is_itself_wrong(monitor: Monitor, store: str) -> None:
    config = monitor.folder / "monitor.toml"
    config.write_text(f"[store]\n{store}\n", "utf-8")
    monitor.environ |= {"MONITOR_CONFIG": str(config), "MONITOR_DATABASE_URL": None}
    assert str(config) in monitor.complaint("status", code=2)
