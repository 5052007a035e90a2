"""A reclassification in a process of its own that ends itself as kill -9 would."""

import os
import signal

from monitor.ingest import reclassify as reclassification
from monitor.ingest.reclassify import Scope, reclassify
from monitor.settings import ThresholdSettings
from monitor.store.reader import open_reader
from monitor.store.transaction import Transaction
from monitor.store.writer import open_store


def die(*_: object) -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def reclassify_until_killed(url: str, thresholds: ThresholdSettings, where: str) -> None:
    """Reclassify in batches of a version; die after the second commit, or before the third."""
    reclassification.BATCH_VERSIONS = 1
    batches = 0

    def count(*_: object) -> None:
        nonlocal batches
        batches += 1
        if batches == 2 and where == "between":
            die()
        if batches == 2:
            Transaction.finish = die  # type: ignore[method-assign,assignment]

    with open_store(url) as store:
        reclassify(
            lambda: open_reader(url),
            store,
            Scope(),
            thresholds=thresholds,
            on_estimate=lambda _: None,
            on_batch=count,
        )
