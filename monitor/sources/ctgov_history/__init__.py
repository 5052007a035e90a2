"""The ``ctgov_history`` source: the earlier versions of records that are already followed.

``source`` goes from record to record, ``record`` from version to version, ``requests`` and
``responses`` know the API, ``state`` keeps how far each record is.
"""

from monitor.sources.ctgov_history.responses import HistoryShapeError
from monitor.sources.ctgov_history.source import HistoryProgress, HistorySource
from monitor.sources.ctgov_history.state import Backfill, is_done

__all__ = ["Backfill", "HistoryProgress", "HistoryShapeError", "HistorySource", "is_done"]
