"""The timelines of one batch: loaded from the store once, written back once.

The last step of ``batch``. ``timeline`` decides where a version goes; here that becomes rows, and a
change set for ``notify``.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

import orjson

from monitor.detect.facts import version_facts
from monitor.detect.rules_version import rules_id
from monitor.ingest.derivations import Derivations
from monitor.ingest.timeline import Indexed, Timeline
from monitor.ingest.timeline_entry import (
    CHANGEABLE,
    Observation,
    TimelineEntry,
    give_identities,
    new_version,
    stored_entry,
)
from monitor.match.change_set import ChangeSet
from monitor.match.documents import search_document, search_documents
from monitor.model.bitemporal import holds_from
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.coverage import Coverage
from monitor.model.history import TrialHistory, TrialRow
from monitor.model.record import TrialRecord
from monitor.model.search import SearchDocument
from monitor.settings import ThresholdSettings
from monitor.store.bodies import are_equal
from monitor.store.writer import Transaction

if TYPE_CHECKING:
    from monitor.ingest.notify import OutboxBuilder

# How many trials are kept open; one that is left is written, and read again if it comes back.
OPEN_TRIALS = 16


class Timelines:
    """The changed trials of a batch; reads and writes within one transaction.

    ``kinds``: how many events of each kind the new versions have that were written so far.
    ``derivations``: the events of versions that are compared; while some are missing nothing is
    written. ``outbox``: gets each new version that is not backfilled.
    """

    def __init__(
        self,
        tx: Transaction,
        thresholds: ThresholdSettings,
        derivations: Derivations,
        outbox: "OutboxBuilder | None" = None,
    ) -> None:
        self._tx = tx
        self._thresholds = thresholds
        self._rules = rules_id(thresholds)
        self._derivations = derivations
        self._outbox = outbox
        self._open: dict[str, Timeline] = {}
        self.kinds: Counter[str] = Counter()

    def open(self, nct_ids: Iterable[str]) -> None:
        """Read the timelines of these trials that are not open yet, all at once."""
        wanted = set(nct_ids) - self._open.keys()
        if not wanted:
            return
        found = self._tx.histories(wanted)
        # Most new versions are compared with the last one.
        self._tx.fetch_snapshots({known.versions[-1].snapshot_id for known in found.values()})
        for nct_id in wanted:
            known = found.get(nct_id)
            self._open[nct_id] = Timeline(
                nct_id=nct_id,
                entries=[stored_entry(version) for version in known.versions] if known else [],
                thresholds=self._thresholds,
                load=partial(load_record, self._tx.read_snapshot, nct_id),
                derivations=self._derivations,
                first_start_date=known.first_start_date if known else None,
                last_changed=known.last_changed if known else None,
                last_seen_at=known.last_seen_at if known else None,
                indexed=known and _indexed_words(known),
            )

    def newest(self, nct_id: str) -> TrialRecord | None:
        """Return a trial's record as its last version has it; None when there is none."""
        self.open([nct_id])
        entries = self._open[nct_id].entries
        return self._open[nct_id].record(entries[-1]) if entries else None

    def observe(self, seen: Observation) -> bool:
        """Put an observation into its trial's timeline; True when it makes a new version."""
        self.open([seen.record.nct_id])
        # Put in again behind the others: a dictionary keeps its order, so the first one in it is
        # the one that was used longest ago.
        timeline = self._open.pop(seen.record.nct_id)
        self._open[timeline.nct_id] = timeline
        timeline.last_seen_at = max(
            timeline.last_seen_at or seen.raw.retrieved_at, seen.raw.retrieved_at
        )
        made = timeline.observe(seen)
        timeline.observed = True
        if len(self._open) > OPEN_TRIALS:
            # A batch may touch 200 trials: parsed, their records would take tens of megabytes, and
            # hundreds with results.
            self._write(self._open.pop(next(iter(self._open))))
        return made

    def write_all(self) -> int:
        """Write what is open; return how many events all new versions have."""
        while self._open:
            self._write(self._open.pop(next(iter(self._open))))
        return self.kinds.total()

    def _write(self, timeline: Timeline) -> None:
        """Write what has changed of a timeline, if anything was seen of its trial."""
        if not timeline.observed or self._derivations.is_rehearsal:
            return
        # Before the first row: of two new versions the later one's identity depends on the earlier
        # one's.
        give_identities(timeline.nct_id, timeline.entries)
        below: int | None = None
        previous: int | None = None
        for number, entry in enumerate(timeline.entries):
            is_new = entry.id is None
            self._write_version(timeline, entry, below)
            # Its predecessor: of all snapshots of the trial the likeliest to be nearly the same.
            below = entry.snapshot_id
            if entry.events is not None and entry.id is not None:
                # Late versions send no alerts: what they show happened before what people have been
                # alerted to since.
                late = entry.backfilled or entry.recomputed
                if entry.checked:
                    self._replace_if_changed(timeline.nct_id, entry.id, entry.events)
                else:
                    self._tx.replace_events(
                        entry.id, timeline.nct_id, entry.events, backfilled=late
                    )
                if not is_new and entry.rules != self._rules:
                    self._tx.mark_rules({entry.id: entry.rules}, self._rules)
                if is_new:
                    self.kinds.update(str(event.kind) for event in entry.events)
                # Only a version that is new and the newest sends alerts; a stored one whose events
                # are others now has sent its alerts already, in the words of its time.
                if is_new and not late and self._outbox is not None:
                    change_set = _change_set(timeline, number, self._outbox.at)
                    self._outbox.announce(entry.id, change_set, previous_id=previous)
            previous = entry.id
        if timeline.entries:
            self._write_trial(timeline)

    def _write_trial(self, timeline: Timeline) -> None:
        """Write the trial's row, and its words in the search index where they changed."""
        record = timeline.record(timeline.entries[-1])
        document, replaces = _search_changes(timeline, record)
        self._tx.put_trial(_row(timeline), document, replaces=replaces)
        # Never taken back: a subscription that names the former ID must find the trial for ever.
        for alias, nct_id in record.former_ids:
            self._tx.put_alias(alias, nct_id)

    def _replace_if_changed(
        self, nct_id: str, version_id: int, events: tuple[ChangeEvent, ...]
    ) -> None:
        """Replace the events of a stored version where they differ now, with their old mark."""
        stored = self._tx.events(nct_id).get(version_id, ())
        if not are_equal([one.event for one in stored], events):
            late = any(one.backfilled for one in stored)
            self._tx.replace_events(version_id, nct_id, events, backfilled=late)

    def _write_version(self, timeline: Timeline, entry: TimelineEntry, below: int | None) -> None:
        """Write what is new of one version; ``below``: a snapshot to store its bytes against."""
        nct_id = timeline.nct_id
        remerged = entry.snapshot_id is None and entry.content is not None
        if remerged and entry.content is not None:
            entry.snapshot_id = self._tx.insert_snapshot(
                nct_id, entry.content, base_snapshot_id=below
            )
            if entry.stated_content not in (None, entry.content):
                entry.stated_snapshot_id = self._tx.insert_snapshot(
                    nct_id, entry.stated_content, base_snapshot_id=entry.snapshot_id
                )
        is_new = entry.id is None
        if entry.id is None:
            entry.id = self._tx.insert_version(new_version(nct_id, entry, rules=self._rules))
        elif remerged or entry.moved:
            version = new_version(nct_id, entry, rules=self._rules)
            columns = {name: getattr(version, name) for name in CHANGEABLE}
            self._tx.update_version(entry.id, **columns)
        if is_new or remerged:
            self._tx.put_facts(entry.id, version_facts(timeline.record(entry)))


