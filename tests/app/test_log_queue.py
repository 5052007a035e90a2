"""Standard error that nobody reads holds nobody: what does not fit is dropped and counted."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

import pytest

from monitor.app.log_queue import QueuedStream
from tests.daemon.processes import eventually
from tests.forked import REPO


@dataclass
class Pipe:
    """A pipe whose reading end is read when a test says so."""

    reading: int
    stream: TextIO
    dropped_counts: list[int] = field(default_factory=list)

    def queued(self, **given: float) -> QueuedStream:
        """Return the writing end behind a queue."""
        return QueuedStream(self.stream, on_dropped=self.dropped_counts.append, **given)  # type: ignore[arg-type]  # lines is whole

    def read(self) -> bytes:
        """Return what is there; waits for something."""
        return os.read(self.reading, 1 << 20)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """Make one."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        yield Pipe(reading, stream)
        os.set_blocking(reading, False)
        try:
            while os.read(reading, 1 << 20):  # or the thread that writes would wait for ever
                time.sleep(0.01)
        except BlockingIOError:
            pass
        os.close(reading)


def test_lines_come_in_their_order_and_settling_waits_for_them(pipe: Pipe) -> None:
    stream = pipe.queued(settle_s=30)
    for number in range(500):
        stream.write(f"line {number}\n")
    stream.settle()
    assert pipe.read() == b"".join(b"line %d\n" % number for number in range(500))


def test_what_nobody_reads_is_dropped_and_counted_and_the_rest_keeps_its_order(pipe: Pipe) -> None:
    stream = pipe.queued(lines=50, settle_s=0.01)
    began = time.monotonic()
    for number in range(1_000):
        stream.write(f"{number:04}{'x' * 1_000}\n")
    stream.settle()
    assert time.monotonic() - began < 20
    assert stream.dropped > 0
    written = 1_000 - stream.dropped
    got = b""
    while got.count(b"\n") < written:
        got += pipe.read()
    numbers = [int(line[:4]) for line in got.splitlines()]
    assert numbers == sorted(numbers)
    assert len(numbers) == written
    assert eventually(lambda: sum(pipe.dropped_counts)) == stream.dropped


def test_settling_what_nobody_reads_ends_after_a_while(pipe: Pipe) -> None:
    stream = pipe.queued(settle_s=0.05)
    stream.write("x" * 1_000_000)
    began = time.monotonic()
    stream.settle()
    assert 0.05 <= time.monotonic() - began < 20


def test_a_reader_that_has_gone_stops_nobody(pipe: Pipe) -> None:
    stream = pipe.queued(settle_s=30)
    other = os.dup(pipe.reading)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, pipe.reading)
    os.close(other)
    stream.write("nobody hears this\n")
    stream.write("nor this\n")
    stream.settle()
    assert stream.dropped == 0
    os.close(null)


def test_bytes_are_refused_as_by_any_stream_of_text(pipe: Pipe) -> None:
    with pytest.raises(TypeError, match="bytes"):
        pipe.queued().write(b"")  # type: ignore[arg-type]  # the point


HANGS = """
import os, threading
from monitor.app.log_queue import end_after

end_after(0.2, lambda: os._exit(7))
threading.Thread(target=threading.Event().wait).start()
"""


def test_a_process_ends_by_its_deadline_with_its_code_whatever_hangs() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], cwd=REPO, timeout=60, check=False)
    assert done.returncode == 7
