"""What is written to the store is what is read from it, on SQLite and on PostgreSQL."""

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest

from monitor.model.coverage import Coverage
from monitor.model.history import LoadedAgain, NewestSighting, Touch, VersionKey
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.store.examples import (
    NCT_ID,
    SEEN,
    add_series,
    add_version,
    document,
    new_version,
    quarantine_entry,
    status_event,
    trial_row,
)

OTHER_ID = "NCT00000002"


def test_a_version_reads_back_as_it_was_written(store_url: str) -> None:
    content = document()
    with open_store(store_url) as store, store.transaction() as transaction:
        snapshot_id = transaction.insert_snapshot(NCT_ID, content, base_snapshot_id=None)
        written = new_version(
            snapshot_id,
            registry_version=3,
            data_date=date(2026, 2, 2),
            coverage=Coverage.all_but([("derivedSection",)]),
            stated_coverage=Coverage.of([("protocolSection", "a")], run_in=[("x", "y")]),
            backfilled=True,
            stated_snapshot_id=snapshot_id,
        )
        version_id = transaction.insert_version(written)
        transaction.put_trial(trial_row(version_id))
    with open_reader(store_url) as reader:
        (read,) = reader.versions(NCT_ID)
        assert read.id == version_id
        for name in type(written).__dataclass_fields__:
            assert getattr(read, name) == getattr(written, name), name
        assert reader.snapshot(snapshot_id) == content
        record = reader.record(read)
        assert (record.overall_status, record.registry_version) == ("RECRUITING", 3)
        assert record.coverage == written.coverage


def test_a_trial_reads_back_as_it_was_put_last(store_url: str) -> None:
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            version_id, _ = add_version(transaction, document())
        changed = trial_row(
            version_id,
            title="Étude",
            overall_status="WITHDRAWN",
            conditions=("Asthma", "COPD"),
            first_start_date="2024-11",
            last_changed=date(2026, 2, 3),
            last_seen_at=SEEN + timedelta(microseconds=1),
        )
        with store.transaction() as transaction:
            transaction.put_trial(changed)
    with open_reader(store_url) as reader:
        assert reader.trial(NCT_ID) == changed
        assert reader.trial(OTHER_ID) is None


def test_events_read_back_in_their_order_and_can_be_replaced(store_url: str) -> None:
    first, second = status_event(after="WITHDRAWN"), status_event(after="x" * 5000)
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            version_id, _ = add_version(transaction, document())
            transaction.replace_events(version_id, NCT_ID, [first], backfilled=False)
            transaction.replace_events(version_id, NCT_ID, [first, second], backfilled=False)
        with open_reader(store_url) as reader:
            events = reader.events(NCT_ID)[version_id]
            assert [stored.event for stored in events] == [first, second]
            assert [stored.position for stored in events] == [0, 1]
            assert {stored.backfilled for stored in events} == {False}
        with store.transaction() as transaction:
            transaction.replace_events(version_id, NCT_ID, [second], backfilled=True)
        with open_reader(store_url) as reader:
            (stored,) = reader.events(NCT_ID, version_ids=[version_id])[version_id]
            assert (stored.event, stored.backfilled) == (second, True)
            assert reader.events(OTHER_ID) == {}


