"""``python -m tests.deliver.crash``: the crash test in full, on SQLite and on PostgreSQL."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.deliver.crash.course import CrashOutcome, CrashRun
from tests.deliver.crash.database import postgres_database
from tests.deliver.crash.plan import CrashPlan
from tests.deliver.crash.receivers import Receivers

_SHOWN = 40
_LINE_EVERY = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Let it happen, print what came of it, and return 0 when all is as it must be."""
    given = _parser().parse_args(arguments)
    wrong: list[str] = []
    figures: dict[str, Any] = {}
    for store in given.stores:
        processes = 1 if store == "sqlite" else 2
        plan = CrashPlan(
            changes=given.changes,
            subscriptions=given.subscriptions,
            kills=given.kills,
            processes=processes,
            seed=given.seed,
        )
        outcome = _live(plan, store)
        name = f"{store}, {processes} process{'es' if processes > 1 else ''}"
        figures[name] = shape(outcome)
        wrong += [f"{name}: {line}" for line in outcome.wrong()]
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    for line in wrong[:_SHOWN]:
        sys.stderr.write(f"{line}\n")
    return 1 if wrong else 0


def shape(outcome: CrashOutcome) -> dict[str, Any]:
    """Return the figures of an outcome."""
    return {
        "changes told, each to one person by one channel": len(outcome.due),
        "of them missing": len(outcome.due - outcome.delivered.keys()),
        "messages": outcome.messages,
        "of them groups": outcome.groups,
        "kills": outcome.kills,
        "of them right at an answer": outcome.traps,
        "messages that came again": outcome.repeated.total(),
        "at most so many of them after one kill": max(outcome.by_kill.values(), default=0),
        "of them by channel": dict(outcome.repeated),
        "answers that the servers lost": outcome.lost.total(),
        "faults of the servers": outcome.faults.total(),
        "seconds": round(outcome.seconds, 1),
    }


def _live(plan: CrashPlan, store: str) -> CrashOutcome:
    text = 0

    def say(delivered: str) -> None:
        nonlocal text
        text += 1
        if text % _LINE_EVERY == 0:
            sys.stderr.write(f"{store}: {delivered}\n")

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="monitor-crash-")))
        if store == "sqlite":
            url = f"sqlite:///{folder / 'monitor.db'}"
        else:
            url = stack.enter_context(postgres_database(folder))
        receivers = stack.enter_context(Receivers(plan.seed))
        return CrashRun(plan, url, folder, receivers, say).run()


def _parser() -> argparse.ArgumentParser:
    plan = CrashPlan()
    parser = argparse.ArgumentParser(prog="./run soak --only delivery", description=__doc__)
    parser.add_argument("--changes", type=int, default=plan.changes)
    parser.add_argument("--subscriptions", type=int, default=plan.subscriptions)
    parser.add_argument("--kills", type=int, default=plan.kills)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument(
        "--stores", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"]
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
