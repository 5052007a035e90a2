"""The daemon as a process: its configuration, its log, its web pages, its signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.daemon import scripted_worker
from tests.forked import REPO, Forked, command
from tests.web.serving import ask_json

PATIENCE_S = 120.0  # on a machine that has much else to do
END_S = 30.0  # for an end in order, once it is asked for
Line = dict[str, Any]


def configure(
    folder: Path, url: str, *sources: str, lease_s: float = 20, grace_s: float = 20, more: str = ""
) -> Path:
    """Write a configuration; ``sources``: the lines of each ``[[source]]`` table."""
    file = folder / "monitor.toml"
    tables = "".join(f"[[source]]\n{source}\n" for source in sources)
    # Replaced as a whole: nobody reads half of it.
    new = folder / "monitor.toml.new"
    new.write_text(
        f'[store]\nurl = "{url}"\n[log]\nformat = "json"\n[web]\nlisten = "127.0.0.1:0"\n'
        f"[http]\nrequests_per_minute = 6000\nretry_attempts = 1\n"
        f"[daemon]\nlease_s = {lease_s}\nshutdown_grace_s = {grace_s}\n{more}\n{tables}",
        "utf-8",
    )
    new.replace(file)
    return file


def folder_source(name: str, folder: Path, every: str = "1s") -> str:
    """Return the lines of a source that looks into a folder."""
    return f'name = "{name}"\ntype = "files"\npath = "{folder}"\nevery = "{every}"'


def eventually(check: Callable[[], Any], *, within_s: float = PATIENCE_S, what: str = "it") -> Any:
    """Return what the check says as soon as it says something; fail after a while."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come about within {within_s:g} s")


class Running:
    """A daemon in a process of its own, killed on leaving: ``monitor run``.

    It logs JSON into ``<name>.log`` of the configuration's folder.
    """

    def __init__(self, config: Path, *, name: str = "daemon", **environ: str) -> None:
        self._config = config
        self._log = config.parent / f"{name}.log"
        self._environ = environ
        self._lines: list[Line] = []
        self._read = 0  # bytes of the log, of which the lines are

    def __enter__(self) -> Self:
        self._log.write_bytes(b"")  # an earlier daemon's may be there
        self._process = self._start()
        return self

    def _start(self) -> "subprocess.Popen[str] | Forked":
        environ = {**os.environ, **self._environ}
        return command("--config", str(self._config), "run", err=self._log, environ=environ)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if error is not None:
            error.add_note(self.written[-5000:])

    # --- what it says ----------------------------------------------------------------------

    @property
    def written(self) -> str:
        """Everything on its standard error."""
        return self._log.read_text("utf-8")

    @property
    def lines(self) -> list[Line]:
        """What it has logged so far, whole lines of JSON only."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            whole, end, _ = log.read().rpartition(b"\n")
        self._read += len(whole + end)
        self._lines += [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]
        return list(self._lines)

    def entries(self, event: str, **fields: object) -> list[Line]:
        """Return the lines of an event that have these fields."""
        return [
            line
            for line in self.lines
            if line["event"] == event and all(line.get(key) == fields[key] for key in fields)
        ]

    def wait_for(self, event: str, *, times: int = 1, **fields: object) -> Line:
        """Return the line of an event as soon as it is there (so many times)."""

        def last() -> Line | None:
            if self._process.poll() is not None and len(self.entries(event, **fields)) < times:
                raise AssertionError(f"it ended ({self._process.returncode}) before {event!r}")
            found = self.entries(event, **fields)
            return found[times - 1] if len(found) >= times else None

        line: Line = eventually(last, what=f"{event!r} {fields or ''}")
        return line

    def page(self, path: str) -> tuple[int, Line]:
        """Return status and facts of one of its pages."""
        url = urlsplit(str(self.wait_for("daemon started")["listen"]))
        assert url.hostname is not None
        assert url.port is not None
        return ask_json((url.hostname, url.port), path)

    @property
    def url(self) -> str:
        """Where its pages are."""
        return str(self.wait_for("daemon started")["listen"])

    # --- what is done to it ----------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def ended(self, within_s: float = END_S) -> int:
        """Wait for its end; return its exit code."""
        return self._process.wait(within_s)

    def stop(self) -> int:
        """Ask it to end and wait for that; return its exit code."""
        self.send(signal.SIGTERM)
        return self.ended()


class Started(Running):
    """A daemon that is started as a user does it, libraries to load first and all."""

    def _start(self) -> "subprocess.Popen[str]":
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "monitor", "--config", str(self._config), "run"],
                cwd=REPO, env={**os.environ, **self._environ}, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log, text=True,
            )  # fmt: skip


class Scripted(Running):
    """A daemon whose passes do what the names of their sources say: ``scripted_worker``."""

    def _start(self) -> Forked:
        return Forked(scripted_worker.run, self._config, err=self._log)
