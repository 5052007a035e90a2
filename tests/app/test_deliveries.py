"""Deliveries by a configuration: ingest, what is due, and each channel by itself."""

import os
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from monitor.app.metrics import Metrics
from monitor.app.policies import policy_of
from monitor.app.polling import Poller
from monitor.deliver import Report
from monitor.deliver.claims import WORKER
from monitor.errors import ConfigError
from monitor.model.messages import MessageState
from monitor.model.subscriptions import SubscriptionStatus
from monitor.store.lease_process import this_process
from monitor.store.writer import open_store
from tests.app.test_passes import ONE, submitted
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.deliver.rig import HOUR
from tests.ingest.world import NOON, study
from tests.registry import Records, Replica, ReplicaServer
from tests.registry.world import World
from tests.store.leasing import claim, lose_worker

STOP = threading.Event()


@pytest.fixture
def monitored(sqlite_url: str, tmp_path: Path) -> Monitored:
    """Return a monitor with two folders: ana's, and ben's hourly one."""
    made = Monitored(tmp_path, sqlite_url)
    made.configure(
        folder_channel(tmp_path, "ana-box"),
        folder_channel(tmp_path, "ben-box"),
        subscription("ana", "ana-box"),
        subscription("ben", "ben-box", when="hourly"),
    )
    made.begin()
    return made


def test_what_is_ingested_is_delivered_to_those_who_asked(monitored: Monitored) -> None:
    monitored.change(2)
    deliveries = monitored.deliveries()
    assert deliveries.due() == ["ana-box"]
    report = deliveries.deliver_due(stop=STOP)
    assert report.channels == {"ana-box": Report(sent=2)}
    assert [subject.partition(":")[0] for subject in monitored.subjects("ana-box")] == [
        "Enrollment target 100 → 101 (+1%)",
        "Enrollment target 101 → 102 (+1%)",
    ]
    assert deliveries.due() == []
    monitored.clock.at = NOON + HOUR
    assert deliveries.deliver_due(stop=STOP).channels == {"ben-box": Report(sent=1)}
    assert monitored.got("ben-box")[0]["counts"]["changes"] == 2


def test_who_ingests_without_alerts_tells_nobody(monitored: Monitored) -> None:
    monitored.ingest(study("2026-02-09", enrollment=240), alerts=False)
    assert monitored.deliveries().deliver_due(stop=STOP).channels == {}


def test_a_broken_channel_does_not_keep_the_others_back(monitored: Monitored) -> None:
    monitored.configure(
        folder_channel(monitored.folder, "ana-box"),
        folder_channel(monitored.folder, "ben-box"),
        subscription("ana", "ana-box"),
        subscription("ben", "ben-box"),
    )
    (monitored.folder / "ana-box").write_text("a file where the folder should be")
    monitored.change()
    report = monitored.deliveries().deliver_due(stop=STOP)
    assert report.channels == {"ana-box": Report(retried=1), "ben-box": Report(sent=1)}
    assert report.total == Report(sent=1, retried=1)


def test_a_channel_that_left_the_configuration_leaves_dead_letters(monitored: Monitored) -> None:
    monitored.change()
    monitored.configure(folder_channel(monitored.folder, "ben-box"))
    assert monitored.deliveries().deliver_due(stop=STOP).channels == {"ana-box": Report(dead=1)}
    with monitored.app.reader() as reader:
        (dead,) = reader.outbox.messages(state=MessageState.DEAD)
    assert dead.last_error == "no channel 'ana-box' is configured any more"


def test_a_resting_channel_is_not_due(monitored: Monitored) -> None:
    monitored.configure(
        folder_channel(monitored.folder, "ana-box"),
        subscription("ana", "ana-box"),
        breaker_failures=1,
        breaker_rest_s=60,
        backoff_initial_s=1,
        backoff_max_s=1,
    )
    (monitored.folder / "ana-box").write_text("a file where the folder should be")
    monitored.change()
    monitored.deliveries().deliver_due(stop=STOP)
    monitored.clock.move(seconds=59)
    assert monitored.deliveries().due() == []
    (monitored.folder / "ana-box").unlink()
    monitored.clock.move(seconds=1)
    assert monitored.deliveries().deliver_due(stop=STOP).total == Report(sent=1)


