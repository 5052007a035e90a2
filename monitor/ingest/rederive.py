"""The events of stored versions, derived anew from their snapshots by the pipeline of ingest.

``reclassify`` runs it over a store. The same ``Timeline`` compares as in a pass, so that a version
has the same events whenever they are derived.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from monitor.ingest.derivations import Derivations
from monitor.ingest.timeline import Timeline
from monitor.ingest.timeline_entry import stored_entry
from monitor.ingest.timelines import is_above_noise, last_changed, load_record
from monitor.model.changes import Events
from monitor.model.history import StoredEvent, StoredVersion, TrialHistory
from monitor.settings import ThresholdSettings
from monitor.store.bodies import are_equal


@dataclass(frozen=True, slots=True, kw_only=True)
class RederivedVersion:
    """One version's events as stored (``before``) and as the present rules have them (``after``).

    ``number``: of the version in its trial's history. ``rules``: those of the stored events;
    ``backfilled``: what they are marked as. ``is_changed``: other rows are to be stored.
    """

    id: int
    number: int
    version_date: date
    rules: str | None
    backfilled: bool
    before: Events
    after: Events
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RederivedTrial:
    """The versions of a trial that were derived anew.

    ``basis``: what they depend on, and by which rules the stored events are: while it is the same,
    so is the rest. ``last_changed``: as in ``TrialRow``, by the new events; ``moves_last_changed``:
    a version came to have an event above noise, or has none any more.
    """

    nct_id: str
    basis: object
    versions: tuple[RederivedVersion, ...]
    last_changed: date | None
    moves_last_changed: bool


def basis_of(history: TrialHistory) -> object:
    """Return what the events of a trial's versions depend on, and their rules; comparable."""
    versions = [
        # Not the bytes of snapshots: the hash of the content identifies them.
        (one.id, one.rules, one.first_key, one.content_sha256, one.coverage)
        for one in history.versions
    ]
    return history.first_start_date, versions


def rederive(
    history: TrialHistory,
    events: Mapping[int, Sequence[StoredEvent]],
    read_snapshot: Callable[[int], bytes],
    *,
    thresholds: ThresholdSettings,
    is_wanted: Callable[[StoredVersion], bool],
) -> RederivedTrial:
    """Derive the events of a trial's wanted versions anew.

    ``events``: the stored ones by version id. DamagedSnapshotError when a snapshot that it takes
    cannot be read.
    """
    nct_id = history.versions[0].nct_id
    derivations = Derivations()
    # Nothing is rolled back here: mostly no transaction is open, and within one little is derived.
    derivations.settle()
    timeline = Timeline(
        nct_id=nct_id,
        entries=[stored_entry(version) for version in history.versions],
        thresholds=thresholds,
        load=partial(load_record, read_snapshot, nct_id),
        derivations=derivations,
        first_start_date=history.first_start_date,
    )
    found = []
    for index, version in enumerate(history.versions):
        stored = events.get(version.id, ())
        before = tuple(one.event for one in stored)
        timeline.entries[index].events = before
        if is_wanted(version):
            after = timeline.entries[index].events = timeline.events(index)
            found.append(
                RederivedVersion(
                    id=version.id,
                    number=index + 1,
                    version_date=version.version_date,
                    rules=version.rules,
                    # A version without events has no mark of its own: then it says itself whether
                    # it came late.
                    backfilled=any(one.backfilled for one in stored) or version.backfilled,
                    before=before,
                    after=after,
                    is_changed=not are_equal(before, after),
                )
            )
        if index:
            timeline.entries[index - 1].record = None  # a long series of large records is not held
    return RederivedTrial(
        nct_id=nct_id,
        basis=basis_of(history),
        versions=tuple(found),
        last_changed=last_changed(timeline),
        moves_last_changed=any(
            _has_event_above_noise(one.before) != _has_event_above_noise(one.after) for one in found
        ),
    )


def _has_event_above_noise(events: Events) -> bool:
    return any(is_above_noise(event.severity, event.kind) for event in events)
