"""The ``ctgov_history`` source: the earlier versions of records that are already followed."""

from monitor.sources.ctgov_history.responses import HistoryShapeError
from monitor.sources.ctgov_history.source import HistoryProgress, HistorySource
from monitor.sources.ctgov_history.state import Backfill, is_done

__all__ = ["Backfill", "HistoryProgress", "HistoryShapeError", "HistorySource", "is_done"]