def test_what_a_dead_process_was_sending_is_due_once_its_lease_is_lost(
    monitored: Monitored,
) -> None:
    monitored.change()
    with open_store(monitored.url) as store, store.transaction() as tx:
        claim(tx, "gone", now=monitored.clock.at, limit=10)
    deliveries = monitored.deliveries()
    assert deliveries.due() == []
    monitored.clock.move(days=2)
    assert "ana-box" not in deliveries.due(), "no clock on the wall ends a lease"
    with open_store(monitored.url) as store, store.transaction() as tx:
        lose_worker(tx, "gone")
    assert "ana-box" in deliveries.due()


def test_a_process_that_delivers_once_observes_a_silent_one_and_sends_what_it_left(
    monitored: Monitored,
) -> None:
    monitored.change()
    with open_store(monitored.url) as store, store.transaction() as tx:
        gone = tx.leases.take(WORKER + "gone", "gone", ttl_s=0.6, now=monitored.clock.at)
        assert gone is not None
        assert len(tx.outbox.claim(gone, now=monitored.clock.at, limit=10)) == 1
    report = monitored.deliveries().deliver_due(stop=STOP)
    assert report.channels == {"ana-box": Report(sent=1)}


def test_a_process_that_delivers_once_leaves_a_living_one_alone(monitored: Monitored) -> None:
    monitored.change()
    with open_store(monitored.url) as store, store.transaction() as tx:
        living = tx.leases.take(
            WORKER + "living", "living", ttl_s=600, now=monitored.clock.at, process=this_process()
        )
        assert living is not None
        assert len(tx.outbox.claim(living, now=monitored.clock.at, limit=10)) == 1
    assert monitored.deliveries().deliver_due(stop=STOP).channels == {}


def test_an_empty_digest_comes_in_time_to_who_asked_for_it(monitored: Monitored) -> None:
    monitored.configure(
        folder_channel(monitored.folder, "ana-box"),
        subscription("ana", "ana-box", when="hourly") + "send_empty = true\n",
    )
    deliveries = monitored.deliveries()
    for hours in (1, 2):
        deliveries.deliver_due(stop=STOP)
        monitored.clock.at = NOON + hours * HOUR
        assert deliveries.deliver_due(stop=STOP).total == Report(sent=1)
    assert [one["counts"]["changes"] for one in monitored.got("ana-box")] == [0, 0]
    monitored.clock.move(minutes=1)
    monitored.change()
    monitored.clock.at = NOON + 3 * HOUR
    assert deliveries.deliver_due(stop=STOP).total == Report(sent=1)
    assert monitored.got("ana-box")[-1]["counts"]["changes"] == 1


def asking(name: str, when: str) -> str:
    """Return the table of a subscription of ana that wants empty digests too."""
    table = subscription("ana", "ana-box", when=when).replace('"mine"', f'"{name}"')
    return f"{table}send_empty = true\n"


def cutoffs(monitored: Monitored) -> list[datetime | None]:
    """Return when the digests end that are there, the newest first."""
    with monitored.app.reader() as reader:
        return [message.cutoff for message in reader.outbox.messages()]


@pytest.mark.parametrize("whens", [("hourly", "daily 08:00"), ("daily 08:00", "hourly")])
def test_of_several_empty_digests_by_one_channel_the_next_is_made(
    monitored: Monitored, whens: Sequence[str]
) -> None:
    tables = [asking(f"at-{number}", when) for number, when in enumerate(whens)]
    monitored.configure(folder_channel(monitored.folder, "ana-box"), *tables)
    monitored.deliveries().prepare()
    assert cutoffs(monitored) == [NOON + HOUR]


def test_who_asks_for_empty_digests_meanwhile_gets_them_until_that_is_paused(
    monitored: Monitored,
) -> None:
    deliveries = monitored.deliveries()
    deliveries.prepare()
    assert cutoffs(monitored) == []
    monitored.configure(folder_channel(monitored.folder, "ana-box"), asking("late", "hourly"))
    with monitored.app.reader() as reader:  # which brings the store in line with the file
        assert (
            len(
                reader.subscribers.subscriptions(subscriber="ana", status=SubscriptionStatus.ACTIVE)
            )
            == 1
        )
    deliveries.prepare()
    assert cutoffs(monitored) == [NOON + HOUR]
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.subscribers.set_status("ana", "late", SubscriptionStatus.PAUSED)
    monitored.clock.at = NOON + HOUR
    deliveries.prepare()
    assert cutoffs(monitored) == [NOON + HOUR]


