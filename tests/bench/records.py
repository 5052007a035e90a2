"""The records that everything is measured on: real version series, else made-up ones."""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import orjson

from monitor.model.record import RawVersion
from tests.bench.made_up import made_up_series

SERIES = Path("data/ctgov/snapshots/daily_snapshots_2026-02_03.jsonl.gz")
"""Under the folder of shared data, which lies beside the project."""

_HOLDER = re.compile(rb'"versionHolder":"[^"]*"')
_FIRST_READ = datetime(2026, 8, 1, 12, tzinfo=UTC)  # after the loads that records bear


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One distinct content of a trial's record as the registry served it, and its data date."""

    nct_id: str
    data_date: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Version series of trials: distinct contents in the order of their data dates."""

    real: bool
    contents: tuple[Content, ...]

    def series(self) -> dict[str, list[Content]]:
        """Return each trial's contents, oldest first."""
        found: dict[str, list[Content]] = {}
        for content in self.contents:
            found.setdefault(content.nct_id, []).append(content)
        return found

    def firsts(self) -> list[Content]:
        """Return the first content of each trial."""
        return [contents[0] for contents in self.series().values()]

    def latest(self) -> list[Content]:
        """Return the last content of each trial."""
        return [contents[-1] for contents in self.series().values()]

    def changes(self) -> list[tuple[Content, Content]]:
        """Return all neighbouring contents of one trial, older trials' pairs first."""
        return [pair for contents in self.series().values() for pair in pairwise(contents)]

    def cut(self, trials: int | None) -> "Corpus":
        """Return the corpus of this many trials, those with most contents first; None: all."""
        if trials is None:
            return self
        longest = sorted(self.series().values(), key=len, reverse=True)[:trials]
        kept = {contents[0].nct_id for contents in longest}
        contents = tuple(content for content in self.contents if content.nct_id in kept)
        return Corpus(real=self.real, contents=contents)


def load_corpus(shared: Path, trials: int | None = None) -> Corpus:
    """Return the real series under ``shared``; made-up ones of the same sizes without them."""
    path = shared / SERIES
    if not path.is_file():
        made_up = made_up_series(trials or 1_155)
        contents = tuple(
            Content(nct_id=nct_id, data_date=data_date, content=content)
            for nct_id, data_date, content in made_up
        )
        return Corpus(real=False, contents=contents).cut(trials)
    with gzip.open(path) as lines:
        rows = [orjson.loads(line) for line in lines]
    contents = tuple(
        Content(
            nct_id=row["nct_id"],
            data_date=row["seen"][0]["version_holder"],
            content=orjson.dumps(row["study"]),
        )
        for row in sorted(rows, key=lambda row: (row["seen"][0]["version_holder"], row["nct_id"]))
    )
    return Corpus(real=True, contents=contents).cut(trials)


def found(
    contents: Iterable[bytes], *, hours: int = 0, origin: str = "records"
) -> list[RawVersion]:
    """Return the bytes as a source would hand them on, read some hours after the first ones."""
    return [
        RawVersion(
            content=content,
            media="json",
            source="files",
            origin=f"{origin}:{line}",
            retrieved_at=_FIRST_READ + timedelta(hours=hours),
        )
        for line, content in enumerate(contents, start=1)
    ]


def loaded_again(content: bytes, data_date: str) -> bytes:
    """Return the same record as a later data load stamps it; nothing else moves."""
    moved, count = _HOLDER.subn(b'"versionHolder":"' + data_date.encode() + b'"', content)
    assert count == 1, "a record carries one data-load stamp"
    return moved
