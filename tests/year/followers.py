"""Who follows the registry of a scripted year: the daemon's process, or passes in this one."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from monitor.app import App, utc_now
from monitor.app.deliveries import Deliveries
from monitor.app.polling import Poller
from monitor.app.subscribers import sync_from_config
from monitor.app.workers import worker_id
from tests.forked import Forked
from tests.year.plan import SOURCES

_PROJECT = Path(__file__).parents[2]
_LOOK_S, _PAUSE_S, _STOP_S = 0.05, 0.05, 60
_LOG_TAIL = 4_000
_HEEDS = b'"daemon started"'
_LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
)
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
NONE = timedelta(0)

Moment = Callable[[], None]
"""Returns when it is time to kill."""


class YearFollower(Protocol):
    """The monitor, following by the configuration that is in its file at the time.

    ``peak_mb``: the most memory that one process of it had, where that is known.
    """

    kills: int
    peak_mb: int
    jumps: bool
    """Whether its clock can be set while it lives."""

    def step(self) -> None:
        """Follow for a moment."""

    def kill(self, moment: Moment) -> None:
        """Let it run until the moment, kill -9 it there, and go on with a clock that is right."""

    def set_clock(self, ahead: timedelta) -> None:
        """Let its clock stand so far ahead from now on."""

    def read_again(self) -> None:
        """Let it read its configuration again."""

    def end(self) -> str:
        """End it in good order; return the last that it logged."""

    def begin(self) -> None:
        """Start it again."""


class DaemonProcess:
    """``monitor run`` as a user starts it."""

    def __init__(self, config: Path) -> None:
        self.kills = self.peak_mb = 0
        self._library = next((one for one in _LIBRARIES if Path(one).exists()), None)
        self.jumps = self._library is not None
        self._config = config
        self._clock = config.with_suffix(".clock")
        self._log = config.with_suffix(".log")
        self._is_shifted = False
        self.begin()

    def begin(self) -> None:
        """Start it with a clock that is right."""
        self._is_shifted = False
        self._child = self._start({})

    def _start(self, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            self._began_at = log.tell()
            return subprocess.Popen(
                [sys.executable, "-m", "monitor", "--config", str(self._config), "run"],
                cwd=_PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **environ},
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
        self._note_peak()
        self._child.kill()
        self._child.wait()
        self.kills += 1
        self.begin()

    def set_clock(self, ahead: timedelta) -> None:
        """Let the clock jump; the process is first replaced by one whose clock can."""
        assert self._library is not None
        new = self._clock.with_suffix(".new")
        new.write_text(f"+{ahead.total_seconds():.0f}s")
        new.replace(self._clock)
        if not self._is_shifted:
            self.end()
            self._is_shifted = True
            self._child = self._start({
                "LD_PRELOAD": self._library,
                "FAKETIME_TIMESTAMP_FILE": str(self._clock),
                "FAKETIME_CACHE_DURATION": "1",
                "DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            })  # fmt: skip
            self._await_start()

    def read_again(self) -> None:
        """Send SIGHUP, which ends a process that has not got so far as to heed it."""
        self._await_start()
        self._child.send_signal(signal.SIGHUP)

    def _await_start(self) -> None:
        until = time.monotonic() + _STOP_S
        while _HEEDS not in self._log.read_bytes()[self._began_at :]:
            if time.monotonic() > until:
                raise TimeoutError(f"the daemon has not started:\n{self._tail()}")
            self.step()

    def end(self) -> str:
        """Send SIGTERM; RuntimeError when it does not end in good order."""
        self._note_peak()
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            code = self._child.wait(_STOP_S)
        finally:
            self._child.kill()
            self._child.wait()
        if code not in (0, -signal.SIGTERM):
            raise RuntimeError(f"the daemon ended with code {code}:\n{self._tail()}")
        return self._tail()

    def _note_peak(self) -> None:
        # Not ru_maxrss of children: that holds what this process had when it started them.
        status = Path(f"/proc/{self._child.pid}/status")
        if status.exists() and (found := _PEAK.search(status.read_text())):
            self.peak_mb = max(self.peak_mb, int(found[1]) // 1024)

    def _tail(self) -> str:
        return self._log.read_bytes()[-_LOG_TAIL:].decode(errors="replace")


class Work:
    """Passes and deliveries by a configuration, one after the other, in this process."""

    def __init__(self, config: Path, *, ahead: Callable[[], timedelta]) -> None:
        app = App.configured(config, environ={})
        app = replace(app, now=lambda: utc_now() + ahead())
        sync_from_config(app)
        self._stop = threading.Event()
        self._names = [one.name for one in app.settings.sources if one.name in SOURCES]
        self._passes = Poller(app=app)
        self._deliveries = Deliveries(app, worker=worker_id())

    def step(self) -> str:
        """Make a pass over each source and deliver; return why passes failed, if any did."""
        reports = [self._passes.poll(name, stop=self._stop) for name in self._names]
        reports += self._passes.backfill_due(stop=self._stop)
        self._deliveries.deliver_due(stop=self._stop)
        return "; ".join(report.reason for report in reports if report.reason)


def follow(config: Path, ahead: timedelta) -> None:
    """Follow by a configuration, without end; the clock is so far ahead."""
    work = Work(config, ahead=lambda: ahead)
    while True:
        work.step()
        time.sleep(_PAUSE_S)


class InProcess:
    """Work in this process; to be killed, it is done in a process of its own."""

    jumps = False

    def __init__(self, config: Path) -> None:
        self.kills = self.peak_mb = 0
        self._config = config
        self._ahead = NONE
        self._last = ""
        self.begin()

    def begin(self) -> None:
        """Begin as a new process does, with a clock that is right."""
        self._ahead = NONE
        self.read_again()

    def step(self) -> None:
        """Make passes and deliver."""
        self._last = self._work.step()

    def kill(self, moment: Moment) -> None:
        """Let another process do the work, and kill it at the moment."""
        worker = Forked(follow, self._config, self._ahead)
        try:
            moment()
        finally:
            worker.kill()
            worker.wait()
        self.kills += 1
        self.begin()

    def set_clock(self, ahead: timedelta) -> None:
        """Let the clock jump."""
        self._ahead = ahead

    def read_again(self) -> None:
        """Go on by the settings that are in the file now."""
        self._work = Work(self._config, ahead=lambda: self._ahead)

    def end(self) -> str:
        """Return why the last passes failed, if they did."""
        return self._last
