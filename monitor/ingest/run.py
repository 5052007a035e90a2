"""One ingest pass over files, as the diagram in docs/architecture.md shows it.

raw version → known bytes? stop → parse → known content? stop → place → diff → classify →
write. Raw versions are taken in batches; each batch is one transaction.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from monitor.ingest.batch import Batch, IngestReport
from monitor.ingest.derivations import Derivations, derive_first
from monitor.ingest.gc_tuning import fewer_collections
from monitor.settings import IngestSettings, ThresholdSettings
from monitor.settings.sections import INGEST_DEFAULTS
from monitor.sources.read_progress import SourceItem
from monitor.store.writer import StoreWriter, Transaction

if TYPE_CHECKING:
    from monitor.ingest.notify import Notifier

# Large records make a batch of fewer.
# By bytes as well as by number: 200 records with results of a megabyte each would be held at once.
BATCH_BYTES = 8 * 1024 * 1024


def ingest(
    found: Iterable[SourceItem],
    store: StoreWriter,
    *,
    thresholds: ThresholdSettings,
    settings: IngestSettings = INGEST_DEFAULTS,
    batch_records: int = 200,
    notifier: "Notifier | None" = None,
    on_batch: Callable[[IngestReport], None] | None = None,
) -> IngestReport:
    """Store what is new among the versions and quarantine what cannot be read.

    Each batch is one transaction: all of its snapshots, events and quarantine entries, or
    none. One bad record never stops the pass; StoreError does, and leaves what was committed.
    ``notifier``: puts messages into the outbox, within the same transactions; None sends no alerts.
    ``on_batch`` is called with the counts so far after each commit.
    """
    report = IngestReport()
    with fewer_collections():
        for batch in batches(found, batch_records):
            done = _store_batch(
                batch, store, thresholds=thresholds, settings=settings, notifier=notifier
            )
            report = report + done
            # After the commit: what is reported is stored, and ^C loses none of it.
            if on_batch is not None:
                on_batch(report)
    return report


def _store_batch(
    batch: list[SourceItem],
    store: StoreWriter,
    *,
    thresholds: ThresholdSettings,
    settings: IngestSettings,
    notifier: "Notifier | None",
) -> IngestReport:
    """Store a batch in one transaction."""

    def store_in(tx: Transaction, derivations: Derivations) -> IngestReport:
        outbox = notifier.make_outbox_builder(tx) if notifier is not None else None
        taker = Batch(tx, thresholds, derivations, outbox, settings=settings)
        done = taker.take(batch)
        derivations.require_known()  # or messages would be made twice
        if outbox is not None:
            outbox.write()
        return done

    return derive_first(store, store_in)


def batches(found: Iterable[SourceItem], records: int) -> Iterator[list[SourceItem]]:
    """Yield the items in lists of ``records``; fewer where they are large."""
    batch: list[SourceItem] = []
    size = 0
    for item in found:
        batch.append(item)
        size += len(item.content)
        if len(batch) >= records or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