def test_versions_are_ordered_by_their_keys_whatever_the_order_of_arrival(store_url: str) -> None:
    early, late = SEEN, SEEN + timedelta(hours=1)
    keys = [
        VersionKey(version_date=date(2026, 2, 1), registry_version=9, retrieved_at=late),
        VersionKey(version_date=date(2026, 2, 2), registry_version=1, retrieved_at=late),
        VersionKey(version_date=date(2026, 2, 2), retrieved_at=early),
        VersionKey(version_date=date(2026, 2, 2), retrieved_at=late),
        VersionKey(version_date=date(2026, 2, 2), data_date=date(2026, 2, 3), retrieved_at=early),
        VersionKey(version_date=date(2026, 2, 2), data_date=date(2026, 2, 4), retrieved_at=early),
    ]
    assert keys == sorted(keys)
    with open_store(store_url) as store, store.transaction() as transaction:
        for key in (keys[3], keys[0], keys[5], keys[2], keys[4], keys[1]):
            add_version(
                transaction,
                document(),
                version_date=key.version_date,
                registry_version=key.registry_version,
                data_date=key.data_date,
                retrieved_at=key.retrieved_at,
            )
        assert [v.first_key for v in transaction.histories([NCT_ID])[NCT_ID].versions] == keys
        assert transaction.latest([NCT_ID, OTHER_ID])[NCT_ID].first_key == keys[-1]
        assert transaction.latest([OTHER_ID]) == {}
    with open_reader(store_url) as reader:
        assert [version.first_key for version in reader.versions(NCT_ID)] == keys


def test_a_raw_slice_is_known_by_its_first_and_its_last_observation(store_url: str) -> None:
    first, last, unseen = (sha256(name).digest() for name in (b"first", b"last", b"unseen"))
    with open_store(store_url) as store, store.transaction() as transaction:
        version_id, _ = add_version(transaction, document(), raw_sha256=first, last_raw_sha256=last)
        assert transaction.known_raw([first, last, unseen]) == dict.fromkeys(
            (first, last), version_id
        )
        assert transaction.known_raw([]) == {}


def test_of_two_versions_seen_as_one_slice_the_later_stored_is_known(store_url: str) -> None:
    raw = sha256(b"raw").digest()
    with open_store(store_url) as store, store.transaction() as transaction:
        add_version(transaction, document(), raw_sha256=raw, last_raw_sha256=raw)
        again, _ = add_version(transaction, document(), day=2, raw_sha256=raw, last_raw_sha256=raw)
        assert transaction.known_raw([raw]) == {raw: again}


def test_a_later_load_moves_the_last_sight_of_the_newest_version_alone(store_url: str) -> None:
    raw, later = sha256(b"raw").digest(), SEEN + timedelta(days=9)
    loads: dict[str, Any] = {"data_date": date(2026, 2, 3), "last_data_date": date(2026, 2, 4)}
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            add_version(transaction, document())
            newest, _ = add_version(transaction, document(), day=2, **loads)
            other, _ = add_version(transaction, document(OTHER_ID), OTHER_ID, day=5)
        with store.transaction() as transaction:
            assert transaction.newest_sightings([]) == {}
            before = transaction.newest_sightings([NCT_ID, OTHER_ID, "NCT00000003"])
            transaction.load_again([LoadedAgain(newest, date(2026, 2, 20), later, raw)])
            transaction.load_again([])
            after = transaction.newest_sightings([NCT_ID])[NCT_ID]
    assert before.keys() == {NCT_ID, OTHER_ID}
    assert (before[OTHER_ID].version_id, before[OTHER_ID].last_data_date) == (other, None)
    assert after == before[NCT_ID]._replace(last_data_date=date(2026, 2, 20), last_raw_sha256=raw)
    with open_reader(store_url) as reader:
        older, latest = reader.versions(NCT_ID)
        assert (latest.last_data_date, latest.last_retrieved_at) == (date(2026, 2, 20), later)
        assert (latest.last_raw_sha256, latest.last_version_date) == (raw, date(2026, 2, 2))
        assert before[NCT_ID] == NewestSighting(
            newest, False, None, date(2026, 2, 3), latest.raw_sha256, date(2026, 2, 4),
            latest.raw_sha256, latest.stated_sha256, latest.content_sha256,
        )  # fmt: skip
        assert older.last_retrieved_at < later
        trials = {trial.nct_id: trial.last_seen_at for trial in reader.trials()}
        assert trials[NCT_ID] == later > trials[OTHER_ID]


