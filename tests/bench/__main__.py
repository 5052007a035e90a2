"""``python -m tests.bench``: speed and memory as ratios, all of one run."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    changed,
    fanout,
    large,
    mail,
    poll,
    process,
    registry,
    selections,
    space,
    unchanged,
)
from tests.bench.machine import environment
from tests.bench.page import write_section
from tests.bench.plan import FULL, Bench, BenchPlan
from tests.bench.records import Corpus, load_corpus
from tests.bench.rows import Measurement, print_table

SHARED = Path(__file__).parents[2].parent / "shared"
MEASUREMENTS: dict[str, Callable[[Bench], list[Measurement]]] = {
    "unchanged": unchanged.measure,
    "changed": changed.measure,
    "large": large.measure,
    "space": space.measure,
    "process": process.measure,
    "poll": poll.measure,
    "mail": mail.measure,
    "fanout": fanout.measure,
    "registry": registry.measure,
    "selections": selections.measure,
}
LONG = ("registry", "selections")
"""Taken only when named: they take many minutes, and each has a section of the page for itself."""


def run(
    names: Sequence[str], plan: BenchPlan, corpus: Corpus, say: Callable[[str], None]
) -> list[Measurement]:
    """Take the named measurements one after the other, in a folder that is removed afterwards."""
    rows: list[Measurement] = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
            bench = Bench(plan=plan, corpus=corpus, folder=Path(folder), say=say)
            rows += MEASUREMENTS[name](bench)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 when every target is met, else 1."""
    given = _parser().parse_args(arguments)
    names = given.only or [name for name in MEASUREMENTS if name not in LONG]
    alone = given.only[0] if given.only and len(given.only) == 1 else None
    if given.write and given.only and alone not in LONG:
        _parser().error(
            f"--write takes the figures of a whole run, or of --only {' or '.join(LONG)}:"
            " leave any other --only away"
        )
    started = time.monotonic()

    def say(step: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - started:5.0f} s] {step}\n")

    corpus = load_corpus(SHARED)
    plan = replace(FULL, store_url=given.store)
    if given.records is not None:
        plan = replace(plan, registry_records=given.records, selected_trials=given.records)
    rows = run(names, plan, corpus, say)
    say("done")
    data = synthetic(plan) if alone == "registry" else described(corpus)
    facts = {"data": data, **environment()}
    if given.write:
        section = alone if alone in LONG else "figures"
        write_section(given.write, rows, facts, on=datetime.now(UTC).date(), section=section)
    if given.json:
        answer = {**facts, "rows": [row.as_json() for row in rows]}
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        print_table(rows)
        print("\n".join(f"{name}: {value}" for name, value in facts.items()))
    return 0 if all(row.met for row in rows) else 1


def described(corpus: Corpus) -> str:
    """Say what was measured on."""
    kind = "real records" if corpus.real else "MADE-UP records of the real sizes (no shared data)"
    return f"{kind}: {len(corpus.contents):,} contents of {len(corpus.series()):,} trials"


def synthetic(plan: BenchPlan) -> str:
    """Say what the whole registry is made of."""
    return (
        f"{plan.registry_records:,} synthetic records, generated as they are asked for, of the"
        f" real registry's sizes; {plan.registry_daily:,} change on a day"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=list(MEASUREMENTS),
        help="take just this measurement; repeatable. registry and selections take many minutes and"
        " are left out of a run without --only",
    )
    parser.add_argument("--records", type=int, metavar="N", help="records of the whole registry")
    parser.add_argument(
        "--store", metavar="URL", help="of --only selections: a store made before, or an empty one"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="put the figures into docs/benchmarks.md"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
