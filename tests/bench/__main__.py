"""``python -m tests.bench``: speed and memory as ratios, all of one run."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import changed, large, process, space, unchanged
from tests.bench.machine import environment
from tests.bench.page import write_section
from tests.bench.plan import FULL, Bench, Plan
from tests.bench.records import Corpus, load_corpus
from tests.bench.rows import Row, print_table

SHARED = Path(__file__).parents[2].parent / "shared"
MEASUREMENTS: dict[str, Callable[[Bench], list[Row]]] = {
    "unchanged": unchanged.measure,
    "changed": changed.measure,
    "large": large.measure,
    "space": space.measure,
    "process": process.measure,
}


def run(names: Sequence[str], plan: Plan, corpus: Corpus, say: Callable[[str], None]) -> list[Row]:
    """Take the named measurements one after the other, in a folder that is removed afterwards."""
    rows: list[Row] = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
            bench = Bench(plan=plan, corpus=corpus, folder=Path(folder), say=say)
            rows += MEASUREMENTS[name](bench)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 when every target is met, else 1."""
    given = _parser().parse_args(arguments)
    if given.write and given.only:
        _parser().error("--write takes the figures of a whole run: leave --only away")
    started = time.monotonic()

    def say(step: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - started:5.0f} s] {step}\n")

    corpus = load_corpus(SHARED)
    rows = run(given.only or list(MEASUREMENTS), FULL, corpus, say)
    say("done")
    data = described(corpus)
    if given.write:
        today = datetime.now(UTC).date()
        write_section(given.write, rows, environment(), on=today, data=data)
    if given.json:
        answer = {"data": data, **environment(), "rows": [row.as_json() for row in rows]}
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        print_table(rows)
        print(f"data: {data}")
        for name, value in environment().items():
            print(f"{name}: {value}")
    return 0 if all(row.met for row in rows) else 1


def described(corpus: Corpus) -> str:
    """Say what was measured on."""
    kind = "real records" if corpus.real else "MADE-UP records of the real sizes (no shared data)"
    return f"{kind}: {len(corpus.contents):,} contents of {len(corpus.series()):,} trials"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=list(MEASUREMENTS),
        help="take just this measurement; repeatable",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="put the figures into docs/benchmarks.md"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
