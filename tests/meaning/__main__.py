"""``python -m tests.meaning``: what the monitor's judgements are worth against people's."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.meaning import report
from tests.meaning.measure import MEASUREMENTS, measure

LABELS = Path(__file__).parents[2].parent / "shared" / "data" / "labels"


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, print, and return 0; 1 where the folder holds no labelled data."""
    given = _parser().parse_args(arguments)
    results = measure(given.data, given.only or MEASUREMENTS)
    if not results:
        sys.stderr.write(f"no labelled data in {given.data} (--data names another folder)\n")
        return 1
    if given.json:
        print(json.dumps(report.as_json(results), indent=2, ensure_ascii=False))
    else:
        print(report.text(results))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run meaning", description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        default=LABELS,
        metavar="FOLDER",
        help="other labelled data of the same shape (docs/meaning.md)",
    )
    parser.add_argument(
        "--only", action="append", choices=list(MEASUREMENTS), help="score just this; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


if __name__ == "__main__":
    sys.exit(main())
