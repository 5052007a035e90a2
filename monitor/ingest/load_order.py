"""Reconcile two orders of observations: by the record's own date, and by data load.

``timeline`` orders by the record's date first. But a later load shows a later state of the
registry, whatever date the record has: here an observation or a version gets the date that fits
both.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from monitor.ingest.timeline_entry import Observation, TimelineEntry, split
from monitor.model.history import VersionKey


def redate_after_loads(entries: Sequence[TimelineEntry], seen: Observation) -> Observation:
    """Return the observation with a date not before what earlier loads showed.

    A record that the registry took back to an earlier date takes the date of what it replaced.
    One that comes back after an absence, under a date from before it, takes that of its load.
    """
    data_date = seen.key.data_date
    if data_date is None:
        return seen
    floor = seen.key.version_date
    returns = False
    for entry in entries:
        if entry.last_key.data_date is None:
            continue
        # Only between a record and an absence the order within one load matters: a record that was
        # there in the morning and is missed in the evening is gone, of one and the same data.
        same_load = seen.is_absence is not entry.is_absence
        for key in (entry.last_key, entry.first_key):
            if _is_earlier(key, seen.key, same_load):
                floor = max(floor, key.version_date)
                returns = entry.is_absence and not seen.is_absence
                break
    if floor <= seen.key.version_date:
        return seen
    # The date that it bears is from before it was gone; by that date it would never have come back.
    if returns:
        floor = max(floor, data_date)
    return replace(seen, key=replace(seen.key, version_date=floor))


def redate_after_last_read(entries: Sequence[TimelineEntry], seen: Observation) -> Observation:
    """Return an undated observation with the date of the newest version that was read before it.

    It takes that version's date: it says none of its own, and the day on which it was read is no
    date of the registry's. Where nothing was read before, it keeps that day until something is.
    """
    read = [entry for entry in entries if _first_read_at(entry) <= seen.key.retrieved_at]
    if seen.is_dated or not read:
        return seen
    newest, day = read[-1].last_key, seen.key.retrieved_at.date()
    key = replace(
        seen.key,
        version_date=newest.version_date,
        # So that it sorts behind that version where dates are equal.
        data_date=max(day, newest.data_date or day),
    )
    return replace(seen, key=key)


def place_before(undated: TimelineEntry, seen: Observation) -> None:
    """Move an undated first version before a dated record that was read after it.

    It stays where it is before it already, or where the record is an earlier one out of the
    registry's own numbering.
    """
    later = undated.first_key.retrieved_at <= seen.key.retrieved_at
    # What is numbered by the registry is backfill: it may well be older than what was read before
    # it.
    if not later or seen.key.registry_version is not None or undated.first_key < seen.key:
        return
    day = seen.key.version_date
    undated.first_key = replace(undated.first_key, version_date=day, data_date=None)
    undated.last_key = replace(undated.last_key, version_date=day, data_date=None)
    undated.moved = True


def _first_read_at(entry: TimelineEntry) -> datetime:
    return min(entry.first_key.retrieved_at, entry.last_key.retrieved_at)


def earlier_sighting(key: VersionKey, entry: TimelineEntry) -> VersionKey:
    """Return the key of an earlier sighting of an entry's content, known since either was read.

    An earlier data load may be read later: what was known by some time stays known by it.
    """
    return replace(key, retrieved_at=min(key.retrieved_at, _first_read_at(entry)))


def shown_later(entries: Sequence[TimelineEntry], absence: VersionKey) -> list[TimelineEntry]:
    """Return the entries that later loads than an absence showed, and that are dated before it."""
    return [
        entry
        for entry in entries
        if _is_earlier(absence, entry.last_key, True) and entry.last_key < absence
    ]


def has_been_shown(entries: Sequence[TimelineEntry], absence: VersionKey) -> bool:
    """Return whether the record is known to have been there before an absence."""
    later = {id(entry) for entry in shown_later(entries, absence)}
    return any(
        entry.first_key <= absence
        and (id(entry) not in later or not _is_earlier(absence, entry.first_key, True))
        for entry in entries
    )


def move_after(
    entries: list[TimelineEntry], later: Sequence[TimelineEntry], absence: VersionKey
) -> None:
    """Move what later loads showed behind an absence that only now becomes known.

    What was seen before it and after it is cut in two. All of it takes the date of the first of
    those loads, as if it had arrived in order.
    """
    moved = []
    for entry in later:
        if _is_earlier(absence, entry.first_key, True):
            moved.append(entry)
        else:
            moved.append(split(entry))
            entries.append(moved[-1])
    # Not the date of the absence: nobody saw the record between it and that load.
    back = min(entry.first_key.data_date or date.max for entry in moved)
    back = max(back, absence.version_date)
    for entry in moved:
        entry.first_key = _with_date_from(entry.first_key, back)
        entry.last_key = _with_date_from(entry.last_key, back)
        entry.moved = True
    # In place: the caller holds this very list.
    entries.sort(key=lambda entry: entry.first_key)


def _with_date_from(key: VersionKey, at_least: date) -> VersionKey:
    return replace(key, version_date=max(key.version_date, at_least))


def _is_earlier(key: VersionKey, than: VersionKey, same_load: bool) -> bool:
    """Return whether a sighting is of an earlier load; False where either load is unknown.

    ``same_load``: within one load what was read earlier counts as earlier.
    """
    if key.data_date is None or than.data_date is None:
        return False
    if key.data_date != than.data_date or not same_load:
        return key.data_date < than.data_date
    return key.retrieved_at < than.retrieved_at
