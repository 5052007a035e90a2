"""Real registry records of the shared test data, read once per run.

Every function takes the folder that the fixture ``shared_data`` gives, so that a test skips
where the data is not laid out. Documents are shared between tests: copy before you change one.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from monitor.model import fields
from monitor.model.record import TrialRecord

Document = dict[str, Any]


def json_lines(path: Path) -> Iterator[Document]:
    """Yield the objects of a gzipped JSON-lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


@lru_cache(maxsize=1)
def snapshot_series(shared_data: Path) -> dict[str, list[Document]]:
    """Return by NCT ID the distinct contents of each study, oldest first."""
    found: dict[str, list[tuple[int, Document]]] = defaultdict(list)
    for row in json_lines(shared_data / "ctgov/snapshots/daily_snapshots_2026-02_03.jsonl.gz"):
        found[row["nct_id"]].append((row["seq"], row["study"]))
    return {
        nct_id: [study for _, study in sorted(rows, key=lambda row: row[0])]
        for nct_id, rows in found.items()
    }


@lru_cache(maxsize=1)
def mixed_studies(shared_data: Path) -> list[Document]:
    """Return the single records of several API releases."""
    path = shared_data / "ctgov/studies/studies_mixed.jsonl.gz"
    return [row["study"] for row in json_lines(path)]


@lru_cache(maxsize=4)
def sample(shared_data: Path, count: int) -> list[Document]:
    """Return records from the smallest to the largest, evenly spread by size."""
    studies = [versions[-1] for versions in snapshot_series(shared_data).values()]
    studies += mixed_studies(shared_data)
    by_size = sorted(studies, key=lambda study: len(json.dumps(study)))
    step = (len(by_size) - 1) / (count - 1)
    return [by_size[round(place * step)] for place in range(count)]


def record(document: Document, **about: Any) -> TrialRecord:
    """Return a record of the document; complete unless ``about`` names its coverage."""
    nct_id: Any = document
    for name in fields.NCT_ID:
        nct_id = nct_id[name]
    return TrialRecord(nct_id=nct_id, document=document, **about)
