"""What the daemon runs: blocking work that ends soon after it is asked to stop."""

import threading
from typing import Protocol

from monitor.app.pass_report import PassReport
from monitor.model.lease import Lease


class Passes(Protocol):
    """One source's pass and one round of backfills, as ``monitor.app.passes`` does them."""

    def pass_over(
        self, source_name: str, *, stop: threading.Event, lease: Lease | None = None
    ) -> PassReport:
        """Do one pass; a failure of the source is in the report."""
        ...

    def backfill_due(
        self, *, stop: threading.Event, lease: Lease | None = None
    ) -> list[PassReport]:
        """Do one round of the backfills that are wanted; nothing when none is."""
        ...
