"""Rows that are held back: whenever they are written, the outcome is the same."""

import pytest

from monitor.store.db import BATCH
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.store.examples import NCT_ID, add_version, document, status_event


@pytest.mark.parametrize("stored", [0, 1])
@pytest.mark.parametrize("held", [0, BATCH - 1])
def test_replaced_events_are_stored_even_if_they_fill_what_is_held_back(
    store_url: str, held: int, stored: int
) -> None:
    before, after = status_event(after="SUSPENDED"), status_event(after="WITHDRAWN")
    with open_store(store_url) as store:
        with store.transaction() as transaction:
            version_id, _ = add_version(transaction, document())
            transaction.replace_events(version_id, NCT_ID, [before] * stored, backfilled=False)
        with store.transaction() as transaction:
            for number in range(held):
                nct_id = f"NCT{number + 100:08d}"
                other_id, _ = add_version(transaction, b"{}", nct_id)
                transaction.replace_events(other_id, nct_id, [before], backfilled=False)
            transaction.replace_events(version_id, NCT_ID, [after], backfilled=True)
    with open_reader(store_url) as reader:
        assert [found.event for found in reader.events(NCT_ID)[version_id]] == [after]
        assert reader.counts()["events"] == reader.sources.counts().events == held + 1


def test_the_numbers_of_rows_are_kept_by_whoever_writes(store_url: str) -> None:
    def check(versions: int, events: int) -> None:
        with open_reader(store_url) as reader:
            kept, counted = reader.sources.counts(), reader.counts()
        assert (kept.versions, kept.events) == (versions, events)
        assert (counted["versions"], counted["events"]) == (versions, events)

    def fail(store: StoreWriter) -> None:
        with store.transaction() as transaction:
            transaction.replace_events(version_id, NCT_ID, [event] * 9, backfilled=True)
            add_version(transaction, document("NCT00000002"), "NCT00000002")
            assert transaction.latest(["NCT00000002"])  # writes what is held back
            raise KeyError

    event = status_event()
    with open_store(store_url) as store:
        check(0, 0)
        with store.transaction() as transaction:
            version_id, _ = add_version(transaction, document())
            transaction.replace_events(version_id, NCT_ID, [event] * 2, backfilled=False)
            transaction.replace_events(version_id, NCT_ID, [event] * 3, backfilled=False)
        check(1, 3)
        with store.transaction() as transaction:
            transaction.replace_events(version_id, NCT_ID, [event], backfilled=True)
        check(1, 1)
        with store.transaction() as transaction:
            transaction.replace_events(version_id, NCT_ID, [event] * 4, backfilled=True)
            assert transaction.latest([NCT_ID])[NCT_ID].id == version_id
            transaction.replace_events(version_id, NCT_ID, [event] * 2, backfilled=True)
            add_version(transaction, document("NCT00000002"), "NCT00000002")
        check(2, 2)
        with pytest.raises(KeyError):
            fail(store)
        check(2, 2)
        with store.transaction() as transaction:
            transaction.replace_events(version_id, NCT_ID, [], backfilled=True)
        check(2, 0)
