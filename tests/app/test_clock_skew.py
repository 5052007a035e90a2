"""A clock that was wrong leaves times in the store that cannot be: they are put right once."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.app.clock_skew import last_repairs, repair, skewed_times, time_findings
from monitor.model.checks import CheckStatus
from monitor.model.messages import ChannelState, OutboxMessage
from monitor.model.subscriptions import Silence
from monitor.model.tracking import SourceRow
from monitor.scheduler import latest_due
from monitor.store.writer import open_store
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.ingest.world import NCT

STOP = threading.Event()
YEAR = timedelta(days=366)
SOURCE = """
[[source]]
name = "{name}"
type = "ctgov"
nct_ids = ["NCT00000001"]
{when}
enabled = false
"""


@pytest.fixture
def monitored(tmp_path: Path, store_url: str) -> Monitored:
    """Return a monitor with an operator, and a clock that is to go wrong."""
    made = Monitored(tmp_path, store_url)
    made.configure(
        folder_channel(tmp_path, "box"),
        folder_channel(tmp_path, "ops"),
        subscription("ana", "box"),
        subscription("ben", "box", when="daily 08:00 UTC"),
        SOURCE.format(name="hourly", when='every = "1h"'),
        SOURCE.format(name="nightly", when='cron = "0 3 * * *"'),
        operator="ops",
        breaker_failures=1,
    )
    made.begin()
    return made


def waiting(monitored: Monitored) -> dict[str, OutboxMessage]:
    """Return the messages by who they are to."""
    with monitored.app.reader() as reader:
        return {message.subscriber: message for message in reader.outbox.messages()}


def excursion(monitored: Monitored, by: timedelta = YEAR) -> datetime:
    """Let a change come and fail to be sent while the clock is wrong; return the right time."""
    right = monitored.clock.at
    monitored.clock.at = right + by
    (monitored.folder / "box").write_text("in the way of the folder")
    monitored.change()
    monitored.deliveries().deliver_due(stop=STOP)
    (monitored.folder / "box").unlink()
    for file in (monitored.folder / "ops").glob("*"):
        file.unlink()
    monitored.clock.at = right
    return right


def test_what_a_clock_a_year_ahead_left_is_put_right_once_and_sent(monitored: Monitored) -> None:
    now = excursion(monitored)
    due = waiting(monitored)
    assert {due[who].due_at > now + timedelta(days=300) for who in ("ana", "ben")} == {True}
    deliveries = monitored.deliveries()
    deliveries.deliver_due(stop=STOP)
    with monitored.app.reader() as reader:
        [rest] = [one.paused_until for one in reader.outbox.channel_states()]
        repairs = last_repairs(reader, now=now)
        assert skewed_times(monitored.app, reader) == []
    due = waiting(monitored)
    assert rest == now + timedelta(seconds=300)
    assert due["ana"].due_at == now + timedelta(seconds=30), "the most after one try"
    assert due["ben"].due_at == datetime(2026, 3, 3, 8, tzinfo=UTC), "the next end of a day"
    assert due["ben"].cutoff == due["ben"].due_at
    assert len(repairs) == 3
    [notice] = monitored.got("ops")
    assert "a clock was, or is, wrong" in json.dumps(notice)
    assert "2027-03" in json.dumps(notice)
    monitored.clock.move(minutes=6)
    monitored.deliveries().deliver_due(stop=STOP)
    assert len(monitored.got("box")) == 1
    monitored.clock.move(days=1, hours=2)
    monitored.deliveries().deliver_due(stop=STOP)
    assert len(monitored.got("box")) == 2
    assert any("for a day" in json.dumps(one["over"]) for one in monitored.got("ops"))


def test_of_two_that_put_right_one_does(monitored: Monitored) -> None:
    now = excursion(monitored)
    with monitored.app.reader() as reader:
        found = skewed_times(monitored.app, reader)
    assert len(found) == 3
    with open_store(monitored.url) as store:
        for done in (True, False):
            with store.transaction() as tx:
                assert [one.move_back(tx) for one in found] == [done] * 3
    assert now == monitored.clock.at


def test_times_within_what_they_can_be_are_left_alone(monitored: Monitored) -> None:
    monitored.change()
    with open_store(monitored.url) as store, store.transaction() as tx:
        until = monitored.clock.at + timedelta(seconds=86_400)
        tx.outbox.put_channel_state(ChannelState(channel="box", paused_until=until, failures=9))
        hourly = SourceRow(
            name="hourly",
            type="ctgov",
            last_attempt_at=monitored.clock.at + timedelta(hours=20),
            next_due_at=monitored.clock.at + timedelta(hours=1),
        )
        tx.sources.store_row(hourly)
        tx.subscribers.put_silence(silence(monitored.clock.at, days=4_000))
    with monitored.app.reader() as reader:
        assert skewed_times(monitored.app, reader, latest_run=latest_due) == []


def silence(made: datetime, days: int) -> Silence:
    """Return a silence of so many days."""
    return Silence(
        id=0, subscriber=None, nct_id=NCT, kind=None, until=made + timedelta(days=days),
        created_at=made,
    )  # fmt: skip


def test_the_times_of_sources_are_put_right(monitored: Monitored) -> None:
    now, ahead = monitored.clock.at, monitored.clock.at + YEAR
    row = SourceRow(
        name="hourly", type="ctgov", last_attempt_at=ahead, last_success_at=ahead,
        next_due_at=ahead, failures=3, failing_since=ahead, reported=True,
    )  # fmt: skip
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.sources.store_row(row)
        tx.sources.store_row(replace(row, name="nightly"))
        tx.sources.store_row(replace(row, name="not configured any more"))
    repair(monitored.app, latest_run=latest_due)
    with monitored.app.reader() as reader:
        rows = {one.name: one for one in reader.sources.all()}
    for one in rows.values():
        assert (one.last_attempt_at, one.last_success_at, one.failing_since) == (now, now, now)
    assert rows["hourly"].next_due_at == now + timedelta(hours=1)
    assert rows["nightly"].next_due_at == datetime(2026, 3, 3, 3, tzinfo=UTC)


def test_a_silence_that_was_made_in_the_future_is_as_long_from_now(monitored: Monitored) -> None:
    now = monitored.clock.at
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.subscribers.put_silence(silence(now + YEAR, days=7))
        before = tx.subscribers.version()
    repair(monitored.app)
    with monitored.app.reader() as reader:
        [found] = reader.subscribers.silences()
        assert reader.subscribers.version() > before, "who matches news reads it anew"
    assert (found.until, found.created_at) == (now + timedelta(days=7), now)


def test_a_subscription_that_was_made_in_the_future_hears_of_what_is_news_from_now_on(
    monitored: Monitored,
) -> None:
    right = monitored.clock.at
    monitored.clock.at = right + YEAR
    boxes = [folder_channel(monitored.folder, name) for name in ("box", "ops")]
    monitored.configure(*boxes, subscription("cleo", "box"), operator="ops", breaker_failures=1)
    monitored.begin()
    monitored.clock.at = right + timedelta(hours=1)
    monitored.deliveries().deliver_due(stop=STOP)
    [notice] = monitored.got("ops")
    assert "the subscription cleo: mine was made 2027-03-0" in json.dumps(notice)
    monitored.change()
    monitored.deliveries().deliver_due(stop=STOP)
    assert len(monitored.got("box")) == 1


def test_a_clock_that_is_behind_now_puts_right_in_the_same_way(monitored: Monitored) -> None:
    """Nobody can tell which clock is wrong: what is due is not missed either way."""
    monitored.change()
    right = monitored.clock.at
    monitored.clock.at = right - YEAR
    monitored.deliveries().deliver_due(stop=STOP)
    assert len(monitored.got("box")) == 1
    monitored.clock.at = right
    monitored.deliveries().deliver_due(stop=STOP)
    assert len(monitored.got("box")) == 2, "the digest came a little early, and once"


def test_the_doctor_tells_before_and_after(monitored: Monitored) -> None:
    [fine] = time_findings(monitored.app, latest_due)
    assert fine.verdict is CheckStatus.FINE
    excursion(monitored)
    [found] = time_findings(monitored.app, latest_due)
    assert found.verdict is CheckStatus.FAILED
    assert "the channel box is paused until 2027-03-0" in found.detail
    assert "check the clock" in found.fix
    repair(monitored.app, latest_run=latest_due)
    [repairs] = time_findings(monitored.app, latest_due)
    assert repairs.verdict is CheckStatus.WARNING
    assert "paused until 2027-03-0" in repairs.detail
    monitored.clock.move(days=2)
    [fine] = time_findings(monitored.app, latest_due)
    assert fine.verdict is CheckStatus.FINE


def test_an_impossible_lease_is_told_to_the_operator_and_by_the_doctor(
    tmp_path: Path, sqlite_url: str
) -> None:
    monitored = Monitored(tmp_path, sqlite_url)
    monitored.configure(folder_channel(tmp_path, "ops"), operator="ops")
    monitored.begin()
    ahead = monitored.clock.at + timedelta(days=2)
    with open_store(sqlite_url) as store, store.transaction() as tx:
        lease = tx.leases.take("scheduler", "other:1:a", ttl_s=30, now=ahead)
    assert lease is not None
    [found] = time_findings(monitored.app, latest_due)
    assert "other:1:a: it was renewed at 2026-03-04 12:00 UTC, in the future" in found.detail
    deliveries = monitored.deliveries()
    deliveries.deliver_due(stop=threading.Event())
    with open_store(sqlite_url) as store, store.transaction() as tx:
        tx.leases.release(lease)
    deliveries.deliver_due(stop=threading.Event())
    assert sorted(monitored.subjects("ops")) == [
        "Trial monitor: The lease 'scheduler' is sound again",
        "Trial monitor: The lease 'scheduler' of other:1:a is impossible",
    ]