def load_record(
    read: Callable[[int], bytes],
    nct_id: str,
    snapshot: int,
    coverage: Coverage,
    number: int | None,
) -> tuple[TrialRecord, int]:
    """Return the record that a snapshot holds, and its bytes; ``number``: the registry's."""
    content = read(snapshot)
    record = TrialRecord(
        nct_id=nct_id,
        document=orjson.loads(content),
        coverage=coverage,
        registry_version=number,
    )
    return record, len(content)


def _indexed_words(known: TrialHistory) -> Indexed | None:
    if known.search_sha256 is None:
        return None
    return Indexed(known.search_sha256, known.versions[-1].snapshot_id)


def _search_changes(
    timeline: Timeline, record: TrialRecord
) -> tuple[SearchDocument | None, SearchDocument | None]:
    """Return the search words of a trial's newest record, and those that the index has of it.

    Neither where they are the same; only the former where the index has none that are known.
    """
    indexed = timeline.indexed
    if indexed is None:
        return search_document(record), None
    found = search_documents(_indexed_record(timeline, indexed), record)
    if found is None:
        return None, None
    replaces, document = found
    return document, replaces if replaces.digest == indexed.sha256 else None


def _indexed_record(timeline: Timeline, indexed: Indexed) -> TrialRecord:
    """Return the record whose words the index has: mostly one that was read already."""
    for entry in timeline.entries:
        if entry.snapshot_id == indexed.snapshot_id:
            return timeline.record(entry)
    return timeline.load(indexed.snapshot_id, Coverage.complete(), None)[0]


def _change_set(timeline: Timeline, number: int, at: datetime) -> ChangeSet:
    entries = timeline.entries
    return ChangeSet(
        nct_id=timeline.nct_id,
        old=timeline.record(entries[number - 1]) if number else None,
        new=timeline.record(entries[number]),
        events=entries[number].events or (),
        backfilled=False,
        known_at=at,
        sources=(entries[number].source,),
    )


def _row(timeline: Timeline) -> TrialRow:
    newest = timeline.entries[-1]
    record = timeline.record(newest)
    return TrialRow(
        nct_id=timeline.nct_id,
        title=record.title,
        overall_status=record.presence or record.overall_status,
        lead_sponsor=record.lead_sponsor,
        conditions=record.conditions,
        first_start_date=timeline.first_start_date,
        latest_version_id=newest.id or 0,
        last_version_date=newest.first_key.version_date,
        last_changed=last_changed(timeline),
        last_seen_at=timeline.last_seen_at or newest.last_key.retrieved_at,
    )


def last_changed(timeline: Timeline) -> date | None:
    """Return the date from which the latest version with an event above noise is valid."""
    # What is stored counts too: events of versions that were not derived in this pass are not here.
    dates = [timeline.last_changed] if timeline.last_changed else []
    before: date | None = None
    for entry in timeline.entries:
        key = entry.first_key
        if any(is_above_noise(event.severity, event.kind) for event in entry.events or ()):
            known = min(key.retrieved_at, entry.last_key.retrieved_at)
            dates.append(holds_from(key, before, known))
        before = key.version_date
    return max(dates, default=None)


def is_above_noise(severity: Severity, kind: ChangeKind) -> bool:
    """Return whether an event is of a change, and above noise."""
    return severity is not Severity.NOISE and kind is not ChangeKind.TRIAL_REGISTERED
