"""Processes forked from one that has imported everything already: they start in no time.

How a process itself begins and ends is not the same: where that is tested, ``python -m monitor``
is started.
"""

import atexit
import contextlib
import multiprocessing
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import monitor

REPO = Path(__file__).parents[1]
FORKING = multiprocessing.get_context("forkserver")
"""One server of each process of the tests serves all of them."""
_DRIVERS = ("psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite")
_WORKERS = ("tests.daemon.scripted_worker", "tests.deliver.crash.worker")
_NOT_BY_ITSELF = ("monitor.__main__", "monitor.store.migrations")
FORKING.set_forkserver_preload([
    *(
        one.name for one in pkgutil.walk_packages(monitor.__path__, "monitor.")
        if not one.name.startswith(_NOT_BY_ITSELF)
    ),
    *_DRIVERS,
    *_WORKERS,
])  # fmt: skip


class Forked:
    """Calls something, its standard streams in files; like ``subprocess.Popen``.

    ``environ``: what its environment is (None: as here); ``folder``: where it begins.
    """

    def __init__(
        self,
        target: Callable[..., int | None],
        *args: object,
        out: Path | None = None,
        err: Path | None = None,
        environ: Mapping[str, str] | None = None,
        folder: Path = REPO,
    ) -> None:
        self._err = err
        streams = tuple(str(one or os.devnull) for one in (out, err))
        begun = (dict(os.environ if environ is None else environ), str(folder), streams)
        self._process = FORKING.Process(target=_run, args=(target, args, *begun), daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.exitcode

    @property
    def complaint(self) -> str:
        """What it wrote to its standard error, where that is a file."""
        return "" if self._err is None else self._err.read_text("utf-8", "replace")

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; TimeoutExpired when it takes longer."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


def command(*arguments: str, **begun: Any) -> Forked:
    """Start ``monitor ARGUMENTS``; what else is given goes to Forked."""
    return Forked(_command, arguments, **begun)


def run_command(
    *arguments: str, timeout_s: float = 120, environ: Mapping[str, str] | None = None,
    folder: Path = REPO,
) -> "subprocess.CompletedProcess[str]":  # fmt: skip
    """Run ``monitor ARGUMENTS`` to its end; TimeoutExpired when that takes longer."""
    with tempfile.TemporaryDirectory(prefix="monitor-forked-") as name:
        out, err = Path(name, "out"), Path(name, "err")
        process = command(*arguments, out=out, err=err, environ=environ, folder=folder)
        try:
            code = process.wait(timeout_s)
        finally:
            process.kill()
        text, complained = (file.read_text("utf-8") for file in (out, err))
    return subprocess.CompletedProcess(arguments, code, text, complained)


def _command(arguments: tuple[str, ...]) -> None:
    from monitor.__main__ import main

    sys.argv = ["monitor", *arguments]
    main()


def _run(
    target: Callable[..., int | None],
    args: tuple[Any, ...],
    environ: dict[str, str],
    folder: str,
    streams: tuple[str, str],
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    os.chdir(folder)
    for number, (name, file) in enumerate(zip(("stdout", "stderr"), streams, strict=True), 1):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
        setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        sys.exit(target(*args))
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        sys.excepthook(*sys.exc_info())  # as a process that ends by it
        sys.exit(1)
    finally:
        atexit._run_exitfuncs()  # noqa: SLF001 - a forked process would end without
