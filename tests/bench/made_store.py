"""A store of very many trials, made of the real records and written through the store's own door.

Each trial has one record's design with another one's conditions, a third one's sponsors and a
fourth one's sites, under an NCT ID, a title and identifiers of its own; some have conditions and
sponsors that hardly any other has. Three in four have a second version. What changed is what
``edits`` does, its events are derived once for each record and edit. Of ten trials one is written
so; of it the others are copies under NCT IDs, times and words of the index of their own.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson
import sqlalchemy as sa

from monitor.detect.classify import classify, registration_event
from monitor.detect.diff import diff
from monitor.detect.facts import version_facts
from monitor.detect.fingerprints import canonical_bytes, fingerprint
from monitor.detect.rules.base import Context
from monitor.detect.rules_version import rules_id
from monitor.ingest.gc_tuning import fewer_collections
from monitor.match.documents import search_document
from monitor.model.changes import ChangeEvent
from monitor.model.history import NewVersion, TrialRow
from monitor.model.identity import version_identity
from monitor.model.record import TrialRecord
from monitor.model.search import SEARCH_COLUMNS, SearchDocument
from monitor.settings import ThresholdSettings
from monitor.store import search
from monitor.store.column_types import UtcTime
from monitor.store.schema import metadata
from monitor.store.writer import StoreWriter, Transaction
from tests.bench.edits import later_version
from tests.bench.records import Corpus

Study = dict[str, Any]

CHANGED = 0.755
"""The share of trials that have a second version: 1,000,000 versions of 570,000 trials."""

_FIRST_LOAD = datetime(2026, 1, 5, 6, tzinfo=UTC)
_DAYS = 30
"""Of second versions; those of the copies follow on them."""
COPIES = 10
_EDITS = 12  # how often a record is edited until it is the second version
_TOGETHER = 500
_MOST_ITEMS = 25  # of a list
_THRESHOLDS = ThresholdSettings()
_SYLLABLES = (
    "al", "ber", "cor", "dun", "es", "fan", "gor", "hel", "is", "kra", "lom", "mer",
    "nis", "or", "pel", "quin", "ros", "sal", "tor", "ul", "ven", "wex", "yor", "zel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Design:
    """A record's modules that stay together, the later ones and the events between them."""

    study: Study
    later: Study
    events: tuple[ChangeEvent, ...]


class MadeStore:
    """Makes the records of a store of so many trials; the same numbers make the same records."""

    def __init__(self, corpus: Corpus, trials: int) -> None:
        self.trials = trials
        self._designs = [
            _design(content.content, number) for number, content in enumerate(corpus.latest())
        ]

    def changed(self) -> list[int]:
        """Return which trials have a second version, in the order in which they changed."""
        chosen = [number for number in range(self.trials) if _random(number).random() < CHANGED]
        Random(1).shuffle(chosen)  # noqa: S311 - repeatable, not secret
        return chosen

    def record(self, number: int, *, second: bool) -> tuple[TrialRecord, tuple[ChangeEvent, ...]]:
        """Return a trial's first or second record, and the events of that version."""
        random = _random(number)
        random.random()  # decided whether it changes
        design = self._any(random)
        study, events = (design.later, design.events) if second else (design.study, ())
        random = Random(number * 7 + 1)  # noqa: S311 - repeatable, not secret
        nct_id = _nct_id(number, 0)
        document = self._mixed(study, nct_id, random)
        record = TrialRecord(nct_id=nct_id, document=document)
        return record, events or (registration_event(record),)

    def _any(self, random: Random) -> _Design:
        return self._designs[random.randrange(len(self._designs))]

    def _mixed(self, study: Study, nct_id: str, random: Random) -> Study:
        """Return a study with others' conditions, sponsors and sites, and a title of its own."""
        about, sponsored, placed = (self._any(random).study for _ in range(3))
        protocol = dict(study["protocolSection"])
        derived = dict(study.get("derivedSection", {}))
        _take(protocol, about["protocolSection"], "conditionsModule")
        _take(derived, about.get("derivedSection", {}), "conditionBrowseModule")
        _take(protocol, sponsored["protocolSection"], "sponsorCollaboratorsModule")
        _take(protocol, placed["protocolSection"], "contactsLocationsModule")
        conditions = list(protocol.get("conditionsModule", {}).get("conditions", []))
        if random.random() < 0.25:  # a name that few have
            conditions = [f"{_name(random)} {random.choice(('Syndrome', 'Disease'))}", *conditions]
            protocol["conditionsModule"] = protocol.get("conditionsModule", {}) | {
                "conditions": conditions
            }
        if random.random() < 0.4:
            protocol["sponsorCollaboratorsModule"] = protocol.get(
                "sponsorCollaboratorsModule", {}
            ) | {"leadSponsor": {"name": f"{_name(random)} University Hospital", "class": "OTHER"}}
        named = dict(protocol["identificationModule"])
        title = " ".join(str(named.get("briefTitle", "A study")).split()[:8])
        named |= {
            "nctId": nct_id,
            "orgStudyIdInfo": {"id": f"{_name(random)[:4].upper()}-{random.randrange(10**6)}"},
            "briefTitle": f"{title} in {conditions[0] if conditions else 'Healthy Volunteers'}",
        }
        protocol["identificationModule"] = named
        return study | {"protocolSection": protocol, "derivedSection": derived}


