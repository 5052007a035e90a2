"""What a store keeps of followed sources: how they do, what they remember, whom they show."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.errors import StoreError
from monitor.model.tracking import Presence, Sighting, SourceRow, StoreCounts, TrackedRecord
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.store.examples import (
    NCT_ID,
    SEEN,
    add_series,
    document,
    quarantine_entry,
    status_event,
)
from tests.store.test_snapshots import run_sql

SOURCE = "car-t in lupus"
LATER = SEEN + timedelta(hours=1)


def nct(number: int) -> str:
    return f"NCT{number:08d}"


def follow(
    store: StoreWriter,
    *sights: Sighting,
    pass_number: int = 1,
    at: datetime = SEEN,
    source: str = SOURCE,
) -> None:
    with store.transaction() as transaction:
        transaction.sources.follow(source, sights, pass_number=pass_number, at=at)


def followed(url: str) -> list[TrackedRecord]:
    with open_reader(url) as reader:
        return reader.sources.tracked_records(SOURCE)


def test_how_a_source_is_doing_is_kept_whole_and_replaced_whole(store_url: str) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    failing = SourceRow(
        name=SOURCE,
        type="ctgov",
        last_attempt_at=LATER,
        last_success_at=SEEN,
        next_due_at=datetime(2026, 2, 20, 0, 30, 0, 7, tzinfo=east),
        failures=3,
        failing_since=SEEN,
        last_reason="the registry said \0 503",
        reported=True,
        data_timestamp="2026-02-19T09:00:05",
        cursor="posted 2026-02-18, page 137",
    )
    well = SourceRow(name="drop box", type="files")
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            transaction.sources.store_row(well)
            transaction.sources.store_row(failing)
            assert transaction.sources.get("drop box") == well
            assert transaction.sources.get("another") is None
        with open_reader(store_url) as reader:
            kept = reader.sources.get(SOURCE)
            assert kept is not None
            assert kept.last_reason == "the registry said \N{REPLACEMENT CHARACTER} 503"
            assert kept.next_due_at == datetime(2026, 2, 19, 19, 0, 0, 7, tzinfo=UTC)
            assert kept.next_due_at.tzinfo is UTC
            assert reader.sources.all() == [kept, well]
            assert reader.sources.get("another") is None
        recovered = SourceRow(name=SOURCE, type="ctgov", last_success_at=LATER)
        with store.transaction() as transaction:
            transaction.sources.store_row(recovered)
    with open_reader(store_url) as reader:
        assert reader.sources.all() == [recovered, well]


def test_a_state_is_kept_for_the_source_and_for_each_subject(store_url: str) -> None:
    state = {"token": "a\0b ☃", "page": 137, "ids": [NCT_ID], "ratio": 0.5, "more": {"on": None}}
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            transaction.sources.put_state(SOURCE, "", {"page": 136}, at=SEEN)
            transaction.sources.put_state(SOURCE, NCT_ID, {"left": [3, 2]}, at=SEEN)
            transaction.sources.put_state("another", "", {}, at=SEEN)
        with store.transaction() as transaction:
            transaction.sources.put_state(SOURCE, "", state, at=LATER)
    with open_reader(store_url) as reader:
        assert reader.sources.state(SOURCE) == state
        assert reader.sources.state(SOURCE, NCT_ID) == {"left": [3, 2]}
        assert reader.sources.state(SOURCE, "NCT00000099") is None
        assert reader.sources.states(SOURCE) == {"": state, NCT_ID: {"left": [3, 2]}}
        assert reader.sources.states("another") == {"": {}}
        assert reader.sources.states("a third") == {}


def test_a_state_moves_only_with_what_it_came_with(store_url: str) -> None:
    def fail(store: StoreWriter) -> None:
        with store.transaction() as transaction:
            transaction.sources.put_state(SOURCE, "", {"page": 2}, at=SEEN)
            transaction.sources.follow(SOURCE, [Sighting(nct_id=NCT_ID)], pass_number=1, at=SEEN)
            raise KeyError

    with open_store(store_url) as store:
        with store.transaction() as transaction:
            transaction.sources.put_state(SOURCE, "", {"page": 1}, at=SEEN)
        with pytest.raises(KeyError):
            fail(store)
    with open_reader(store_url) as reader:
        assert reader.sources.state(SOURCE) == {"page": 1}
    assert followed(store_url) == []


def test_a_state_that_is_no_json_is_the_callers_mistake(sqlite_url: str) -> None:
    def write(store: StoreWriter) -> None:
        with store.transaction() as transaction:
            transaction.sources.put_state(SOURCE, "", {"when": {1, 2}}, at=SEEN)

    with open_store(sqlite_url) as store, pytest.raises(TypeError):
        write(store)


def test_a_time_without_a_zone_is_the_callers_mistake_here_too(store_url: str) -> None:
    naive = datetime(2026, 2, 1)  # noqa: DTZ001  # the mistake
    with open_store(store_url) as store, pytest.raises(ValueError, match="time zone"):
        follow(store, Sighting(nct_id=NCT_ID), at=naive)


def test_a_record_is_followed_since_its_first_sight(store_url: str) -> None:
    merged = Sighting(nct_id=nct(2), presence=Presence.MERGED, merged_into=nct(9))
    with open_store(store_url) as store:
        follow(store, Sighting(nct_id=nct(1)), merged)
        follow(store, Sighting(nct_id=nct(1), presence=Presence.GONE), pass_number=2, at=LATER)
        follow(store, Sighting(nct_id=nct(2)), pass_number=2, at=LATER)
        follow(store, Sighting(nct_id=nct(1)), source="another")
    one, two = followed(store_url)
    assert one == TrackedRecord(
        source=SOURCE, nct_id=nct(1), presence=Presence.GONE, merged_into=None, pass_number=2,
        since=SEEN,
    )  # fmt: skip
    assert (two.presence, two.merged_into, two.since) == (Presence.SHOWN, None, SEEN)


def test_a_merged_record_tells_into_which(store_url: str) -> None:
    merged = Sighting(nct_id=nct(2), presence=Presence.MERGED, merged_into=nct(9))
    stray = Sighting(nct_id=nct(3), presence=Presence.GONE, merged_into=nct(9))
    with open_store(store_url) as store:
        follow(store, merged, stray)
    assert [record.merged_into for record in followed(store_url)] == [nct(9), None]


@pytest.mark.parametrize("among", ["shown", "gone", "merged", "later", "new"])
def test_records_shown_again_are_noted_whatever_is_among_them(store_url: str, among: str) -> None:
    odd = nct(4)
    before = {
        "gone": Sighting(nct_id=odd, presence=Presence.GONE),
        "merged": Sighting(nct_id=odd, presence=Presence.MERGED, merged_into=nct(9)),
    }
    again = [Sighting(nct_id=nct(number)) for number in (5, 1, 4, 2, 1)]
    with open_store(store_url) as store:
        follow(store, *(Sighting(nct_id=nct(number)) for number in (1, 2, 3, 5)))
        if among != "new":
            first = 9 if among == "later" else 1
            follow(store, before.get(among, Sighting(nct_id=odd)), pass_number=first)
        follow(store, *again, pass_number=2, at=LATER)
    passes = {record.nct_id: record.pass_number for record in followed(store_url)}
    assert passes == {nct(1): 2, nct(2): 2, nct(3): 1, odd: 9 if among == "later" else 2, nct(5): 2}
    for record in followed(store_url):
        assert (record.presence, record.merged_into) == (Presence.SHOWN, None)
        new = among == "new" and record.nct_id == odd
        assert record.since == (LATER if new else SEEN)


def test_a_pass_number_never_goes_down(store_url: str) -> None:
    with open_store(store_url) as store:
        follow(store, Sighting(nct_id=NCT_ID), pass_number=7)
        follow(store, Sighting(nct_id=NCT_ID), pass_number=6)
    assert [record.pass_number for record in followed(store_url)] == [7]


@pytest.mark.parametrize("before", list(Presence))
def test_asking_in_vain_takes_back_no_sight(store_url: str, before: Presence) -> None:
    into = nct(9) if before is Presence.MERGED else None
    with open_store(store_url) as store:
        follow(store, Sighting(nct_id=NCT_ID, presence=before, merged_into=into))
        follow(store, Sighting(nct_id=NCT_ID, presence=Presence.UNKNOWN), pass_number=2)
    [record] = followed(store_url)
    assert (record.presence, record.merged_into, record.pass_number) == (before, into, 2)


def test_an_unknown_record_may_turn_up(store_url: str) -> None:
    with open_store(store_url) as store:
        follow(store, Sighting(nct_id=NCT_ID, presence=Presence.UNKNOWN))
        follow(store, Sighting(nct_id=NCT_ID), pass_number=2)
    assert [record.presence for record in followed(store_url)] == [Presence.SHOWN]


def test_of_two_sights_on_one_page_the_later_counts(store_url: str) -> None:
    with open_store(store_url) as store:
        follow(store, Sighting(nct_id=NCT_ID), Sighting(nct_id=NCT_ID, presence=Presence.GONE))
        follow(store)
    assert [record.presence for record in followed(store_url)] == [Presence.GONE]


def test_followed_records_come_in_order_and_by_pieces(store_url: str) -> None:
    with open_store(store_url) as store:
        follow(store, *(Sighting(nct_id=nct(number)) for number in (5, 3, 1, 4, 2)))
        follow(store, Sighting(nct_id=nct(0)), source="another")
        follow(store, Sighting(nct_id=nct(2)), Sighting(nct_id=nct(5)), pass_number=2)
        follow(store, Sighting(nct_id=nct(3), presence=Presence.GONE), pass_number=2)
    with open_reader(store_url) as reader:

        def found(**tests: object) -> list[str]:
            records = reader.sources.tracked_records(SOURCE, **tests)  # type: ignore[arg-type]
            return [record.nct_id for record in records]

        assert found() == [nct(number) for number in (1, 2, 3, 4, 5)]
        assert found(limit=2) == [nct(1), nct(2)]
        assert found(after=nct(2), limit=2) == [nct(3), nct(4)]
        assert found(unseen_in=2) == [nct(1), nct(4)]
        assert found(unseen_in=2, after=nct(1)) == [nct(4)]
        assert found(unseen_in=1) == []
        assert found(presence=Presence.GONE) == [nct(3)]
        assert found(presence=Presence.SHOWN, unseen_in=2) == [nct(1), nct(4)]
        assert reader.sources.tracked_records("a third") == []


def test_records_are_counted_by_pass_and_by_how_they_are_shown(store_url: str) -> None:
    with open_store(store_url) as store:
        follow(store, *(Sighting(nct_id=nct(number)) for number in range(1, 6)))
        follow(store, Sighting(nct_id=nct(2)), Sighting(nct_id=nct(5)), pass_number=2)
        gone = Sighting(nct_id=nct(3), presence=Presence.GONE)
        unknown = Sighting(nct_id=nct(8), presence=Presence.UNKNOWN)
        follow(store, gone, unknown, pass_number=2)
        follow(store, Sighting(nct_id=nct(1)), source="another")
    with open_reader(store_url) as reader:
        assert reader.sources.seen_in(SOURCE, 1) == 2
        assert reader.sources.seen_in(SOURCE, 2) == 2
        assert reader.sources.seen_in(SOURCE, 3) == 0
        assert reader.sources.followed_counts() == {
            SOURCE: {Presence.SHOWN: 4, Presence.GONE: 1, Presence.UNKNOWN: 1},
            "another": {Presence.SHOWN: 1},
        }


def test_a_record_can_be_followed_no_longer(store_url: str) -> None:
    with open_store(store_url) as store:
        add_series(store, [document()])
        follow(store, *(Sighting(nct_id=nct(number)) for number in (1, 2, 3)))
        follow(store, Sighting(nct_id=nct(1)), source="another")
        with store.transaction() as transaction:
            transaction.sources.unfollow(SOURCE, [nct(1), nct(3), nct(7)])
            transaction.sources.unfollow(SOURCE, [])
    assert [record.nct_id for record in followed(store_url)] == [nct(2)]
    with open_reader(store_url) as reader:
        assert reader.sources.followed_counts()["another"] == {Presence.SHOWN: 1}
        assert reader.trial(nct(1)) is not None


def test_a_reader_counts_what_the_store_holds(store_url: str) -> None:
    with open_store(store_url) as store:
        add_series(store, [document(), document(status="COMPLETED")])
        with store.transaction() as transaction:
            transaction.quarantine(quarantine_entry())
            latest = transaction.latest([NCT_ID])[NCT_ID]
            transaction.replace_events(latest.id, NCT_ID, [status_event()] * 3, backfilled=False)
    with open_reader(store_url) as reader:
        counts = reader.sources.counts()
        held = reader.counts()["store_bytes"]
    assert counts.size_bytes is not None
    assert 10_000 < counts.size_bytes <= held
    assert counts == StoreCounts(
        trials=1, versions=2, events=3, quarantined=1, size_bytes=counts.size_bytes
    )


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE source_states SET state = '{\"page\": 1'",
        "UPDATE source_states SET state = '[1]'",
        "UPDATE followed SET presence = 'elsewhere'",
        "UPDATE followed SET since = 'lately'",
        "UPDATE sources SET last_attempt_at = 'lately'",
        "UPDATE leases SET renewed_at = 'soon'",
    ],
)
def test_damaged_rows_are_a_clear_error(sqlite_url: str, damage: str) -> None:
    def look() -> None:
        with open_reader(sqlite_url) as reader:
            reader.sources.state(SOURCE)
            reader.sources.tracked_records(SOURCE)
            reader.sources.all()
            reader.leases.find("scheduler", now=SEEN)

    with open_store(sqlite_url) as store:
        follow(store, Sighting(nct_id=NCT_ID))
        with store.transaction() as transaction:
            transaction.sources.store_row(SourceRow(name=SOURCE, type="ctgov"))
            transaction.sources.put_state(SOURCE, "", {"page": 1}, at=SEEN)
            transaction.leases.take("scheduler", "one", now=SEEN, ttl_s=60)
    look()
    run_sql(sqlite_url, damage)
    with pytest.raises(StoreError, match="is damaged"):
        look()
