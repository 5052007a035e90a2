"""The ingest pass, as the picture in docs/architecture.md draws it.

raw version → known bytes? stop → parse → known content? stop → place → diff → classify →
write. Raw versions are taken in batches; each batch is one transaction.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from monitor.detect.rules.base import Thresholds
from monitor.ingest.batch import Batch, IngestReport
from monitor.model.record import RawVersion
from monitor.sources.base import Unreadable
from monitor.store.writer import Store

# Large records make a batch of fewer.
BATCH_BYTES = 8 * 1024 * 1024

# Between two looks for circular garbage; Python's own number is 700, a small record's worth.
_NEW_OBJECTS = 20_000

Found = RawVersion | Unreadable


def ingest(
    found: Iterable[Found],
    store: Store,
    *,
    thresholds: Thresholds,
    batch_records: int = 200,
    on_batch: Callable[[IngestReport], None] | None = None,
) -> IngestReport:
    """Store what is new among the found versions and quarantine what cannot be read.

    Each batch is one transaction: all of its snapshots, events and quarantine entries, or
    none. One bad record never stops the pass; StoreError does, and leaves what was committed.
    ``on_batch`` is told the counts so far after each commit.
    """
    report = IngestReport()
    with _fewer_collections():
        for batch in _batches(found, batch_records):
            with store.transaction() as tx:
                done = Batch(tx, thresholds).take(batch)
            report = report + done
            # Comparing leaves circles behind; left alone, they would keep whole records alive.
            gc.collect()
            if on_batch is not None:
                on_batch(report)
    return report


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Let Python look for circular garbage less often: a sixth of the pass's time goes there.

    A parsed record is thousands of objects, none of them in a circle. What is there before the
    pass is left out of the looks, which makes the one after each batch a short one.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _NEW_OBJECTS) if before[0] else 0, *before[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _batches(found: Iterable[Found], records: int) -> Iterator[list[Found]]:
    batch: list[Found] = []
    size = 0
    for item in found:
        batch.append(item)
        size += len(item.content)
        if len(batch) >= records or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
