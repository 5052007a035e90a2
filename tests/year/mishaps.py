"""What befalls the monitor of a scripted year itself: outages, wrong clocks, restored backups."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests import forked
from tests.forked import Forked
from tests.registry import NO_SUCH_HOST, closed_port
from tests.year.followers import NONE
from tests.year.receiver import REFUSED

if TYPE_CHECKING:
    from tests.year.course import Year

OUTAGES = ("DNS failure", "closed port")
EXCURSION, BACK_WHILE_ALIVE, RESTORE = "clock ahead", "clock back while alive", "restore"
_AHEAD = timedelta(days=3, hours=5)
_PATIENCE_S = 120


# --- the registry is not there ------------------------------------------------------------------
def outage(year: "Year") -> None:
    """Let the registry's name, or its port, not be there until a pass has failed."""
    if year.draw.random() < 0.5:
        year.mishaps[OUTAGES[1]] += 1
        with closed_port() as base_url:
            _fail_at(year, base_url, base_url.removeprefix("http://"))
    else:
        year.mishaps[OUTAGES[0]] += 1
        _fail_at(year, NO_SUCH_HOST, "cannot be resolved")


def _fail_at(year: "Year", base_url: str, reason: str) -> None:
    year.configure(base_url)
    year.follower.read_again()
    year.until(lambda row: row.failures > 0 and reason in (row.last_reason or ""))
    year.configure(year.base_url)
    year.follower.read_again()


# --- the clock is wrong -------------------------------------------------------------------------
def excursion(year: "Year") -> None:
    """Let the clock stand days ahead while a day is read and nothing can be told of it.

    Then the process is killed. Where its clock can be set while it lives, every other time it is
    set back before, and the process must go on.
    """
    year.mishaps[EXCURSION] += 1
    year.receiver.refusing = True
    refused = year.receiver.faults[REFUSED]
    if year.follower.jumps:
        year.follower.set_clock(NONE)
    year.follower.set_clock(_AHEAD)
    year.until_read()
    year.until(lambda _: year.receiver.faults[REFUSED] > refused or year.is_told())
    if year.follower.jumps and year.mishaps[EXCURSION] % 2 == 0:
        year.mishaps[BACK_WHILE_ALIVE] += 1
        year.follower.set_clock(NONE)
        year.receiver.refusing = False
        year.finish()
    year.follower.kill(year.moment())
    year.receiver.refusing = False


# --- a backup is put back -----------------------------------------------------------------------
@dataclass(slots=True, kw_only=True)
class PlannedBackup:
    """A backup that is made while a day is read: what had been read before, and since when."""

    file: Path
    number: int
    read: AbstractSet[date]
    reread: AbstractSet[date]
    making: Forked

    def finish(self) -> None:
        """Wait until it is made; RuntimeError when it cannot be."""
        _finish(self.making)


def back_up(year: "Year", number: int) -> PlannedBackup:
    """Begin a backup; ``number``: of the day that is being read."""
    file = year.folder / "backup.db"
    return PlannedBackup(
        file=file,
        number=number,
        read=frozenset(year.read),
        reread=frozenset(year.reread),
        making=_begin(year, "db", "backup", "--force", str(file)),
    )


def restore(year: "Year", backup: PlannedBackup, number: int) -> None:
    """Put a backup back while the monitor rests; what was read since is not read any more."""
    backup.finish()
    year.follower.end()
    year.look_at_the_quarantine()
    command(year, "db", "restore", "--discard", str(backup.file))
    year.mishaps[RESTORE] += 1
    last = max(backup.read, default=year.script.days[0])
    now = year.script.days[number]
    year.lost |= {day: now for day in year.script.days[:number] if day > last}
    year.read, year.reread = set(backup.read), set(backup.reread)
    year.follower.begin()


def command(year: "Year", *arguments: str) -> None:
    """Run a command of the monitor; RuntimeError when it fails."""
    _finish(_begin(year, *arguments))


def _begin(year: "Year", *arguments: str) -> Forked:
    changes_said = year.folder / f"{'-'.join(arguments[:2])}.txt"
    return forked.command("--config", str(year.config), *arguments, err=changes_said)


def _finish(command: Forked) -> None:
    if command.wait(_PATIENCE_S):
        raise RuntimeError(f"it failed: {command.complaint}")
