"""An ingest pass in a process of its own that can be killed.

It tells each batch that it committed, and goes on when it is told to.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from monitor.detect.rules.base import Thresholds
from monitor.ingest import IngestReport, ingest
from monitor.model.record import RawVersion
from monitor.store.writer import open_store
from tests.ingest.world import raw


def lines(path: str) -> Iterator[RawVersion]:
    """Yield every line of a file as a study's bytes."""
    for line in Path(path).read_bytes().splitlines():
        yield raw(line)


def tell(report: IngestReport) -> None:
    """Say how many records have been read by the transactions so far; wait for a line."""
    sys.stdout.write(f"{report.read}\n")
    sys.stdout.flush()
    sys.stdin.readline()


def main(url: str, path: str) -> None:
    """Ingest the file; a line on standard output after each transaction."""
    with open_store(url) as store:
        ingest(
            lines(path),
            store,
            thresholds=Thresholds(),
            batch_records=7,
            on_batch=tell,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
