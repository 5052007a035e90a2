"""A version's events as they were when they were announced, whatever has been learnt since."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.detect.classify import classify, first_seen
from monitor.detect.diff import diff
from monitor.detect.rules.base import Context, Thresholds
from monitor.model.changes import ChangeEvent
from monitor.model.dates import PartialDate
from monitor.model.history import StoredVersion
from monitor.model.record import TrialRecord
from monitor.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The events of a version, and the version that it was compared with."""

    events: Sequence[ChangeEvent]
    previous: StoredVersion | None


def announced(
    reader: Reader,
    versions: Sequence[StoredVersion],
    at: int,
    record: TrialRecord,
    thresholds: Thresholds,
) -> Announced:
    """Return what was announced of one of a trial's ordered versions, whose record is given.

    When versions of the past have been filled in since, the stored events compare it with one of
    those. The outbox names events by their position, so they are derived again as they were: from
    the version that came before it among those stored earlier.
    """
    version = versions[at]
    stored = reader.events(version.nct_id, version_ids=[version.id]).get(version.id, [])
    known = [one for one in versions[:at] if one.id < version.id]
    previous = known[-1] if known else None
    if not any(one.backfilled for one in stored):
        return Announced(events=[one.event for one in stored], previous=previous)
    if previous is None:
        return Announced(events=(first_seen(record),), previous=None)
    trial = reader.trial(version.nct_id)
    before = reader.record(previous)
    context = Context(
        old=before,
        new=record,
        version_date=version.version_date,
        first_start_date=PartialDate.parse(trial.first_start_date if trial else None),
        thresholds=thresholds,
    )
    return Announced(events=classify(diff(before, record), context), previous=previous)
