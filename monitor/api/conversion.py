"""From what the store holds to what programs are given."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from monitor.api.types import Change, Event, Facts, FieldChange, Point, Trial, Version
from monitor.model import series
from monitor.model.bitemporal import known_since, last_known, valid_from
from monitor.model.changes import ChangeEvent
from monitor.model.facts import VersionFacts
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.public_ids import public_event_id, public_version_id
from monitor.model.queries import EventRow


def trial_of(row: TrialRow) -> Trial:
    """Return a trial."""
    return Trial(
        nct_id=row.nct_id,
        title=row.title,
        overall_status=row.overall_status,
        lead_sponsor=row.lead_sponsor,
        conditions=row.conditions,
        last_version_date=row.last_version_date,
        last_changed=row.last_changed,
        last_seen_at=row.last_seen_at,
    )


def versions_of(history: Sequence[StoredVersion]) -> list[Version]:
    """Return the versions of a trial's whole ordered history."""
    # Of the whole history: from when a version holds depends on the one after it.
    days = valid_from(history)
    return [
        Version(
            nct_id=version.nct_id,
            version_id=public_version_id(version.identity),
            number=number,
            version_date=version.version_date,
            holds_from=day,
            retrieved_at=known_since(version),
            last_seen_at=last_known(version),
            source=version.source,
            backfilled=version.backfilled,
        )
        for number, (version, day) in enumerate(zip(history, days, strict=True), start=1)
    ]


def change_of(event: ChangeEvent) -> Change:
    """Return a change with its fields."""
    return Change(**_change(event))


def event_of(one: EventRow) -> Event:
    """Return an event with its trial."""
    return Event(
        nct_id=one.stored.nct_id,
        title=one.title,
        version_id=public_version_id(one.identity),
        event_id=public_event_id(one.stored.event),
        version_date=one.version_date,
        learned_at=one.learned_at,
        backfilled=one.stored.backfilled,
        **_change(one.stored.event),
    )


def facts_of(version: Version, facts: VersionFacts) -> Facts:
    """Return the facts of a version."""
    # Both types name their fields alike, so a new column of facts needs no line here.
    values = {one.name: getattr(facts, one.name) for one in fields(VersionFacts)}
    values["sites_by_country"] = dict(facts.sites_by_country)
    return Facts(version=version, **values)


def _change(event: ChangeEvent) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "severity": event.severity.value,
        "label": event.label,
        "path": event.path,
        "before": event.before,
        "after": event.after,
        "summary": event.summary,
        "facts": dict(event.facts),
        "fields": tuple(
            FieldChange(path=one.path, op=one.op, before=one.before, after=one.after)
            for one in event.fields
        ),
    }


def point_of(point: series.SeriesPoint) -> Point:
    """Return a point of a series."""
    return Point(
        version_id=public_version_id(point.identity),
        number=point.number,
        # `day` in the model; programs know the date of a version as `date`.
        date=point.day,
        until=point.until,
        value=point.value,
        type=point.type,
        change=point.change,
    )
