"""A log pipe that nobody drains: passes and deliveries go on, and the daemon ends in time."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.store.reader import open_reader
from tests.daemon.processes import (
    END_S,
    PATIENCE_S,
    configure,
    eventually,
    folder_source,
)
from tests.daemon.test_delivering import EVERYTHING, QUIETLY, got, put
from tests.deliver.configured import folder_channel
from tests.forked import REPO


@contextmanager
def filled_pipe() -> Iterator[tuple[int, int]]:
    """Yield both ends of a pipe that takes nothing more until somebody reads."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"." * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def started(config: Path, log: int, out: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Start ``monitor run`` with its standard error in the pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "--config", str(config), "run"],
        cwd=REPO, stdin=subprocess.DEVNULL, stdout=out, stderr=log,
    )  # fmt: skip


def configured(folder: Path, url: str, inbox: Path, *, more: str = "") -> Path:
    """Follow a folder, tell all of it by another one, and end within two seconds."""
    inbox.mkdir()
    source = folder_source("inbox", inbox) + "\nsettle_s = 1\n"
    more = QUIETLY + folder_channel(folder, "box") + EVERYTHING + more
    return configure(folder, url, source, grace_s=2, more=more)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_passes_and_deliveries_go_on_and_a_signal_ends_it_in_time(
    tmp_path: Path, sqlite_url: str, number: signal.Signals
) -> None:
    inbox = tmp_path / "inbox"
    config = configured(tmp_path, sqlite_url, inbox)
    with filled_pipe() as (_, writing), started(config, writing, writing) as daemon:
        try:
            eventually(lambda: _passed(sqlite_url), what="the first pass")
            for month, count in ((2, 100), (3, 144), (4, 200)):
                put(inbox, f"{month}.json", f"2026-{month:02}-01", count)
                wanted = month - 1
                eventually(partial(_has_got, tmp_path / "box", wanted), what=f"message {wanted}")
            daemon.send_signal(number)
            assert daemon.wait(END_S) == 0
        finally:
            daemon.kill()


def test_what_was_logged_meanwhile_comes_in_its_order_once_somebody_reads_again(
    tmp_path: Path, sqlite_url: str
) -> None:
    config = configured(tmp_path, sqlite_url, tmp_path / "inbox")
    text = bytearray()
    with filled_pipe() as (reading, writing), started(config, writing) as daemon:
        try:
            eventually(lambda: _passed(sqlite_url), what="the first pass")
            eventually(lambda: _has_come(b'"pass finished"', reading, text), what="the first lines")
            daemon.send_signal(signal.SIGTERM)
            eventually(lambda: _has_come(b'"stopped"', reading, text), what="the last line")
            assert daemon.wait(END_S) == 0
        finally:
            daemon.kill()
    lines = bytes(text).lstrip(b".").splitlines()
    events = [json.loads(line)["event"] for line in lines if line.startswith(b"{")]
    assert events[:2] == ["new store made", "daemon started"]
    assert events.index("leading") < events.index("pass finished") < events.index("stopping")
    assert events[-1] == "stopped"


MANY = """
from monitor.app.log_queue import dropped_lines
from monitor.app.logs import configure, get_logger, never_wait
from monitor.settings import LogSettings

configure(LogSettings(format="json"))
never_wait()
for number in range(11_000):
    get_logger().info("line", number=number)
print(dropped_lines(), flush=True)
input()
"""


def test_how_many_lines_were_dropped_is_logged_once_somebody_reads_again() -> None:
    text = bytearray()
    with (
        filled_pipe() as (reading, writing),
        subprocess.Popen(
            [sys.executable, "-c", MANY],
            cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=writing,
        ) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        dropped = int(process.stdout.readline())
        assert dropped > 0
        eventually(lambda: _has_come(b'"log lines dropped"', reading, text))
        process.communicate(b"\n", timeout=PATIENCE_S)
        assert process.returncode == 0
    lines = bytes(text).lstrip(b".").splitlines()
    (dropping,) = [json.loads(line) for line in lines if b'"log lines dropped"' in line]
    assert dropping["lines"] == dropped
    numbers = [json.loads(line)["number"] for line in lines if b'"line"' in line]
    assert numbers[: 11_000 - dropped] == list(range(11_000 - dropped))


def _has_come(part: bytes, reading: int, text: bytearray) -> bool:
    """Read what there is; tell whether the part was in it, to the end of its line."""
    os.set_blocking(reading, False)
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(reading, 65_536):
            text.extend(piece)
    at = text.find(part)
    return at >= 0 and text.find(b"\n", at) >= 0


def _has_got(box: Path, messages: int) -> bool:
    return len(got(box)) == messages


def _passed(url: str) -> bool:
    try:
        with open_reader(url) as reader:
            row = reader.sources.get("inbox")
    except StoreError:
        return False
    return row is not None and row.last_success_at is not None
