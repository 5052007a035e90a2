"""Reading dated study records from files into a catalogue."""

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.registry.days import as_date
from tests.registry.paths import values
from tests.registry.records import Records

_LOADED = ("derivedSection", "miscInfoModule", "versionHolder")


def load(paths: Iterable[Path], *, no_later_than: str | None = None) -> Records:
    """Return the studies of JSON files and JSON lines (``.gz`` or not), each from its day on.

    A study's day is the first data date it was ``seen`` on, its ``version_holder``, or the
    stamp of the data load in it. ``no_later_than``: later ones are left out. ValueError for a
    study without any date.
    """
    records = Records()
    for path in paths:
        for item in _items(path):
            study = item.get("study", item)
            day = _day(item, study)
            if no_later_than is None or as_date(day) <= as_date(no_later_than):
                records.put(study, on=day)
    return records


def _items(path: Path) -> Iterator[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        if ".jsonl" in path.name:
            yield from (json.loads(line) for line in lines if line.strip())
        else:
            whole = json.load(lines)
            yield from whole.get("studies", [whole])


def _day(item: dict[str, Any], study: dict[str, Any]) -> str:
    seen = [sight["version_holder"] for sight in item.get("seen", [])]
    stamped = [str(value) for value in values(study, _LOADED)]
    given = [item["version_holder"]] if "version_holder" in item else []
    dates = seen or given or stamped
    if not dates:
        raise ValueError("a study bears no date of a data load")
    return str(min(dates))
