"""Fill the facts and search words of what has none yet, and verify them against the records.

Some trials at a time, each batch in a transaction; what is interrupted goes on from there, and the
monitor may run meanwhile.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf

from monitor.detect.facts import version_facts
from monitor.errors import DamagedSnapshotError
from monitor.ingest.gc_tuning import fewer_collections
from monitor.ingest.timelines import load_record
from monitor.match.documents import search_document
from monitor.model.history import TrialHistory, TrialRow
from monitor.model.integrity import IntegrityProblem
from monitor.model.queries import TrialQuery
from monitor.store.copying import OnStep
from monitor.store.facts import facts_values
from monitor.store.reader import Reader
from monitor.store.search import sum_of
from monitor.store.writer import StoreWriter, Transaction

_TRIALS = 50  # some tenths of a second, for which other writers wait
_CHECK = "facts and words"
_ANEW = "`monitor db upgrade --facts-anew`"


@dataclass(slots=True, kw_only=True)
class IndexReport:
    """How many trials were filled, and which could not be: by NCT ID, what is wrong."""

    trials: int = 0
    damaged: dict[str, str] = field(default_factory=dict)


def fill_index(store: StoreWriter, *, on_step: OnStep, anew: bool = False) -> IndexReport:
    """Fill the facts of all versions and the words of all trials; nothing where they are filled.

    ``anew``: also what has them.
    """
    report = IndexReport()
    with store.transaction() as tx:
        if tx.indexing.is_filled() and not anew:
            return report
        ahead = tx.indexing.begin(anew=anew)
    after = ""
    with fewer_collections():
        while True:
            on_step(_CHECK, report.trials, ahead)
            with store.transaction() as tx:
                nct_ids = tx.indexing.unfilled_trials(after, _TRIALS)
                _fill(tx, nct_ids, report)
            if len(nct_ids) < _TRIALS:
                break
            after = nct_ids[-1]
    with store.transaction() as tx:
        tx.indexing.finish()
    return report


def verify_index(reader: Reader, *, on_step: OnStep) -> Iterator[IntegrityProblem]:
    """Yield the trials whose facts or words are not those of their records.

    Records that cannot be read are left out: ``store.verify`` names them.
    """
    indexed = reader.indexed_sums()
    if indexed is None:
        problem = "there are trials without facts or words"
        yield IntegrityProblem(check=_CHECK, detail=problem, fix="`monitor db upgrade`")
        return
    total = reader.counts()["trials"]
    for done, row in enumerate(_trials(reader)):
        if done % _TRIALS == 0:
            on_step(_CHECK, done, total)
        known = indexed.pop(row.nct_id, None)
        with suppress(DamagedSnapshotError):
            yield from _compare(reader, row, known)
    for nct_id in sorted(indexed):
        problem = "the search has words of a trial that is not stored"
        yield IntegrityProblem(check=_CHECK, detail=problem, fix=_ANEW, nct_id=nct_id)


def _trials(reader: Reader) -> Iterator[TrialRow]:
    query = TrialQuery(sort="nct_id", limit=_TRIALS)
    while True:
        page = reader.select_trials(query, None, deadline=inf)
        yield from page.trials
        if page.next is None:
            return
        query = replace(query, after=page.next)


def _compare(reader: Reader, row: TrialRow, indexed: int | None) -> Iterator[IntegrityProblem]:
    """Compare the facts of a trial's versions and its words with its records."""
    if indexed != sum_of(search_document(reader.newest_record(row))):
        problem = "the search has other words than the record"
        yield IntegrityProblem(check=_CHECK, detail=problem, fix=_ANEW, nct_id=row.nct_id)
    facts = {version.id: known for version, known in reader.facts(row.nct_id)}
    for number, version in enumerate(reader.versions(row.nct_id), start=1):
        stored = facts.get(version.id)
        made = version_facts(reader.record(version))
        if stored is None or facts_values(version.id, stored) != facts_values(version.id, made):
            yield IntegrityProblem(
                check=_CHECK,
                detail="the facts are not those of the record",
                fix=_ANEW,
                nct_id=row.nct_id,
                version=number,
            )


def _fill(tx: Transaction, nct_ids: list[str], report: IndexReport) -> None:
    # Before they are read: an ingest pass may be writing the same trials.
    tx.lock_trials(nct_ids)
    found = tx.histories(nct_ids)
    for nct_id in nct_ids:
        try:
            _fill_trial(tx, nct_id, found[nct_id])
        except DamagedSnapshotError as exc:
            # One damaged snapshot must not keep the other trials out of the search.
            report.damaged[nct_id] = str(exc)
        else:
            report.trials += 1


def _fill_trial(tx: Transaction, nct_id: str, history: TrialHistory) -> None:
    tx.fetch_snapshots({version.snapshot_id for version in history.versions})
    facts = {}
    document = None
    for version in history.versions:
        record, _ = load_record(
            tx.read_snapshot,
            nct_id,
            version.snapshot_id,
            version.coverage,
            version.registry_version,
        )
        facts[version.id] = version_facts(record)
        if version is history.versions[-1]:
            document = search_document(record)
    for version_id, known in facts.items():
        tx.put_facts(version_id, known)
    # A pass may have come first: it puts a trial's words in with every version that it stores.
    if document is not None and history.search_sha256 is None:
        tx.indexing.add_trial(nct_id, document)
