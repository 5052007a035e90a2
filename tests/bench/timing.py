"""Two things timed against each other in turns, so that a machine's mood hits both."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Call = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one run took: the clock's time and this process's CPU time, in seconds."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: "Sample") -> "Sample":
        return Sample(wall_s=self.wall_s + other.wall_s, cpu_s=self.cpu_s + other.cpu_s)


def timed(call: Call) -> Sample:
    """Run something once, with the garbage of what was before it already gone."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return Sample(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)


def best(samples: Sequence[Sample]) -> Sample:
    """Return the least clock time and the least CPU time of several runs of one thing.

    Whatever else a machine does only ever adds to a run's time.
    """
    return Sample(
        wall_s=min(sample.wall_s for sample in samples),
        cpu_s=min(sample.cpu_s for sample in samples),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Samples of ours and of the baseline, taken in turns."""

    ours: list[Sample] = field(default_factory=list)
    baseline: list[Sample] = field(default_factory=list)

    def run(self, ours: Call, baseline: Call) -> None:
        """Time both once; who goes first alternates."""
        sides = [(ours, self.ours), (baseline, self.baseline)]
        for call, samples in sides if len(self.ours) % 2 else reversed(sides):
            samples.append(timed(call))

    @property
    def ratio(self) -> float:
        """The best clock time of ours over the best of the baseline."""
        return best(self.ours).wall_s / best(self.baseline).wall_s

    @property
    def cpu_ratio(self) -> float:
        """The same of CPU times."""
        return best(self.ours).cpu_s / best(self.baseline).cpu_s


def shown(seconds: float) -> str:
    """Write a duration with three digits in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
