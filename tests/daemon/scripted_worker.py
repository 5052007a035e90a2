"""A daemon whose passes do what their sources' names say.

"quick" ends at once, "slow" when it is asked to stop, "hangs" never, "breaks" with an error,
"fails" with a reason. Whatever happens is logged.
"""

import os
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

from monitor.app import App
from monitor.app.logs import bound_fields, configure, get_logger
from monitor.app.metrics import Metrics
from monitor.app.polling import PassOutcome, PollReport
from monitor.daemon.process import Daemon, PassesOf
from monitor.model.lease import Lease


@dataclass(frozen=True, slots=True)
class ScriptedPasses:
    """Passes by the names of their sources."""

    app: App

    def poll(
        self, source_name: str, *, stop: threading.Event, lease: Lease | None = None
    ) -> PollReport:
        """Do as the name says."""
        assert lease is not None
        log = get_logger()
        with bound_fields(source=source_name):
            log.info("scripted pass begins")
            outcome, reason = self._act(source_name, stop)
            log.info("scripted pass ends", outcome=outcome)
        return PollReport(source=source_name, outcome=outcome, reason=reason)

    def _act(self, name: str, stop: threading.Event) -> tuple[PassOutcome, str | None]:
        if name.startswith("hangs"):
            threading.Event().wait()
        if name.startswith("breaks"):
            raise RuntimeError("a mistake in the program")
        if name.startswith("fails"):
            return "failed", "the registry said no"
        if name.startswith("slow"):
            stop.wait()
            return "stopped", "stopped"
        return "ok", None

    def backfill_due(
        self, *, stop: threading.Event, lease: Lease | None = None
    ) -> list[PollReport]:
        """Say that it was called, and hang where a source's name wants it."""
        assert lease is not None
        get_logger().info("scripted backfill")
        if any(source.name == "slow backfill" for source in self.app.settings.sources):
            stop.wait()
        if any(source.name == "failing backfill" for source in self.app.settings.sources):
            return [PollReport(source="ctgov_history", outcome="failed", reason="no")]
        if any(source.name == "waiting backfill" for source in self.app.settings.sources):
            again_at = self.app.now() + timedelta(seconds=0.5)
            return [PollReport(source="ctgov_history", outcome="stopped", again_at=again_at)]
        return []


def make_passes(app: App, metrics: Metrics) -> ScriptedPasses:
    """Return the passes of a configuration."""
    del metrics
    return ScriptedPasses(app)


def read(config: Path) -> App:
    """Read the configuration; a broken program where a file beside it says so."""
    if (config.parent / "break").exists():
        raise RuntimeError("a mistake in the reading")
    return App.configured(config, environ=os.environ)


def run(config: Path) -> int:
    """Run until a signal ends it; return the exit code."""
    app = read(config)
    configure(app.settings.log)
    passes_of = cast("PassesOf", make_passes)
    daemon = Daemon(app, read_again=partial(read, config), passes_of=passes_of, heartbeat_s=0.2)
    return daemon.run()
