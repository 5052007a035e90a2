"""``python -m tests.year``: the scripted year in full, with the daemon as a user starts it.

After it come the deliveries that are killed (``tests.deliver.crash``) and the memory of very many
passes (``tests.memory``); ``--only`` takes one.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tests.deliver.crash.__main__ import main as delivery
from tests.memory.__main__ import main as memory
from tests.registry import Fault
from tests.year.course import OUTAGES, Outcome, Say, Year, live
from tests.year.followers import DaemonProcess
from tests.year.plan import Plan

_SHOWN = 40
_LINE_EVERY = 10
Figures = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Let the year pass, print what came of it, and return 0 when all is as it must be."""
    given = _parser().parse_args(arguments)
    plan = Plan(
        trials=given.trials,
        days=given.days,
        kills=given.kills,
        outages=given.outages,
        seed=given.seed,
        reread_every=given.reread_every,
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="monitor-year-") as folder:
        outcome = live(plan, Path(folder), DaemonProcess, _progress(began))
    figures = _figures(outcome, time.monotonic() - began)
    if given.json:
        lines = [json.dumps({"plan": _described(plan), **figures}, indent=2)]
    else:
        lines = _lines(plan, figures)
    sys.stdout.write("\n".join(lines) + "\n")
    return verdict(outcome)


def soak(arguments: Sequence[str] | None = None) -> int:
    """Do the long tests, or one of them with options of its own; return 0 when all is well."""
    parser = argparse.ArgumentParser(
        prog="./run soak",
        description="The long tests: a scripted year of the registry, deliveries that are"
        " killed, and the memory of very many passes.",
        epilog="Further options are those of `--only year --help`, `--only delivery --help` and"
        " `--only memory --help`.",
        add_help=False,
    )
    parts = {"year": main, "delivery": delivery, "memory": memory}
    parser.add_argument("--only", choices=tuple(parts))
    given, rest = parser.parse_known_args(arguments)
    if given.only is not None:
        return parts[given.only](rest)
    return max(main(rest), delivery([]), memory([]))


def verdict(outcome: Outcome) -> int:
    """Return 0 when all is as it must be; else 1, and say what is not."""
    lines = [*outcome.differences.lines(), *outcome.unreadable]
    for line in lines[:_SHOWN]:
        sys.stderr.write(f"{line}\n")
    if len(lines) > _SHOWN:
        sys.stderr.write(f"… and {len(lines) - _SHOWN:,} more\n")
    return 0 if outcome else 1


def _progress(began: float) -> Say:
    """Return who tells how far it is: a bar for people, now and then a line for a log."""
    bar = sys.stderr.isatty()

    def say(number: int, day: date, year: Year) -> None:
        total = year.plan.days
        if not bar and number % _LINE_EVERY and number != total:
            return
        done = 24 * number // total
        told = f"[{'#' * done}{'.' * (24 - done)}] " if bar else ""
        told += (
            f"{time.monotonic() - began:5.0f} s  day {number} of {total} ({day}),"
            f" {len(year.replica.log):,} requests, {year.follower.kills} kills"
        )
        sys.stderr.write(f"\r{told}" if bar and number != total else f"\r{told}\n")
        sys.stderr.flush()

    return say


def _figures(outcome: Outcome, wall_s: float) -> Figures:
    differences = outcome.differences
    monitor = resource.getrusage(resource.RUSAGE_CHILDREN)
    faults = {str(fault): outcome.faults[fault] for fault in Fault}
    faults |= {outage: outcome.outages[outage] for outage in OUTAGES}
    return {
        "missed": len(differences.missed),
        "invented": len(differences.invented),
        "doubled": len(differences.doubled),
        "told as late": len(differences.backfilled),
        "versions without events": len(differences.empty),
        "unreadable": len(outcome.unreadable),
        "versions": outcome.versions,
        "events": outcome.events,
        "days": outcome.days,
        "days that ended while they were read": outcome.days - outcome.read,
        "kills": outcome.kills,
        "requests": outcome.requests,
        "requests that met a fault": outcome.faults.total(),
        "faults": faults,
        "wall_s": round(wall_s, 1),
        "monitor_cpu_s": round(monitor.ru_utime + monitor.ru_stime, 1),
        "monitor_peak_mb": round(monitor.ru_maxrss / 1024),
    }


def _described(plan: Plan) -> dict[str, object]:
    return {
        "trials": plan.trials,
        "days": plan.days,
        "kills": plan.kills,
        "outages": plan.outages,
        "seed": plan.seed,
        "reread_every": plan.reread_every,
    }


def _lines(plan: Plan, figures: Figures) -> list[str]:
    lines = [", ".join(f"{name} {value}" for name, value in _described(plan).items())]
    for name, value in figures.items():
        if isinstance(value, Mapping):
            lines.append(f"{name}:")
            lines += [f"  {fault:36}{times:>12,}" for fault, times in value.items()]
        else:
            lines.append(f"{name:38}{value:>12,}")
    return lines


def _parser() -> argparse.ArgumentParser:
    plan = Plan()
    parser = argparse.ArgumentParser(prog="./run soak", description=__doc__)
    parser.add_argument("--trials", type=int, default=plan.trials)
    parser.add_argument("--days", type=int, default=plan.days)
    parser.add_argument("--kills", type=int, default=plan.kills)
    parser.add_argument("--outages", type=int, default=plan.outages)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument(
        "--reread-every", default=plan.reread_every, help="as the configuration has it (1d, 7d)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(soak())