def test_a_last_sight_on_the_day_of_its_load_is_dated_by_it(store_url: str) -> None:
    day = date(2026, 2, 4)
    with open_store(store_url) as store, store.transaction() as transaction:
        add_version(
            transaction, document(), data_date=day, last_data_date=day, last_version_date=day
        )
        assert transaction.newest_sightings([NCT_ID])[NCT_ID].is_dated_by_load


def test_a_touch_extends_the_interval_and_moves_last_seen_forward_only(store_url: str) -> None:
    earlier = VersionKey(
        version_date=date(2026, 1, 31), registry_version=1, retrieved_at=SEEN - timedelta(days=9)
    )
    later = VersionKey(
        version_date=date(2026, 2, 5),
        data_date=date(2026, 2, 6),
        retrieved_at=SEEN + timedelta(days=9),
    )
    first_raw, last_raw = sha256(b"a").digest(), sha256(b"b").digest()
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            one, _ = add_version(transaction, document())
            two, _ = add_version(transaction, document(OTHER_ID), OTHER_ID)
        before = SEEN - timedelta(days=1)
        with store.transaction() as transaction:
            transaction.touch(
                [
                    Touch(
                        version_id=one,
                        first_key=earlier,
                        raw_sha256=first_raw,
                        seen_at=later.retrieved_at,
                    ),
                    Touch(version_id=one, last_key=later, last_raw_sha256=last_raw, seen_at=SEEN),
                    Touch(version_id=two, last_key=later, seen_at=before),
                ]
            )
            transaction.touch([])
    with open_reader(store_url) as reader:
        (first,), (second,) = reader.versions(NCT_ID), reader.versions(OTHER_ID)
        assert (first.first_key, first.last_key) == (earlier, later)
        assert (first.raw_sha256, first.last_raw_sha256) == (first_raw, last_raw)
        assert second.last_key == later
        assert second.last_raw_sha256 == second.raw_sha256
        trials = {trial.nct_id: trial.last_seen_at for trial in reader.trials()}
        assert trials == {NCT_ID: later.retrieved_at, OTHER_ID: SEEN}


def test_a_version_can_be_laid_anew(store_url: str) -> None:
    stated = Coverage.of([("protocolSection", "statusModule", "overallStatus")])
    with open_store(store_url) as store, store.transaction() as transaction:
        version_id, _ = add_version(
            transaction, document(), coverage=stated, stated_coverage=stated
        )
        laid = transaction.insert_snapshot(NCT_ID, document(sites=3), base_snapshot_id=None)
        transaction.update_version(
            version_id, snapshot_id=laid, coverage=Coverage.complete(), origin="elsewhere"
        )
    with open_reader(store_url) as reader:
        (version,) = reader.versions(NCT_ID)
    assert version.snapshot_id == laid
    assert version.coverage == Coverage.complete()
    assert version.stated_coverage == stated
    assert version.origin == "elsewhere"


def test_a_version_keeps_its_trial_and_id(store_url: str) -> None:
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            version_id, _ = add_version(transaction, document())
        for column in ("nct_id", "id", "colour"):
            with store.transaction() as transaction, pytest.raises(TypeError, match=column):
                transaction.update_version(version_id, **{column: 1})


def test_quarantined_input_of_a_place_is_closed_unless_it_was_seen_since(store_url: str) -> None:
    with open_store(store_url) as store, store.transaction() as transaction:
        assert transaction.close_quarantined(["a.json"], before=SEEN + timedelta(hours=1)) == 0
        for origin in ("a.json", "a.json:2", "b.json"):
            transaction.quarantine(quarantine_entry(origin=origin))
        assert transaction.close_quarantined(["a.json", "b.json"], before=SEEN) == 0
        assert (
            transaction.close_quarantined(["a.json", "no.json"], before=SEEN + timedelta(hours=1))
            == 1
        )
        assert [row.origin for row in transaction.quarantine_entries()] == ["a.json:2", "b.json"]


