"""One ingest pass: raw versions in, snapshots and change events out, in one transaction each.

The middle of the flow: ``sources`` yield what is read here, ``deliver`` sends what is put into the
outbox here. ``run`` is the place to begin reading (docs/architecture.md, "The way of the data").
"""

from monitor.ingest.batch import IngestReport
from monitor.ingest.run import ingest

__all__ = ["IngestReport", "ingest"]
