"""One ingest pass: raw versions in, snapshots and change events out, in one transaction each."""

from monitor.ingest.batch import IngestReport
from monitor.ingest.run import ingest

__all__ = ["IngestReport", "ingest"]
