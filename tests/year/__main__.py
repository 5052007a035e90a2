"""``python -m tests.year``: the scripted year in full, with the daemon as a user starts it.

After it come the deliveries that are killed (``tests.deliver.crash``), the memory of very many
passes (``tests.memory``), very many requests (``tests.web``), and readers beside an ingest
(``tests.web.beside_ingest``); ``--only`` takes one.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from tests.deliver.crash.__main__ import main as delivery
from tests.memory.__main__ import main as memory
from tests.web.__main__ import main as requests
from tests.web.beside_ingest import main as readers
from tests.year.course import Say, Year, live
from tests.year.followers import DaemonProcess
from tests.year.outcome import YearOutcome
from tests.year.plan import YearPlan

_SHOWN = 40
_LINE_EVERY = 10
Figures = Mapping[str, Any]
_OPTIONS = {
    "trials": "how many there are",
    "days": "data days that pass",
    "kills": "kill -9 of the monitor",
    "outages": "times that the registry's name or port is not there",
    "spells": "records broken in each way for some days",
    "histories": "records whose past is asked for too",
    "drips": "answers of the registry, and of the receiver, that never end",
    "excursions": "times that the monitor's clock stands days ahead",
    "restores": "backups that are put back",
    "mass_days": "days for which each thing lasts that befalls many records at once",
    "least": "how often each other fault has to come",
    "seed": "what everything follows from",
    "reread_every": "as the configuration has it (1d, 7d)",
    "answer_limit_mb": "of the registry's lists: the fewer, the more pages",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Let the year pass, print what came of it, and return 0 when all is as it must be."""
    given = _parser().parse_args(arguments)
    plan = YearPlan(**{name: getattr(given, name) for name in _OPTIONS})
    began = time.monotonic()
    with _folder(given.keep) as folder:
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
        " killed, the memory of very many passes, very many requests over HTTP, and"
        " readers of the pages while the daemon ingests.",
        epilog="Further options are those of `--only year --help`, `--only delivery --help`,"
        " `--only memory --help`, `--only requests --help` and `--only readers --help`.",
        add_help=False,
    )
    parts = {
        "year": main, "delivery": delivery, "memory": memory, "requests": requests,
        "readers": readers,
    }  # fmt: skip
    parser.add_argument("--only", choices=tuple(parts))
    given, rest = parser.parse_known_args(arguments)
    if given.only is not None:
        return parts[given.only](rest)
    return max(main(rest), delivery([]), memory([]), requests([]), readers([]))


def verdict(outcome: YearOutcome) -> int:
    """Return 0 when all is as it must be; else 1, and say what is not."""
    lines = outcome.lines()
    for line in lines[:_SHOWN]:
        sys.stderr.write(f"{line}\n")
    if len(lines) > _SHOWN:
        sys.stderr.write(f"… and {len(lines) - _SHOWN:,} more\n")
    return 0 if outcome else 1


def _folder(kept: str | None) -> AbstractContextManager[str]:
    """Return where the monitor's store and log are: a new folder, or one that stays."""
    if kept is None:
        return tempfile.TemporaryDirectory(prefix="monitor-year-")
    Path(kept).mkdir(parents=True)
    return nullcontext(kept)


def _progress(began: float) -> Say:
    """Return who tells how far it is: a bar for people, now and then a line for a log."""
    bar = sys.stderr.isatty()

    def say(number: int, day: date, year: Year) -> None:
        total = year.plan.days
        if not bar and number % _LINE_EVERY and number != total:
            return
        done = 24 * number // total
        reported = f"[{'#' * done}{'.' * (24 - done)}] " if bar else ""
        reported += (
            f"{time.monotonic() - began:5.0f} s  day {number} of {total} ({day}),"
            f" {len(year.replica.log):,} requests, {year.follower.kills} kills"
        )
        sys.stderr.write(f"\r{reported}" if bar and number != total else f"\r{reported}\n")
        sys.stderr.flush()

    return say


def _figures(outcome: YearOutcome, wall_s: float) -> Figures:
    differences = outcome.differences
    monitor = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "missed": len(differences.missed),
        "invented": len(differences.invented),
        "doubled": len(differences.doubled),
        "told as late": len(differences.backfilled),
        "versions without events": len(differences.empty),
        "not told": len(outcome.reported.missed),
        "told though nothing was": len(outcome.reported.invented),
        "told twice": len(outcome.reported.doubled),
        "ids that said two things": len(outcome.contradictions),
        "unreadable": len(outcome.unreadable),
        "versions": outcome.versions,
        "events": outcome.events,
        "messages": outcome.messages,
        "messages that came again": outcome.repetitions,
        "absences told again after a restore": outcome.repeated_absences,
        "days": outcome.days,
        "days that ended while they were read": outcome.days - outcome.read,
        "kills": outcome.kills,
        "requests": outcome.requests,
        "faults": dict(outcome.faults),
        "wall_s": round(wall_s, 1),
        "monitor_cpu_s": round(monitor.ru_utime + monitor.ru_stime, 1),
        "monitor_peak_mb": outcome.peak_mb,
    }


def _described(plan: YearPlan) -> dict[str, object]:
    return {name: getattr(plan, name) for name in _OPTIONS}


def _lines(plan: YearPlan, figures: Figures) -> list[str]:
    lines = [", ".join(f"{name} {value}" for name, value in _described(plan).items())]
    for name, value in figures.items():
        if isinstance(value, Mapping):
            lines.append(f"{name}:")
            lines += [f"  {fault:36}{times:>12,}" for fault, times in value.items()]
        else:
            lines.append(f"{name:38}{value:>12,}")
    return lines


def _parser() -> argparse.ArgumentParser:
    plan = YearPlan()
    parser = argparse.ArgumentParser(prog="./run soak", description=__doc__)
    for name, text in _OPTIONS.items():
        default = getattr(plan, name)
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=type(default), default=default, help=text)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--keep", metavar="FOLDER", help="a new folder for store and log, to stay")
    return parser


if __name__ == "__main__":
    sys.exit(soak())
