"""The monitor's store for Python programs: read-only, typed, kept stable by semantic versioning.

>>> import monitor.api
>>> with monitor.api.open_store("sqlite:///snapshots/monitor.db") as store:
...     trial = store.trial("NCT06733935")
...     enrollment = [point.value for point in store.series("NCT06733935", "enrollment")]
>>> trial.overall_status, enrollment
('RECRUITING', [144, 240])

What is named here and what docs/python.md describes is promised; all else may change.
"""

from monitor.api.store import Store, open_store
from monitor.api.types import (
    Change,
    Comparison,
    Event,
    Facts,
    FieldChange,
    Point,
    Record,
    Trial,
    Version,
    VersionChanges,
)
from monitor.app.versions import Which
from monitor.errors import ConfigError, MonitorError, NotFoundError, StoreError, UsageError

__all__ = [
    "Change",
    "Comparison",
    "ConfigError",
    "Event",
    "Facts",
    "FieldChange",
    "MonitorError",
    "NotFoundError",
    "Point",
    "Record",
    "Store",
    "StoreError",
    "Trial",
    "UsageError",
    "Version",
    "VersionChanges",
    "Which",
    "open_store",
]
