"""The operator hears, once, when messages are due for too long, and once when that is over."""

import threading
from pathlib import Path

import pytest

from monitor.app.doctor_delivery import delivery_findings
from monitor.model.checks import CheckStatus
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.ingest.world import NOON
from tests.store.leasing import claim

STOP = threading.Event()
BEGAN = "Trial monitor: Messages by the channel box are overdue"
OVER = "Trial monitor: Messages by the channel box are no longer overdue"


def monitored_at(url: str, folder: Path, **wishes: str) -> Monitored:
    made = Monitored(folder, url)
    made.configure(
        folder_channel(folder, "ops"),
        folder_channel(folder, "box"),
        subscription("ana", "box", **wishes),
        operator="ops",
        backoff_initial_s=3600,
        attempts=1000,
        breaker_failures=1000,
    )
    made.begin()
    return made


@pytest.fixture
def monitored(store_url: str, tmp_path: Path) -> Monitored:
    """Return a monitor whose operator has a folder."""
    return monitored_at(store_url, tmp_path)


def notify(monitored: Monitored) -> list[str]:
    """Let the operator be told; return all that was told so far."""
    deliveries = monitored.deliveries()
    deliveries.notify()
    deliveries.deliver("ops", stop=STOP)
    return monitored.subjects("ops")


def fail(monitored: Monitored) -> None:
    """Let a delivery fail: a file is in the way of the folder."""
    way = monitored.folder / "box"
    way.write_text("in the way", "utf-8")
    monitored.deliveries().deliver("box", stop=STOP)
    way.unlink()


def test_what_is_due_for_too_long_is_told_once_and_its_end_once(monitored: Monitored) -> None:
    monitored.change()
    monitored.clock.move(seconds=900)
    assert notify(monitored) == []
    monitored.clock.move(seconds=1)
    assert notify(monitored) == [BEGAN]
    (reports,) = monitored.got("ops")
    assert "the oldest is due since 2026-03-02 12:01 UTC" in reports["began"][0]["why"]
    monitored.clock.move(hours=5)
    monitored.change()
    assert notify(monitored) == [BEGAN]
    monitored.deliveries().deliver("box", stop=STOP)
    monitored.clock.move(minutes=1)
    assert notify(monitored) == [BEGAN, OVER]
    monitored.clock.move(hours=5)
    assert notify(monitored) == [BEGAN, OVER]


def test_a_message_that_fails_is_due_since_its_first_try(monitored: Monitored) -> None:
    monitored.change()
    reports: list[str] = []
    for _ in range(20):
        fail(monitored)
        monitored.clock.move(minutes=5)
        reports = notify(monitored)
    assert reports == [BEGAN]
    monitored.clock.move(days=1)
    monitored.deliveries().deliver("box", stop=STOP)
    assert notify(monitored) == [BEGAN, OVER]


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param({"when": "daily 08:00"}, id="digest"),
        pytest.param({"quiet": "11:00-10:00"}, id="quiet hours"),
    ],
)
def test_what_waits_as_planned_is_not_overdue(
    sqlite_url: str, tmp_path: Path, wish: dict[str, str]
) -> None:
    monitored = monitored_at(sqlite_url, tmp_path, **wish)
    monitored.change()
    monitored.deliveries().deliver("box", stop=STOP)
    monitored.clock.move(hours=5)
    assert notify(monitored) == []
    assert monitored.got("box") == []


def test_a_message_that_is_being_sent_for_ever_is_overdue(monitored: Monitored) -> None:
    monitored.change()
    due_at = monitored.clock.at
    with open_store(monitored.url) as store, store.transaction() as tx:
        claim(tx, "one that hangs", now=due_at, limit=1)
    monitored.clock.move(seconds=901)
    with open_reader(monitored.url) as reader:
        assert reader.outbox.due_since("box", monitored.clock.at) == due_at
        assert reader.outbox.due_since("ops", monitored.clock.at) is None
    assert notify(monitored) == [BEGAN]


def test_doctor_and_status_tell_it(monitored: Monitored) -> None:
    monitored.change()
    (fine,) = delivery_findings(monitored.app)
    assert (fine.verdict, fine.detail) == (
        CheckStatus.FINE,
        "no message is due for longer than 900 s",
    )
    monitored.clock.at = NOON
    monitored.clock.move(hours=2)
    (late,) = delivery_findings(monitored.app)
    assert late.verdict is CheckStatus.WARNING
    assert late.detail.startswith(
        "messages by the channel box are overdue: the oldest is due since"
    )
