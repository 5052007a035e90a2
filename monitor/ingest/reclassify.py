"""Derive stored events anew from the snapshots by the present rules; no alerts are sent.

A batch of trials is derived from what a reader sees, while no transaction is open; then one
transaction writes it::

    reader ─▶ history, events, snapshots ─▶ rederive ─▶ transaction: same basis? ─▶ events, marks

Whoever else writes a trial meanwhile changes its basis; it is then derived once more, in the
transaction. Each version is marked with the rules that its events are by: what is interrupted goes
on from there. Announcements, messages and identities are never touched.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from zlib import crc32

from monitor.detect.rules_version import rules_id
from monitor.errors import DamagedSnapshotError
from monitor.ingest.gc_tuning import fewer_collections
from monitor.ingest.rederive import RederivedTrial, basis_of, rederive
from monitor.model.history import StoredEvent, StoredVersion, TrialHistory
from monitor.model.reclassified import Estimate, ReclassifyReport
from monitor.settings import ThresholdSettings
from monitor.store.bodies import stored_size
from monitor.store.reader import Reader
from monitor.store.writer import StoreWriter, Transaction

OpenReader = Callable[[], AbstractContextManager[Reader]]

BATCH_VERSIONS = 200
# NCT IDs and numbers alone: some 50 KB.
_PAGE_TRIALS = 1_000
# Measured: where most events change, writing takes a quarter of the time that deriving does.
_WITH_WRITING = 1.25
# A version's row with its entries in indexes, which PostgreSQL writes anew to mark it.
_ROW_BYTES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which versions are derived anew.

    ``nct_ids``: all versions of these trials, whatever rules their events are by; () for those of
    all trials whose events are by other rules than the present ones. ``since``: only versions
    dated on it or later. ``part``: (k, n): only trials of the k-th of n parts; each trial is in
    exactly one.
    """

    nct_ids: tuple[str, ...] = ()
    since: date = date.min
    part: tuple[int, int] = (1, 1)

    def has_trial(self, nct_id: str) -> bool:
        """Return whether a trial is in the part."""
        number, of = self.part
        # Not Python's own hash, which differs from process to process: the parts are run by
        # several.
        return crc32(nct_id.encode()) % of == number - 1

    def has_version(self, version: StoredVersion, rules: str) -> bool:
        """Return whether a version is to be derived by these rules."""
        return version.version_date >= self.since and (bool(self.nct_ids) or version.rules != rules)


def reclassify(
    open_reader: OpenReader,
    store: StoreWriter | None,
    scope: Scope,
    *,
    thresholds: ThresholdSettings,
    on_estimate: Callable[[Estimate], None],
    on_batch: Callable[[ReclassifyReport, int], None],
) -> ReclassifyReport:
    """Derive the events of the scope's versions anew, and store them; no alerts are sent.

    ``store`` None: only report what would change. ``on_estimate`` is called with an estimate before
    anything is written, and may raise to stop; ``on_batch`` with the counts so far, and of how many
    versions. Each batch is one transaction; what was committed stays.
    """
    work = _Reclassification(open_reader, store, scope, thresholds)
    report = ReclassifyReport()
    batches = work.batches()
    total: Estimate | None = None
    with fewer_collections():
        for batch in batches:
            began = time.monotonic()
            trials = work.derive(batch, report)
            if total is None:
                total = work.estimate(trials, time.monotonic() - began)
                # From a first batch that was really derived, and before anything of it is written.
                on_estimate(total)
            for trial in work.write(trials):
                _count(report, trial)
            # Or a batch's records would stay in memory while the next one is read.
            del trials
            on_batch(report, total.versions)
    return report