def fill(store: StoreWriter, made: MadeStore, say: Callable[[str], None]) -> None:
    """Write all versions into an empty store."""
    changed = made.changed()
    has_second = set(changed)
    snapshots: list[int] = []
    documents: list[SearchDocument] = []
    with fewer_collections():
        for numbers in _batches(range(made.trials)):
            with store.transaction() as tx:
                for number in numbers:
                    record, events = made.record(number, second=False)
                    newest = made.record(number, second=True)[0] if number in has_second else record
                    read_at = _FIRST_LOAD + timedelta(seconds=number // 100)
                    snapshot, version = _put(tx, record, events, read_at, below=None, before=None)
                    snapshots.append(snapshot)
                    documents.append(search_document(newest))
                    tx.put_trial(_row(record, version, read_at), documents[-1])
            say(f"{numbers[-1] + 1:,} of {made.trials:,} trials")
        done = 0
        for numbers in _batches(changed):
            with store.transaction() as tx:
                tx.fetch_snapshots([snapshots[number] for number in numbers])
                for number in numbers:
                    record, events = made.record(number, second=True)
                    at = timedelta(days=_DAYS * (done // 200 * 200) / len(changed), hours=1)
                    read_at = _FIRST_LOAD + timedelta(days=1) + at
                    first, _ = made.record(number, second=False)
                    _, version = _put(
                        tx, record, events, read_at, below=snapshots[number], before=first
                    )
                    tx.put_trial(_row(record, version, read_at, changed=True))
                    done += 1
            say(f"{done:,} of {len(changed):,} second versions")
    with store.transaction() as tx:
        made_copies = _Copies(tx)
    for copy in range(1, COPIES):
        with store.transaction() as tx:
            made_copies.add(tx, copy)
            for numbers in _batches(range(made.trials)):
                words = [
                    (_nct_id(number, copy), _copied(documents[number], number, copy), None)
                    for number in numbers
                ]
                tx._db.run_many(*search.changes(_dialect(tx), words))  # noqa: SLF001 - as below
        say(f"copy {copy} of {COPIES - 1}")
    with store.transaction() as tx:
        made_copies.finish(tx)
        tx.indexing.finish()


def _nct_id(number: int, copy: int) -> str:
    return f"NCT{number * COPIES + 10_000_000 + copy:08}"


def _copied(document: SearchDocument, number: int, copy: int) -> SearchDocument:
    """Return a copy's words: those of another NCT ID."""
    place = SEARCH_COLUMNS.index("identifier")
    texts = list(document.texts)
    texts[place] = texts[place].replace(_nct_id(number, 0), _nct_id(number, copy))
    return SearchDocument(tuple(texts))


class _Copies:
    """Copies the rows of all trials whose NCT IDs end with 0."""

    def __init__(self, tx: Transaction) -> None:
        self._last = {
            name: _run(tx, f"SELECT max(id) FROM {name}")  # noqa: S608 - ours, as below
            for name in _NUMBERED
        }

    def add(self, tx: Transaction, copy: int) -> None:
        """Copy all rows once more, under other ids and later times."""
        for name, key in _COPIED.items():
            table = metadata.tables[name]
            values = {column.name: self._value(tx, column, copy) for column in table.c}
            first = f"{key} <= {self._last[_REFERS[key]]}" if key in _REFERS else _IS_FIRST
            first = f"id <= {self._last[name]}" if key == "id" else first
            _run(
                tx,
                f"INSERT INTO {name} ({', '.join(values)}) SELECT {', '.join(values.values())}"  # noqa: S608
                f" FROM {name} WHERE {first}",
            )

    def finish(self, tx: Transaction) -> None:
        """Let what is counted, and what gives out ids, know of the copies."""
        _run(tx, f"UPDATE row_counts SET number = number * {COPIES}")  # noqa: S608
        if _dialect(tx) == "postgresql":
            for name in _NUMBERED:
                counter = f"pg_get_serial_sequence('{name}', 'id')"
                _run(tx, f"SELECT setval({counter}, max(id)) FROM {name}")  # noqa: S608

    def _value(self, tx: Transaction, column: sa.Column[Any], copy: int) -> str:
        name, is_sqlite = column.name, _dialect(tx) == "sqlite"
        if name == "id" or name in _REFERS:
            table = column.table.name if name == "id" else _REFERS[name]
            return f"{name} + {self._last[table] * copy}"
        if name == "nct_id":
            return f"substr(nct_id, 1, 10) || '{copy}'"
        if name == "identity":
            own = f"x'{copy:02x}'" if is_sqlite else f"decode('{copy:02x}', 'hex')"
            whole = f"substr(identity, 2) || {own}"
            return f"CAST({whole} AS BLOB)" if is_sqlite else whole
        if isinstance(column.type, UtcTime):
            days = f"{_DAYS * copy} days"
            if is_sqlite:
                later = f"datetime(substr({name}, 1, 19), '+{days}')"
                return f"replace({later}, ' ', 'T') || substr({name}, 20)"
            return f"{name} + interval '{days}'"
        return name


_NUMBERED = ("snapshots", "versions", "events")
_COPIED = {
    "snapshots": "id", "trials": "nct_id", "versions": "id", "events": "id",
    "version_facts": "version_id",
}  # fmt: skip
"""By table, what says which of its rows are the first ones."""
_REFERS = {
    "base_id": "snapshots", "snapshot_id": "snapshots", "stated_snapshot_id": "snapshots",
    "version_id": "versions", "latest_version_id": "versions",
}  # fmt: skip
_IS_FIRST = "substr(nct_id, 11, 1) = '0'"


def _dialect(tx: Transaction) -> str:
    return tx._db.dialect  # noqa: SLF001 - no door of the store copies rows


def _run(tx: Transaction, sql: str) -> Any:
    """Run a statement; return the first value of a query."""
    statement = sa.text(sql)
    db = tx._db  # noqa: SLF001 - as above
    return db.value(statement) if sql.startswith("SELECT") else db.run(statement)


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _TOGETHER):
        yield numbers[start : start + _TOGETHER]


def _put(
    tx: Transaction,
    record: TrialRecord,
    events: tuple[ChangeEvent, ...],
    read_at: datetime,
    *,
    below: int | None,
    before: TrialRecord | None,
) -> tuple[int, int]:
    """Write a version; return the ids of its snapshot and its own."""
    content = canonical_bytes(record.document)
    sha256, raw = fingerprint(content), hashlib.sha256(content).digest()
    snapshot = tx.insert_snapshot(record.nct_id, content, base_snapshot_id=below)
    updated = record.last_update_date or read_at.date()
    on = read_at.date() if before is not None else min(updated, read_at.date())
    version = tx.insert_version(
        NewVersion(
            nct_id=record.nct_id,
            identity=version_identity(record.nct_id, on, sha256, taken=()),
            source="files",
            origin="made up",
            version_date=on,
            retrieved_at=read_at,
            last_version_date=on,
            last_retrieved_at=read_at,
            raw_sha256=raw,
            last_raw_sha256=raw,
            stated_sha256=sha256,
            content_sha256=sha256,
            snapshot_id=snapshot,
            rules=rules_id(_THRESHOLDS),
        )
    )
    tx.replace_events(version, record.nct_id, events, backfilled=False)
    tx.put_facts(version, version_facts(record))
    return snapshot, version


def _row(record: TrialRecord, version: int, at: datetime, *, changed: bool = False) -> TrialRow:
    return TrialRow(
        nct_id=record.nct_id,
        title=record.title,
        overall_status=record.overall_status,
        lead_sponsor=record.lead_sponsor,
        conditions=record.conditions,
        first_start_date=str(record.start_date) if record.start_date else None,
        latest_version_id=version,
        last_version_date=at.date() if changed else record.last_update_date or at.date(),
        last_changed=at.date() if changed else None,
        last_seen_at=at,
    )


def _design(content: bytes, number: int) -> _Design:
    """Return a record and what becomes of it; sites stay, as they will be others'."""
    content = orjson.dumps(_shortened(orjson.loads(content)))
    study: Study = orjson.loads(content)
    before = _record(study)
    later: Study = orjson.loads(later_version(content, trial=number, version=_EDITS))
    _take(later["protocolSection"], study["protocolSection"], "contactsLocationsModule")
    after = _record(later)
    context = Context(
        old=before,
        new=after,
        version_date=after.last_update_date or _FIRST_LOAD.date(),
        first_start_date=before.start_date,
        thresholds=_THRESHOLDS,
    )
    return _Design(study, later, classify(diff(before, after), context))


def _shortened(study: Study) -> Study:
    """Return a study without what takes most of its bytes and nothing is selected by."""
    study.pop("resultsSection", None)
    study.pop("documentSection", None)
    protocol = study["protocolSection"]
    protocol.pop("referencesModule", None)
    protocol.get("descriptionModule", {}).pop("detailedDescription", None)
    for module, name in (
        ("contactsLocationsModule", "locations"),
        ("outcomesModule", "secondaryOutcomes"),
    ):
        if name in protocol.get(module, {}):
            protocol[module][name] = protocol[module][name][:_MOST_ITEMS]
    return study


def _record(study: Study) -> TrialRecord:
    nct_id = study["protocolSection"]["identificationModule"]["nctId"]
    return TrialRecord(nct_id=nct_id, document=study)


def _take(into: Study, other: Study, name: str) -> None:
    """Let a module be another record's."""
    if name in other:
        into[name] = other[name]
    else:
        into.pop(name, None)


def _random(number: int) -> Random:
    return Random(number)  # noqa: S311 - repeatable, not secret


def _name(random: Random) -> str:
    """Return a name, of which some come again and again and most never."""
    which = int(random.paretovariate(0.6)) % 200_000
    named = Random(which)  # noqa: S311 - repeatable, not secret
    return "".join(named.choice(_SYLLABLES) for _ in range(3)).capitalize()
