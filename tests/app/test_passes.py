"""One pass over a source of the configuration, and what is kept of how it went."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app import App
from monitor.app.backfills import LEASE, backfill_lease
from monitor.app.logs import configure
from monitor.app.metrics import Metrics
from monitor.app.polling import Poller
from monitor.errors import ConfigError
from monitor.model.subscriptions import Trials
from monitor.model.tracking import SourceRow
from monitor.settings import LogSettings
from monitor.store.lease_observer import LeaseObserver
from monitor.store.writer import open_store
from tests.ingest.world import study
from tests.registry import Fault, Records, Replica, ReplicaServer
from tests.registry.world import World
from tests.store.deliveries import add_people, subscription
from tests.store.leasing import take

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, TWO = "NCT00000001", "NCT00000002"


@dataclass
class Daily:
    """A registry of two records, and passes over it."""

    replica: Replica
    app: App
    passes: Poller
    stop: threading.Event = field(default_factory=threading.Event)

    def row(self, name: str = "two records") -> SourceRow:
        """Return how the source is doing."""
        with self.app.reader() as reader:
            found = reader.sources.get(name)
        assert found is not None
        return found


def submitted(on: str, nct_id: str, enrollment: int) -> dict[str, Any]:
    """Return a study as the sponsor sent it on a day."""
    document = study(on, nct_id=nct_id, enrollment=enrollment)
    document["protocolSection"]["statusModule"]["lastUpdateSubmitDate"] = on
    return document


@pytest.fixture
def daily(sqlite_url: str, tmp_path: Path) -> Iterator[Daily]:
    """Return a registry that is followed."""
    records = Records()
    for number in (ONE, TWO):
        records.put(submitted("2026-02-20", number, 144), on="2026-03-02")
        records.put(submitted("2026-03-03", number, 240), on="2026-03-03")
    replica = Replica(World(records, day=records.first_day()))
    with ReplicaServer(replica) as server:
        config = tmp_path / "monitor.toml"
        config.write_text(
            f"""
            [store]
            url = "{sqlite_url}"
            [http]
            requests_per_minute = 6000
            retry_attempts = 1
            [daemon]
            failures_before_alarm = 2
            [[source]]
            name = "two records"
            type = "ctgov"
            base_url = "{server.base_url}"
            nct_ids = ["{ONE}", "{TWO}"]
            every = "1h"
            backfill = true
            """
        )
        app = App.configured(config, environ={})
        passes = Poller(app=app, metrics=Metrics(now=app.now))
        yield Daily(replica=replica, app=app, passes=passes)


def test_a_pass_stores_what_the_registry_has_and_says_so(daily: Daily) -> None:
    report = daily.passes.poll("two records", stop=daily.stop)
    assert (report.outcome, report.reason) == ("ok", None)
    assert (report.report.stored, report.report.quarantined) == (2, 0)
    assert report.requests == len(daily.replica.log)
    row = daily.row()
    assert (row.failures, row.last_reason) == (0, None)
    assert row.last_success_at is not None
    assert row.data_timestamp == "2026-03-02T09:00:05"


def test_a_day_without_news_is_one_request(daily: Daily) -> None:
    daily.passes.poll("two records", stop=daily.stop)
    daily.replica.log.clear()
    report = daily.passes.poll("two records", stop=daily.stop)
    assert (report.outcome, report.requests) == ("ok", 1)
    assert [line.asked.path for line in daily.replica.log] == ["/api/v2/version"]


def test_the_log_says_once_that_a_source_fails_and_once_that_it_works_again(
    daily: Daily, capsys: pytest.CaptureFixture[str]
) -> None:
    daily.replica.faults.add(Fault.SERVER_ERROR, times=4)
    outcomes = [daily.passes.poll("two records", stop=daily.stop).outcome for _ in range(4)]
    assert outcomes == ["failed"] * 4
    row = daily.row()
    assert row.failures == 4
    assert "500" in (row.last_reason or "")
    assert row.reported
    log = capsys.readouterr().err
    assert (log.count("source failing"), log.count("source recovered")) == (1, 0)
    assert daily.passes.poll("two records", stop=daily.stop).outcome == "ok"
    assert (daily.row().failures, daily.row().reported) == (0, False)
    assert daily.passes.poll("two records", stop=daily.stop).outcome == "ok"
    log = capsys.readouterr().err
    assert (log.count("source failing"), log.count("source recovered")) == (0, 1)


def test_a_source_fails_since_its_first_failure_not_its_latest(daily: Daily) -> None:
    clock = [NOW]
    passes = Poller(app=replace(daily.app, now=lambda: clock[0]))
    daily.replica.faults.add(Fault.SERVER_ERROR, times=2)
    assert passes.poll("two records", stop=daily.stop).outcome == "failed"
    first = daily.row().last_attempt_at
    clock[0] += timedelta(hours=1)
    assert passes.poll("two records", stop=daily.stop).outcome == "failed"
    row = daily.row()
    assert (row.failures, row.failing_since, row.last_attempt_at) == (2, first, clock[0])


def test_a_pass_that_is_stopped_is_no_failure(daily: Daily) -> None:
    daily.stop.set()
    report = daily.passes.poll("two records", stop=daily.stop)
    assert report.outcome == "stopped"
    with daily.app.reader() as reader:
        assert reader.sources.get("two records") is None
        assert list(reader.trials()) == []


def test_a_pass_under_a_lost_lease_stores_nothing_and_notes_nothing(daily: Daily) -> None:
    with open_store(daily.app.settings.store.url) as opened:
        ours = take(opened, "scheduler", "we")
        take(opened, "scheduler", "they")
    report = daily.passes.poll("two records", stop=daily.stop, lease=ours)
    assert report.outcome == "stopped"
    with daily.app.reader() as reader:
        assert reader.sources.get("two records") is None
        assert list(reader.trials()) == []


def test_a_source_that_is_not_configured_is_refused(daily: Daily) -> None:
    with pytest.raises(ConfigError, match="no source named 'elsewhere'"):
        daily.passes.poll("elsewhere", stop=daily.stop)


def test_what_was_counted_can_be_read_by_prometheus(daily: Daily) -> None:
    daily.passes.poll("two records", stop=daily.stop)
    assert daily.passes.metrics is not None
    text = daily.passes.metrics.exposition().decode()
    assert 'monitor_passes_total{outcome="ok",source="two records"} 1.0' in text
    assert "monitor_versions_total 2.0" in text
    assert 'monitor_events_total{kind="trial_registered"} 2.0' in text
    assert 'status="200"' in text


def test_newly_followed_records_get_their_past_once(daily: Daily) -> None:
    daily.replica.world.advance()
    daily.passes.poll("two records", stop=daily.stop)
    with daily.app.reader() as reader:
        assert len(reader.versions(ONE)) == 1
    (report,) = daily.passes.backfill_due(stop=daily.stop)
    assert (report.source, report.outcome) == ("ctgov_history", "ok")
    with daily.app.reader() as reader:
        versions = reader.versions(ONE)
        events = reader.events(ONE)
    assert [version.backfilled for version in versions] == [True, False]
    kinds = {str(stored.event.kind) for stored in events[versions[1].id]}
    assert "enrollment_target_changed" in kinds
    assert all(stored.backfilled for stored in events[versions[1].id])
    daily.replica.log.clear()
    assert daily.passes.backfill_due(stop=daily.stop) == []
    assert len(daily.replica.log) == 0


def test_a_failing_backfill_does_not_touch_the_source_that_wants_it(daily: Daily) -> None:
    daily.passes.poll("two records", stop=daily.stop)
    daily.replica.faults.add(Fault.SERVER_ERROR, times=1)
    (report,) = daily.passes.backfill_due(stop=daily.stop)
    assert report.outcome == "failed"
    assert daily.row().failures == 0
    assert daily.row("ctgov_history").failures == 1
    (report,) = daily.passes.backfill_due(stop=daily.stop)
    assert report.outcome == "ok"


def subscribe_ana(daily: Daily) -> None:
    """Let ana hear of everything."""
    with open_store(daily.app.settings.store.url) as store, store.transaction() as tx:
        add_people(tx)
        tx.subscribers.put_subscription(subscription(trials=Trials(everything=True)))


def messages(daily: Daily) -> list[str]:
    """Return the kinds of what is on its way, message by message."""
    with daily.app.reader() as reader:
        found = []
        for message in reader.outbox.messages():
            (item,) = reader.outbox.items(message.id)
            (events,) = reader.events(item.nct_id, version_ids=[item.version_id]).values()
            found.append(", ".join(str(events[at].event.kind) for at in item.positions))
        return found


def test_versions_of_the_past_alert_nobody(daily: Daily) -> None:
    subscribe_ana(daily)
    daily.replica.world.advance()
    report = daily.passes.backfill([ONE], stop=daily.stop)
    assert report.report.stored == 2
    assert messages(daily) == []


def test_a_version_that_a_backfill_reads_before_the_next_poll_is_news_once(daily: Daily) -> None:
    daily.passes.poll("two records", stop=daily.stop)
    subscribe_ana(daily)
    daily.replica.world.advance()
    assert daily.passes.backfill([ONE], stop=daily.stop).report.stored == 1
    assert messages(daily) == ["enrollment_target_changed"]
    daily.passes.poll("two records", stop=daily.stop)
    assert messages(daily) == ["enrollment_target_changed"] * 2, "one for each record"


def test_one_process_backfills_at_a_time(daily: Daily, capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSettings(format="json"))
    daily.passes.poll("two records", stop=daily.stop)
    capsys.readouterr()
    with backfill_lease(daily.app, LeaseObserver(), stop=daily.stop):
        daily.replica.log.clear()
        report = daily.passes.backfill([ONE], stop=daily.stop)
    assert report.outcome == "stopped"
    assert f":{os.getpid()}:" in (report.reason or ""), "who has the turn is told"
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["reason"]) == ("backfill waits", report.reason)
    assert report.again_at is not None
    assert timedelta() < report.again_at - daily.app.now() <= timedelta(minutes=2)
    assert len(daily.replica.log) == 0
    assert daily.passes.backfill([ONE], stop=daily.stop).outcome == "ok"


def test_a_backfill_whose_turn_was_taken_ends(daily: Daily) -> None:
    def take_away(_: object) -> None:
        url = daily.app.settings.store.url
        with open_store(url) as store:
            take(store, LEASE, "another:1:a")

    report = daily.passes.backfill([ONE, TWO], stop=daily.stop, on_progress=take_away)
    assert (report.outcome, report.pages) == ("stopped", 0), "not even the page at hand"
    assert "another process" in (report.reason or "")
    assert not daily.stop.is_set()
