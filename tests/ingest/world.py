"""A small world for ingest tests: made-up studies, a store, and the history that comes out."""

import copy
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from monitor.ingest import IngestReport, ingest
from monitor.model.history import StoredEvent, StoredVersion
from monitor.model.record import RawVersion
from monitor.settings import ThresholdSettings
from monitor.sources.base import Unreadable
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.whole import as_whole

NCT = "NCT09000001"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def study(
    updated: str,
    loaded: str | None = None,
    *,
    nct_id: str = NCT,
    status: str = "RECRUITING",
    enrollment: int = 100,
    **modules: Any,
) -> dict[str, Any]:
    """Return a v2 study; complete when ``loaded`` (versionHolder) is given."""
    document: dict[str, Any] = {
        "protocolSection": {
            "identificationModule": {"nctId": nct_id, "briefTitle": "A study of a thing"},
            "statusModule": {
                "overallStatus": status,
                "startDateStruct": {"date": "2025-01-01", "type": "ACTUAL"},
                "lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"},
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A sponsor"}},
            "conditionsModule": {"conditions": ["A condition"]},
            "designModule": {"enrollmentInfo": {"count": enrollment, "type": "ESTIMATED"}},
            **modules,
        }
    }
    if loaded is not None:
        document["derivedSection"] = {"miscInfoModule": {"versionHolder": loaded}}
        return as_whole(document)
    return document


def raw(
    document: Any, *, at: datetime = NOON, source: str = "files", origin: str = "here"
) -> RawVersion:
    """Return a document's bytes as a source would find them."""
    content = document if isinstance(document, bytes) else orjson.dumps(document)
    return RawVersion(content=content, media="json", source=source, origin=origin, retrieved_at=at)


def absence(
    day: str,
    *,
    into: str | None = None,
    said: str = f"NCT number {NCT} not found",
    nct_id: str = NCT,
    at: datetime | None = None,
) -> RawVersion:
    """Return what a source says of a record that is gone, or merged ``into`` another.

    ``day``: of the data load that it was missing from; read at noon of that day.
    """
    reported = {"nctId": nct_id, "presence": "merged" if into else "gone", "said": said}
    if into:
        reported["mergedInto"] = into
    load = date.fromisoformat(day)
    return RawVersion(
        content=orjson.dumps(reported),
        media="absence",
        source="ctgov",
        origin=f"https://example.org/{nct_id}",
        retrieved_at=at or datetime(load.year, load.month, load.day, 12, tzinfo=UTC),
        data_date=load,
    )


def without(document: dict[str, Any], *path: str) -> dict[str, Any]:
    """Return a copy of the document without what stands at the path."""
    cut = copy.deepcopy(document)
    below = cut
    for name in path[:-1]:
        below = below[name]
    del below[path[-1]]
    return cut


@dataclass(frozen=True)
class Seen:
    """One version of the history as the tests look at it."""

    version: StoredVersion
    events: list[StoredEvent]
    document: dict[str, Any]

    @property
    def kinds(self) -> list[str]:
        """The kinds of the version's events."""
        return [str(stored.event.kind) for stored in self.events]

    @property
    def news(self) -> list[str]:
        """The kinds of the events above noise."""
        return [str(s.event.kind) for s in self.events if s.event.severity.rank > 0]

    @property
    def status(self) -> str:
        """The overall status that the version states."""
        return str(self.document["protocolSection"]["statusModule"]["overallStatus"])


@dataclass
class World:
    """A store that records are put into and histories are read from."""

    url: str
    batch_records: int = 200
    thresholds: ThresholdSettings = field(default_factory=ThresholdSettings)

    def take(self, *found: RawVersion | Unreadable) -> IngestReport:
        """Run one ingest pass over what was found."""
        return self.take_all(found)

    def take_all(self, found: Iterable[RawVersion | Unreadable]) -> IngestReport:
        """Run one ingest pass over what was found."""
        with open_store(self.url) as store:
            return ingest(
                found, store, thresholds=self.thresholds, batch_records=self.batch_records
            )

    def history(self, nct_id: str = NCT) -> list[Seen]:
        """Return the trial's versions in order."""
        with open_reader(self.url) as reader:
            events = reader.events(nct_id)
            return [
                Seen(version, events.get(version.id, []), dict(reader.record(version).document))
                for version in reader.versions(nct_id)
            ]

    def last_seen(self, nct_id: str = NCT) -> datetime | None:
        """Return when the trial was last seen to be as stored."""
        with open_reader(self.url) as reader:
            trial = reader.trial(nct_id)
            return trial.last_seen_at if trial else None

    def summary(self) -> dict[str, list[tuple[date, bytes, list[tuple[str, str, int]]]]]:
        """Return all that a history consists of, but for ids and times of retrieval."""
        found = {}
        with open_reader(self.url) as reader:
            for trial in reader.trials():
                events = reader.events(trial.nct_id)
                found[trial.nct_id] = [
                    (
                        version.version_date,
                        version.content_sha256,
                        [
                            (str(s.event.kind), s.event.summary, len(s.event.fields))
                            for s in events.get(version.id, [])
                        ],
                    )
                    for version in reader.versions(trial.nct_id)
                ]
        return found

    def quarantine(self) -> list[str]:
        """Return the reasons of all quarantine entries."""
        with open_reader(self.url) as reader:
            return [row.reason for row in reader.quarantine()]


def empty_world(folder: Path | str, name: str, batch_records: int = 200) -> World:
    """Return a world on a SQLite store of its own, for tests that need very many of them."""
    path = Path(folder) / f"{name}.db"
    path.write_bytes(_empty())
    return World(f"sqlite:///{path}", batch_records=batch_records)


@cache
def _empty() -> bytes:
    """Return the bytes of an empty store: to make one takes longer than all that a test does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_store(f"sqlite:///{path}").close()
        return path.read_bytes()
