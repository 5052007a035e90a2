"""The composition root: the only place that wires the parts together."""

from monitor.app.lookups import id_note, stored_trial
from monitor.app.wiring import App, utc_now

__all__ = ["App", "id_note", "stored_trial", "utc_now"]