def test_a_secret_that_is_not_there_is_told_before_anything_is_delivered(
    monitored: Monitored,
) -> None:
    monitored.configure('[[channel]]\nname = "s"\ntype = "slack"\nurl = "${SLACK_URL}"\n')
    with pytest.raises(ConfigError, match="SLACK_URL"):
        monitored.deliveries()


def test_what_is_configured_is_the_policy(monitored: Monitored) -> None:
    slow = folder_channel(monitored.folder, "ana-box") + "per_minute = 6\ngroup_above = 9\n"
    monitored.configure(slow, attempts=3, backoff_initial_s=7, lease_s=50)
    policy = policy_of(monitored.app.settings, "ana-box")
    assert (
        policy.delivery.attempts,
        policy.delivery.lease_s,
        policy.per_minute,
        policy.claim_limit,
    ) == (3, 50, 6, 5)
    assert policy.group_above == 9
    again = policy.retry_at(1, now=NOON, jitter=1.0)
    assert again == NOON + timedelta(seconds=7)
    assert policy_of(monitored.app.settings, "gone").per_minute == 0


def test_the_policy_of_a_channel_goes_by_the_settings_themselves(monitored: Monitored) -> None:
    settings = monitored.app.settings
    policy = policy_of(settings, "ana-box")
    assert policy.delivery is settings.delivery
    assert policy.channel is settings.channels[0]


def test_deliveries_are_counted_for_prometheus(monitored: Monitored) -> None:
    metrics = Metrics(now=monitored.clock.now)
    metrics.delivery("ana-box", "sent")
    metrics.channels(
        {"ana-box": monitored.clock.at - timedelta(seconds=90), "ben-box": None}, {"ben-box"}
    )
    text = metrics.exposition().decode()
    assert 'monitor_deliveries_total{channel="ana-box",outcome="sent"} 1.0' in text
    assert 'monitor_delivery_oldest_due_age_seconds{channel="ana-box"} 90.0' in text
    assert 'monitor_delivery_oldest_due_age_seconds{channel="ben-box"} 0.0' in text
    assert 'monitor_channel_paused{channel="ben-box"} 1.0' in text


def test_a_pass_over_a_source_puts_its_news_into_the_outbox(monitored: Monitored) -> None:
    inbox = monitored.folder / "inbox"
    inbox.mkdir()
    source = f'[[source]]\nname = "inbox"\ntype = "files"\npath = "{inbox}"\nevery = "1h"\n'
    monitored.configure(
        source, folder_channel(monitored.folder, "ana-box"), subscription("ana", "ana-box")
    )
    passes = Poller(app=monitored.app)
    monitored.clock.move(minutes=1)
    passes.poll("inbox", stop=STOP)  # what lies there at the beginning is no news
    (inbox / "new.json").write_bytes(orjson.dumps(study("2026-02-10", enrollment=300)))
    written = NOON.timestamp() - 3600  # long enough ago to be whole
    os.utime(inbox / "new.json", (written, written))
    for _ in range(2):  # the first look only sees that it is there
        assert passes.poll("inbox", stop=STOP).outcome == "ok"
        monitored.clock.move(minutes=1)
    assert monitored.deliveries().due() == ["ana-box"]


def test_the_past_that_is_filled_in_is_told_to_nobody(monitored: Monitored) -> None:
    records = Records()
    records.put(submitted("2026-02-20", ONE, 144), on="2026-03-02")
    records.put(submitted("2026-03-03", ONE, 240), on="2026-03-03")
    replica = Replica(World(records, day=records.first_day()))
    replica.world.advance()
    with ReplicaServer(replica) as server:
        source = (
            f'[[source]]\nname = "registry"\ntype = "ctgov"\nbase_url = "{server.base_url}"\n'
            f'nct_ids = ["{ONE}"]\nevery = "1h"\n[http]\nrequests_per_minute = 6000\n'
        )
        everything = '[[subscription]]\nname = "all"\nsubscriber = "ana"\nall = true\n'
        box = folder_channel(monitored.folder, "ana-box")
        monitored.configure(source, box, everything + 'channels = "ana-box"\n')
        passes = Poller(app=monitored.app)
        report = passes.backfill([ONE], stop=STOP)
        assert (report.outcome, report.report.stored) == ("ok", 2)
        assert monitored.deliveries().due() == []
        passes.poll("registry", stop=STOP)
    with monitored.app.reader() as reader:
        assert reader.outbox.counts() == {}
