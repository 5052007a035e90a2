"""Facts and words of the search for what a store held before it had them.

Some trials at a time, each batch in a transaction; what is interrupted goes on from there, and the
monitor may run meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.detect.facts import version_facts
from monitor.errors import DamagedSnapshotError
from monitor.ingest.gc_tuning import fewer_collections
from monitor.ingest.timelines import load_record
from monitor.match.documents import search_document
from monitor.model.history import TrialHistory
from monitor.store.writer import Store, Transaction

_TRIALS = 50  # some tenths of a second, for which other writers wait

OnStep = Callable[[str, int, int | None], None]


@dataclass(slots=True, kw_only=True)
class IndexReport:
    """How many trials were filled, and which could not be: by NCT ID, what is wrong."""

    trials: int = 0
    damaged: dict[str, str] = field(default_factory=dict)


def fill_index(store: Store, *, on_step: OnStep) -> IndexReport:
    """Give all that is stored its facts and its words; nothing where it has them."""
    report = IndexReport()
    with store.transaction() as tx:
        if tx.indexing.is_filled():
            return report
        ahead = tx.indexing.begin()
    after = ""
    with fewer_collections():
        while True:
            on_step("facts and words", report.trials, ahead)
            with store.transaction() as tx:
                nct_ids = tx.indexing.unfilled(after, _TRIALS)
                _fill(tx, nct_ids, report)
            if len(nct_ids) < _TRIALS:
                break
            after = nct_ids[-1]
    with store.transaction() as tx:
        tx.indexing.finish()
    return report


def _fill(tx: Transaction, nct_ids: list[str], report: IndexReport) -> None:
    tx.lock_trials(nct_ids)
    found = tx.histories(nct_ids)
    for nct_id in nct_ids:
        try:
            _fill_trial(tx, nct_id, found[nct_id])
        except DamagedSnapshotError as exc:
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
    if document is not None and history.search_sha256 is None:
        tx.indexing.put(nct_id, document)
