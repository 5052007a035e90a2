"""What a transaction holds in memory does not grow with what it writes."""

import gc
import os
import tracemalloc
import weakref

from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.store.examples import add_version, document

VERSIONS = 600
VERSION_BYTES = 100_000
MEGABYTE = 1_000_000


def test_a_long_transaction_holds_a_bounded_part_of_it(sqlite_url: str) -> None:
    content = os.urandom(VERSION_BYTES)
    tracemalloc.start()
    try:
        with open_store(sqlite_url) as store, store.transaction() as transaction:
            for number in range(VERSIONS):
                content = os.urandom(1_000) + content[1_000:]
                add_version(transaction, content, f"NCT{number:08d}")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert VERSIONS * VERSION_BYTES == 60 * MEGABYTE
    assert peak < 45 * MEGABYTE
    with open_reader(sqlite_url) as reader:
        assert reader.counts()["versions"] == VERSIONS


def test_what_a_transaction_holds_goes_with_it_and_waits_for_no_collector(store_url: str) -> None:
    gc.collect()
    gc.disable()
    try:
        with open_store(store_url) as store:
            with store.transaction() as transaction:
                version_id, _ = add_version(transaction, document(), "NCT00000001")
            gone = weakref.ref(transaction)
            del transaction
            assert gone() is None
        with open_reader(store_url) as reader:
            (version,) = reader.versions("NCT00000001")
            assert (version.id, reader.snapshot(version.snapshot_id)) == (version_id, document())
            assert not reader.sources.all()
            assert not reader.subscribers.subscriptions()
            assert not reader.outbox.channel_states()
        gone_too = weakref.ref(reader)
        del reader
        assert gone_too() is None
    finally:
        gc.enable()
