"""The story's clock: the daemon reads the registry on the registry's days, not on today's.

``python -m tests.demo.clock FILE ARGUMENT…`` is ``monitor ARGUMENT…`` with the time of the file.
"""

import asyncio
import sys
import threading
import time
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from pathlib import Path

import time_machine
from starlette.types import Receive, Scope, Send

from monitor.__main__ import main
from tests.registry import Replica
from tests.registry.world import World

_READ_AT = time_of_day(10, 0, tzinfo=UTC)
_PATIENCE_S = 10.0
_LOOK_S = 0.01


class StoryClock:
    """The time of a process, kept in a file; each day begins for it at 10:00 UTC."""

    def __init__(self, file: Path, day: date) -> None:
        self.file = file
        self.day = day
        self._write(file)

    def show(self, day: date) -> None:
        """Let the process's clock show a day; return once it does."""
        if day == self.day:
            return
        self.day = day
        self._write(self.file)
        deadline = time.monotonic() + _PATIENCE_S
        while not _shown(self.file).is_file() or _shown(self.file).read_text() != str(day):
            if time.monotonic() > deadline:
                raise TimeoutError("the daemon's clock does not follow the story")
            time.sleep(_LOOK_S)

    def _write(self, to: Path) -> None:
        new = to.with_suffix(".new")
        new.write_text(str(self.day), "utf-8")
        new.replace(to)


class DatedReplica(Replica):
    """A registry that lets the clock show its day before it answers the first request of it."""

    def __init__(self, world: World, clock: StoryClock) -> None:
        super().__init__(world)
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await asyncio.to_thread(self._clock.show, self.world.day)
        await super().__call__(scope, receive, send)


def _shown(file: Path) -> Path:
    """Return where a process notes which day its clock shows."""
    return file.with_suffix(".shown")


def _moment(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), _READ_AT)


def _follow(file: Path, day: str, traveller: time_machine.Traveller) -> None:
    """Move the clock whenever the file names another day."""
    while True:
        now = file.read_text("utf-8")
        if now != day:
            day = now
            traveller.move_to(_moment(day))
            new = file.with_suffix(".moved")
            new.write_text(day, "utf-8")
            new.replace(_shown(file))
        time.sleep(_LOOK_S)


def run(file: Path) -> None:
    """Run the ``monitor`` command by the clock of the file."""
    day = file.read_text("utf-8")
    with time_machine.travel(_moment(day), tick=True) as traveller:
        threading.Thread(target=_follow, args=(file, day, traveller), daemon=True).start()
        main()


if __name__ == "__main__":
    _, name, *arguments = sys.argv
    sys.argv = ["monitor", *arguments]
    run(Path(name))