class _Reclassification:
    """One run: what it reads, derives and writes."""

    def __init__(
        self,
        open_reader: OpenReader,
        store: StoreWriter | None,
        scope: Scope,
        thresholds: ThresholdSettings,
    ) -> None:
        self._open_reader = open_reader
        self._store = store
        self._scope = scope
        self._thresholds = thresholds
        self._rules = rules_id(thresholds)

    def batches(self) -> Iterator[list[str]]:
        """Yield the NCT IDs in lists of so many versions."""
        batch: list[str] = []
        versions = 0
        for nct_id, count in self._trials():
            batch.append(nct_id)
            versions += count
            if versions >= BATCH_VERSIONS:
                yield batch
                batch, versions = [], 0
        if batch:
            yield batch

    def _trials(self) -> Iterator[tuple[str, int]]:
        """Yield the NCT IDs of the scope, ascending, with how many versions are to be derived."""
        if self._scope.nct_ids:
            yield from self._named_trials()
            return
        after = ""
        while True:
            # A reader for each page: one that stays open would keep SQLite from shortening its log.
            with self._open_reader() as reader:
                page = reader.by_rules(
                    self._rules,
                    others=True,
                    since=self._scope.since,
                    after=after,
                    limit=_PAGE_TRIALS,
                )
            yield from (one for one in page if self._scope.has_trial(one[0]))
            if len(page) < _PAGE_TRIALS:
                return
            after = page[-1][0]

    def _named_trials(self) -> Iterator[tuple[str, int]]:
        for nct_id in sorted(set(self._scope.nct_ids)):
            if self._scope.has_trial(nct_id):
                with self._open_reader() as reader:
                    yield nct_id, sum(map(self._is_wanted, reader.versions(nct_id)))

    def derive(self, nct_ids: Iterable[str], report: ReclassifyReport) -> list[RederivedTrial]:
        """Derive trials from what the store holds now; what is damaged is noted and left out."""
        found = []
        with self._open_reader() as reader:
            for nct_id in nct_ids:
                history = reader.history(nct_id)
                if history is None:
                    continue
                try:
                    events = reader.events(nct_id)
                    found.append(self._rederive(history, events, reader.snapshot))
                except DamagedSnapshotError as exc:
                    report.damaged[nct_id] = str(exc)
        return found

    def estimate(self, first: Sequence[RederivedTrial], seconds: float) -> Estimate:
        """Estimate the whole run from a first batch, which took so many seconds to derive."""
        trials = versions = 0
        for _, count in self._trials():
            trials, versions = trials + 1, versions + count
        done = [version for trial in first for version in trial.versions]
        size = sum(stored_size(one.after) for one in done if one.is_changed)
        share = versions / max(1, len(done))
        return Estimate(
            trials=trials,
            versions=versions,
            seconds=seconds * share * (1 if self._store is None else _WITH_WRITING),
            disk_bytes=0 if self._store is None else int(size * share) + versions * _ROW_BYTES,
        )

    def write(self, trials: list[RederivedTrial]) -> list[RederivedTrial]:
        """Write what was derived in one transaction; return it, as it was written."""
        if self._store is None or not trials:
            return trials
        nct_ids = [trial.nct_id for trial in trials]
        with self._store.transaction() as tx:
            tx.lock_trials(nct_ids)
            found = tx.histories(nct_ids)
            settled = [
                # Mostly nobody has written it meanwhile, and nothing is derived while the lock is
                # held.
                trial if basis_of(found[trial.nct_id]) == trial.basis
                else self._rederive(found[trial.nct_id], tx.events(trial.nct_id), tx.read_snapshot)
                for trial in trials
            ]  # fmt: skip
            for trial in settled:
                _write(tx, trial)
            marks = {one.id: one.rules for trial in settled for one in trial.versions}
            # Also those whose events did not change: they are by the present rules now.
            tx.mark_rules(marks, self._rules)
        return settled

    def _rederive(
        self,
        history: TrialHistory,
        events: dict[int, list[StoredEvent]],
        read_snapshot: Callable[[int], bytes],
    ) -> RederivedTrial:
        return rederive(
            history,
            events,
            read_snapshot,
            thresholds=self._thresholds,
            is_wanted=self._is_wanted,
        )

    def _is_wanted(self, version: StoredVersion) -> bool:
        return self._scope.has_version(version, self._rules)


def _write(tx: Transaction, trial: RederivedTrial) -> None:
    """Write the events of a trial's versions that changed; what did not stays as it is."""
    for one in trial.versions:
        if one.is_changed:
            tx.replace_events(one.id, trial.nct_id, one.after, backfilled=one.backfilled)
    if trial.moves_last_changed:
        tx.set_last_changed(trial.nct_id, trial.last_changed)


def _count(report: ReclassifyReport, trial: RederivedTrial) -> None:
    report.trials += bool(trial.versions)
    report.versions += len(trial.versions)
    for one in trial.versions:
        if one.is_changed:
            report.count_changed(
                trial.nct_id, one.number, one.version_date, before=one.before, after=one.after
            )
