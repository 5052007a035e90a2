"""Who follows the registry of a scripted year: the daemon's process, or passes in this one."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from monitor.app import App
from monitor.app.passes import Passes
from tests.year.plan import SOURCE

_PROJECT = Path(__file__).parents[2]
_LOOK_S, _STOP_S = 0.05, 60
_LOG_TAIL = 4_000
_HEEDS = b'"daemon started"'

Moment = Callable[[], None]
"""Returns when it is time to kill."""


class Follower(Protocol):
    """The monitor, following by the configuration that is in its file at the time."""

    kills: int

    def step(self) -> None:
        """Follow for a moment."""

    def kill(self, moment: Moment) -> None:
        """Let it run until the moment, kill -9 it there, and go on."""

    def read_again(self) -> None:
        """Let it read its configuration again."""

    def end(self) -> str:
        """End it; return the last that it logged."""


class DaemonProcess:
    """``monitor run`` as a user starts it."""

    def __init__(self, config: Path) -> None:
        self.kills = 0
        self._config = config
        self._log = config.with_suffix(".log")
        self._child = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            self._began_at = log.tell()
            return subprocess.Popen(
                [sys.executable, "-m", "monitor", "--config", str(self._config), "run"],
                cwd=_PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def step(self) -> None:
        """Look the other way for a moment; RuntimeError when it has ended by itself."""
        time.sleep(_LOOK_S)
        code = self._child.poll()
        if code is not None:
            raise RuntimeError(f"the daemon ended by itself with code {code}:\n{self._tail()}")

    def kill(self, moment: Moment) -> None:
        """Kill it at the moment and start it anew."""
        moment()
        self._child.kill()
        self._child.wait()
        self.kills += 1
        self._child = self._start()

    def read_again(self) -> None:
        """Send SIGHUP, which ends a process that has not got so far as to heed it."""
        until = time.monotonic() + _STOP_S
        while _HEEDS not in self._log.read_bytes()[self._began_at :]:
            if time.monotonic() > until:
                raise TimeoutError(f"the daemon has not started:\n{self._tail()}")
            self.step()
        self._child.send_signal(signal.SIGHUP)

    def end(self) -> str:
        """Send SIGTERM; RuntimeError when it does not end in good order."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            code = self._child.wait(_STOP_S)
        finally:
            self._child.kill()
            self._child.wait()
        if code:
            raise RuntimeError(f"the daemon ended with code {code}:\n{self._tail()}")
        return self._tail()

    def _tail(self) -> str:
        return self._log.read_bytes()[-_LOG_TAIL:].decode(errors="replace")


class InProcess:
    """Passes in this process; to be killed, they run in a process of their own."""

    def __init__(self, config: Path) -> None:
        self.kills = 0
        self._config = config
        self._stop = threading.Event()
        self._last: str | None = None
        self.read_again()

    def step(self) -> None:
        """Make a pass."""
        self._last = self._passes.pass_over(SOURCE, stop=self._stop).reason

    def kill(self, moment: Moment) -> None:
        """Let another process make passes, and kill it at the moment."""
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.year.year_worker", str(self._config)],
            cwd=_PROJECT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with worker:
            try:
                moment()
            finally:
                with suppress(ProcessLookupError):
                    worker.kill()
        self.kills += 1

    def read_again(self) -> None:
        """Make the coming passes by the settings that are in the file now."""
        self._passes = Passes(app=App.configured(self._config, environ={}))

    def end(self) -> str:
        """Return why the last pass failed, if it did."""
        return self._last or ""
