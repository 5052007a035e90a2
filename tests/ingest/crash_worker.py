"""An ingest pass in a process of its own that can be killed.

It tells each batch that it committed, and goes on when it is told to.
"""

from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from monitor.ingest import IngestReport, ingest
from monitor.model.record import RawVersion
from monitor.settings import ThresholdSettings
from monitor.store.writer import open_store
from tests.ingest.world import raw


def lines(path: str) -> Iterator[RawVersion]:
    """Yield every line of a file as a study's bytes."""
    for line in Path(path).read_bytes().splitlines():
        yield raw(line)


def main(url: str, path: str, teller: Connection) -> None:
    """Ingest the file; tell how many records have been read after each transaction."""

    def tell(report: IngestReport) -> None:
        teller.send(report.read)
        teller.recv()

    with open_store(url) as store:
        ingest(
            lines(path),
            store,
            thresholds=ThresholdSettings(),
            batch_records=7,
            on_batch=tell,
        )
