"""A process forked from one that has imported everything already: it starts in no time."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.daemon.scripted_worker", "monitor.store.reader", "psycopg"])


class Forked:
    """Runs the scripted daemon, its standard error in a file; like ``subprocess.Popen``."""

    def __init__(self, config: Path, log: Path) -> None:
        self._process = _CONTEXT.Process(target=_run, args=(str(config), str(log)), daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; TimeoutExpired when it takes longer."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("the scripted daemon", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


def _run(config: str, log: str) -> None:
    from tests.daemon.scripted_worker import run

    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 2)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8")
    sys.exit(run(Path(config)))