def test_quarantined_input_is_kept_once_and_can_be_shown_and_removed(store_url: str) -> None:
    content = b'{"nctId":' * 1000
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            transaction.quarantine(quarantine_entry(content, size=10**10))
            transaction.quarantine(quarantine_entry(content, origin="other.json"))
            again = quarantine_entry(content, seen_at=SEEN + timedelta(days=1), reason="still")
            transaction.quarantine(again)
        with open_reader(store_url) as reader:
            first, second = reader.quarantine()
            assert (first.origin, second.origin) == ("records.jsonl:7", "other.json")
            assert (first.first_seen_at, first.last_seen_at) == (SEEN, SEEN + timedelta(days=1))
            assert (first.reason, first.content, first.size) == ("still", None, 10**10)
            shown = reader.quarantine_entry(first.id)
            assert shown is not None
            assert shown.content == content
            assert reader.quarantine_entry(10_000) is None
        with store.transaction() as transaction:
            assert transaction.quarantine_entries(first.id)[0].content == content
            assert transaction.remove_quarantined(first.id)
            assert not transaction.remove_quarantined(first.id)
            assert [row.origin for row in transaction.quarantine_entries()] == ["other.json"]
            assert transaction.quarantine_entries(first.id) == []


def test_trials_are_listed_by_nct_id_and_found_by_the_date_of_their_last_news(
    store_url: str,
) -> None:
    with open_store(store_url) as store, store.transaction() as transaction:
        two, _ = add_version(transaction, document(OTHER_ID), OTHER_ID)
        one, _ = add_version(transaction, document())
        rows = [
            trial_row(one, lead_sponsor="Hôpital Général", overall_status=None),
            trial_row(
                two,
                OTHER_ID,
                conditions=("Asthma", "Sjögren's Disease"),
                last_changed=date(2026, 2, 3),
            ),
        ]
        for row in reversed(rows):
            transaction.put_trial(row)
    with open_reader(store_url) as reader:
        assert reader.trials() == rows
        assert reader.trials(changed_since=date(2026, 2, 3)) == rows[1:]
        assert reader.trials(changed_since=date(2026, 2, 4)) == []


def test_counts_tell_how_much_there_is(store_url: str) -> None:
    with open_store(store_url) as store:
        add_series(store, [document(), document(status="COMPLETED")])
        with store.transaction() as transaction:
            transaction.quarantine(quarantine_entry())
    with open_reader(store_url) as reader:
        counts = reader.counts()
    assert (counts["trials"], counts["versions"], counts["events"]) == (1, 2, 0)
    assert counts["quarantine"] == 1
    assert counts["store_bytes"] > counts["snapshot_bytes"] > 100


def test_text_that_a_database_cannot_hold_does_not_stop_a_pass(store_url: str) -> None:
    with open_store(store_url) as store, store.transaction() as transaction:
        version_id, _ = add_version(transaction, document(), origin="bad\udcff name\0.json")
        transaction.put_trial(trial_row(version_id, title="a\0b", conditions=("c\0d",)))
        transaction.quarantine(quarantine_entry(origin="bad\udcff", reason="found \0"))
    with open_reader(store_url) as reader:
        trial = reader.trial(NCT_ID)
        assert trial is not None
        assert (trial.title, trial.conditions) == (
            "a\N{REPLACEMENT CHARACTER}b",
            ("c\N{REPLACEMENT CHARACTER}d",),
        )
        assert reader.versions(NCT_ID)[0].origin == "bad? name\N{REPLACEMENT CHARACTER}.json"


def test_a_failed_transaction_leaves_nothing_behind(store_url: str) -> None:
    def fail_half_way(store: StoreWriter) -> None:
        with store.transaction() as transaction:
            add_version(transaction, document())
            raise KeyError

    with open_store(store_url) as store:
        with pytest.raises(KeyError):
            fail_half_way(store)
        with store.transaction() as transaction:
            assert transaction.latest([NCT_ID]) == {}
    with open_reader(store_url) as reader:
        assert reader.trials() == []
        assert reader.counts()["versions"] == 0
