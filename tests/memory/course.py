"""Pass after pass of changed records, and the memory that the daemon has after each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.daemon.processes import Line, Started, configure, eventually
from tests.deliver.configured import folder_channel
from tests.registry.process import ReplicaProcess
from tests.registry.synthetic import Population

Say = Callable[[str], None]
_ENDS = ("pass finished", "pass failed", "pass stopped")
_EVERYDAY = ("pass finished", "message sent")
_SHARE = 10  # a tenth of the second half is looked at on either side


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """A registry of ``records``, ``changed`` of which change before each of so many ``passes``.

    All have changed after a whole number of passes.
    ``asked_for``: records whose every change is a message at once. ``patience_s``: how long
    a pass may take.
    """

    records: int = 10_500
    changed: int = 1_500
    passes: int = 200
    asked_for: int = 100
    patience_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRun:
    """What the process took, in bytes: resident after each pass, and at its peak.

    ``after[0]``: after the first load. ``whole_peak``: after a last pass in which every record
    had changed.
    """

    after: tuple[int, ...]
    whole_peak: int

    @property
    def growth(self) -> float:
        """How much more there is at the end of the second half than at its beginning: 0.05."""
        half = self.after[len(self.after) // 2 :]
        share = max(1, len(half) // _SHARE)
        return median(half[-share:]) / median(half[:share]) - 1


def follow(plan: MemoryPlan, folder: Path, say: Say) -> MemoryRun:
    """Let the daemon follow the registry through all the passes; AssertionError when it ends."""
    assert plan.records % plan.changed == 0, "the last of a round of passes would bring fewer"
    after: list[int] = []
    population = ("--whole", str(plan.records), "--daily", str(plan.changed), "--ahead")
    with (
        ReplicaProcess(*population) as replica,
        Started(_write_config(plan, folder, replica.base_url)) as daemon,
    ):
        stored = 0
        for number in range(plan.passes + 1):
            if number:
                replica.tell("advance")
            stored += plan.changed if number else plan.records
            _wait_for_pass(daemon, stored, plan)
            after.append(resident(daemon.pid))
            say(f"pass {number} of {plan.passes}: {after[-1] / 1e6:.0f} MB")
        replica.tell(f"advance {-(-plan.records // plan.changed)}")
        _wait_for_pass(daemon, stored + plan.records, plan)
        peak = resident(daemon.pid, "VmHWM")
        say(f"pass over {plan.records:,} changed records: {peak / 1e6:.0f} MB at the peak")
        assert daemon.stop() == 0
    return MemoryRun(after=tuple(after), whole_peak=peak)


def resident(pid: int, name: str = "VmRSS") -> int:
    """Return what Linux says of a process's memory, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    (line,) = [line for line in status.splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024


def _write_config(plan: MemoryPlan, folder: Path, base_url: str) -> Path:
    population = Population(size=plan.records, daily=plan.changed)
    requested: Sequence[str] = [population.nct_id(index) for index in range(plan.asked_for)]
    source = (
        f'name = "registry"\ntype = "ctgov"\nbase_url = "{base_url}"\nall = true\nevery = "1s"\n'
        'reread_every = "365d"'
    )
    subscription = (
        f'[[subscription]]\nname = "some"\nsubscriber = "ana"\nnct_ids = {list(requested)}\n'
        'channels = "box"\n'
    )
    more = "[delivery]\nwelcome = false\n" + folder_channel(folder, "box") + subscription
    return configure(folder, f"sqlite:///{folder / 'memory.db'}", source, more=more)


def _wait_for_pass(daemon: Started, stored: int, plan: MemoryPlan) -> None:
    """Wait until a pass is done with which so many versions are stored in all.

    What a pass stored that failed or was stopped counts: on a busy machine an answer can come too
    late, or the lease be lost, and the next pass brings the rest.
    """

    def passed() -> bool:
        assert daemon.alive, daemon.written[-5000:]
        done = [line for event in _ENDS for line in daemon.entries(event)]
        so_far: int = sum(line["stored"] for line in done)
        assert so_far <= stored, (so_far, stored)
        return so_far == stored

    try:
        eventually(passed, within_s=plan.patience_s, what=f"version {stored:,}")
    except AssertionError as exc:
        exc.add_note("\n".join(str(line) for line in daemon.lines if _is_telling(line)))
        raise


def _is_telling(line: Line) -> bool:
    """Return whether a line of the log is no everyday one."""
    return line["level"] != "info" or line.get("read") or line["event"] not in _EVERYDAY
