"""The events of a version as they were announced, which is what its messages say when sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.detect.classify import classify, registration_event
from monitor.detect.diff import diff
from monitor.detect.rules.base import Context
from monitor.errors import DamagedSnapshotError
from monitor.model.changes import ChangeEvent
from monitor.model.dates import PartialDate
from monitor.model.history import StoredVersion
from monitor.model.messages import Announcement
from monitor.settings import ThresholdSettings
from monitor.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedEvents:
    """The events of a version, and the version that it was compared with."""

    events: Sequence[ChangeEvent]
    previous: StoredVersion | None


def announced_events(
    reader: Reader,
    versions: Sequence[StoredVersion],
    version: StoredVersion,
    limits: ThresholdSettings,
) -> AnnouncedEvents:
    """Return what was announced of one of a trial's ordered versions.

    DamagedSnapshotError where nothing was, or where it cannot be read.
    """
    announcement = reader.outbox.announcement(version.id)
    if announcement is None:
        # Ingest stores the copy with the version, in one transaction: where it is missing, the
        # store is damaged, and waiting will not help.
        raise _lost(version)
    previous = next((one for one in versions if one.id == announcement.previous_id), None)
    if announcement.events is not None:
        return AnnouncedEvents(events=announcement.events, previous=previous)
    return AnnouncedEvents(
        events=_again(reader, announcement, version, previous, limits), previous=previous
    )


def _again(
    reader: Reader,
    announcement: Announcement,
    version: StoredVersion,
    previous: StoredVersion | None,
    limits: ThresholdSettings,
) -> Sequence[ChangeEvent]:
    """Derive anew what was announced before the store kept copies, from the same two versions."""
    record = reader.record(version)
    if previous is None:
        if announcement.previous_id is not None:
            raise _lost(version)
        return (registration_event(record),)
    trial = reader.trial(version.nct_id)
    before = reader.record(previous)
    context = Context(
        old=before,
        new=record,
        version_date=version.version_date,
        first_start_date=PartialDate.parse(trial.first_start_date if trial else None),
        thresholds=limits,
    )
    return classify(diff(before, record), context)


def _lost(version: StoredVersion) -> DamagedSnapshotError:
    message = f"the store does not know any more what was announced of {version.nct_id}"
    return DamagedSnapshotError(f"{message}, version of {version.version_date}")
