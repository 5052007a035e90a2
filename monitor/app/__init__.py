"""The composition root: the only place that wires the parts together."""

from monitor.app.wiring import App, stored_trial, utc_now

__all__ = ["App", "stored_trial", "utc_now"]
