"""What programs are given: plain values that stay as they are within a major version.

Times are aware, in UTC. ``version_id`` and ``id`` are the same in every store of the same data,
``number`` is a version's position in the history as it is known now.
"""

import datetime as dt
from typing import Annotated, Any

from msgspec import Meta, Struct

# `tz=True`: a time without a zone is refused, instead of being taken for local time.
Time = Annotated[dt.datetime, Meta(tz=True)]
"""Aware, in UTC."""


# Keywords only: a field that is added later may stand where it reads best.
class Trial(Struct, frozen=True, kw_only=True):
    """A trial as it stands now.

    ``overall_status``: the registry's word; ``GONE`` or ``MERGED`` while it no longer shows the
    record. ``last_changed``: from when the latest version holds that brought more than noise.
    """

    nct_id: str
    title: str | None
    overall_status: str | None
    lead_sponsor: str | None
    conditions: tuple[str, ...]
    last_version_date: dt.date
    last_changed: dt.date | None
    last_seen_at: Time


class Version(Struct, frozen=True, kw_only=True):
    """A content of a trial's record.

    ``version_date``: the registry's date; ``holds_from``: the day from which the record stood so.
    ``retrieved_at``: when it was first read; ``last_seen_at``: when last. ``backfilled``: it came
    after a later one.
    """

    nct_id: str
    version_id: str
    number: int
    version_date: dt.date
    holds_from: dt.date
    retrieved_at: Time
    last_seen_at: Time
    source: str
    backfilled: bool


class Record(Struct, frozen=True, kw_only=True):
    """The record in one version: ``study`` is the registry's document (API v2).

    ``complete``: the sources state every field of it.
    """

    version: Version
    complete: bool
    study: dict[str, Any]


class FieldChange(Struct, frozen=True, kw_only=True):
    """A field that differs; ``path``: names, and natural keys in the place of list positions.

    ``op``: ``added``, ``removed`` or ``changed``; ``before``/``after``: the registry's values.
    """

    path: tuple[str, ...]
    op: str
    before: Any
    after: Any


class Change(Struct, frozen=True, kw_only=True):
    """What one or more field changes mean; docs/events.md describes kinds and facts."""

    kind: str
    severity: str
    label: str
    path: str
    before: Any
    after: Any
    summary: str
    facts: dict[str, Any]
    fields: tuple[FieldChange, ...]


# A ``Change`` with its trial, so programs handle events of a search and changes of a version alike.
class Event(Change, frozen=True, kw_only=True):
    """A change of a trial across which one searches; ids never change.

    ``event_id`` goes with ``nct_id`` and ``version_id``. ``learned_at``: when the version was
    first read. ``backfilled``: it is of a version that came after a later one.
    """

    nct_id: str
    title: str | None
    version_id: str
    event_id: str
    version_date: dt.date
    learned_at: Time
    backfilled: bool


class Facts(Struct, frozen=True, kw_only=True):
    """What a version states, as plain values; None: it is not stated.

    Dates are as the registry wrote them, with a day or without.
    """

    version: Version
    overall_status: str | None
    reason_class: str | None
    study_type: str | None
    phases: tuple[str, ...]
    start_date: str | None
    start_date_type: str | None
    primary_completion_date: str | None
    primary_completion_date_type: str | None
    completion_date: str | None
    completion_date_type: str | None
    enrollment: int | None
    enrollment_type: str | None
    lead_sponsor: str | None
    sites: int | None
    sites_by_country: dict[str, int]
    arms: int | None
    primary_outcomes: int | None
    secondary_outcomes: int | None
    results: str | None
    minimum_age: str | None
    maximum_age: str | None
    sex: str | None


class VersionChanges(Struct, frozen=True, kw_only=True):
    """A version with what it changed, most of it first."""

    version: Version
    changes: tuple[Change, ...]


class Comparison(Struct, frozen=True, kw_only=True):
    """What differs between two versions of a trial."""

    old: Version
    new: Version
    changes: tuple[Change, ...]


class Point(Struct, frozen=True, kw_only=True):
    """A value of a field from the version on that first has it; ``until``: the next one's day.

    ``type``: ``ACTUAL`` or ``ESTIMATED``. ``change``: the signed difference, of dates in days.
    """

    version_id: str
    number: int
    date: dt.date
    until: dt.date | None
    value: int | str | None
    type: str | None
    change: int | None
