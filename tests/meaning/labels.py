"""What people said of changes and texts: labelled data in JSON lines, gzip, UTF-8."""

import gzip
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

Row = dict[str, Any]
Part = Literal["tune", "check"]
PARTS: tuple[Part, ...] = ("tune", "check")
HALVES = 20

OUTCOME_CHANGES = "primary_outcome_changes.jsonl.gz"
OUTCOME_PAIRS = "outcome_pairs.jsonl.gz"
STOP_REASONS = "stop_reasons_machine.jsonl.gz"
COVID_REASONS = "stop_reasons_covid.jsonl.gz"


def read(folder: Path, name: str) -> Iterator[Row]:
    """Yield the rows of a file of labels; none where the folder has no such file."""
    path = folder / name
    if path.is_file():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def part(key: str) -> Part:
    """Return the part that an NCT ID or a text is in: rules are tuned on one, checked on the other.

    By its hash, so that nothing stands in both and more data never moves what there is.
    """
    return PARTS[sha256(key.encode()).digest()[0] % 2]


def in_half(key: str, number: int) -> bool:
    """Return whether an NCT ID or a text is in the random half of that number, of `HALVES`."""
    return sha256(f"{number} {key}".encode()).digest()[0] % 2 == 0
