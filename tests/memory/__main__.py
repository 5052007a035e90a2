"""``python -m tests.memory``: whether the daemon's memory stays flat over very many passes."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.memory.course import MemoryPlan, MemoryRun, follow

MOST_GROWTH = 0.05
MOST_BYTES = 300_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the passes, print the figures, and return 0 when memory stays within its bounds."""
    plan = MemoryPlan()
    parser = argparse.ArgumentParser(prog="./run soak --only memory", description=__doc__)
    parser.add_argument("--records", type=int, default=plan.records)
    parser.add_argument("--changed", type=int, default=plan.changed)
    parser.add_argument("--passes", type=int, default=plan.passes)
    given = parser.parse_args(arguments)
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {line}\n")

    with tempfile.TemporaryDirectory(prefix="monitor-memory-") as folder:
        plan = MemoryPlan(records=given.records, changed=given.changed, passes=given.passes)
        course = follow(plan, Path(folder), say)
    sys.stdout.write(json.dumps(figures(course, time.monotonic() - began), indent=2) + "\n")
    lines = wrong(course)
    sys.stderr.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


def figures(course: MemoryRun, wall_s: float) -> dict[str, object]:
    """Return what the passes took, in MB."""
    passes = len(course.after) - 1
    shown = sorted({0, 1, *(passes * quarter // 4 for quarter in (1, 2, 3, 4))})
    return {
        "passes": passes,
        "resident_mb": {f"pass {at}": round(course.after[at] / 1e6, 1) for at in shown},
        "most_mb": round(max(course.after) / 1e6, 1),
        "peak_of_a_whole_pass_mb": round(course.whole_peak / 1e6, 1),
        "growth_of_second_half_percent": round(100 * course.growth, 2),
        "wall_s": round(wall_s),
    }


def wrong(course: MemoryRun) -> list[str]:
    """Return what is beyond its bounds, a line each."""
    lines = []
    if course.growth > MOST_GROWTH:
        lines.append(f"the second half grew by {course.growth:.1%}, more than {MOST_GROWTH:.0%}")
    if course.whole_peak > MOST_BYTES:
        lines.append(
            f"{course.whole_peak / 1e6:.0f} MB at the peak, more than {MOST_BYTES / 1e6:.0f}"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
