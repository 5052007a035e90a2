"""Where a sighting stands among those of other data loads, whatever date the record bears.

A later data load shows what the registry says later. Records are ordered by their own dates
first; here the two orders are reconciled.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from monitor.ingest.timeline_entry import Observation, TimelineEntry, split
from monitor.model.history import VersionKey


def after_earlier_loads(nodes: Sequence[TimelineEntry], seen: Observation) -> Observation:
    """Return the observation behind what earlier loads showed.

    A record that the registry took back to an earlier date takes the date of what it replaced.
    One that comes back after an absence, under a date from before it, takes that of its load.
    """
    data_date = seen.key.data_date
    if data_date is None:
        return seen
    floor = seen.key.version_date
    returns = False
    for node in nodes:
        if node.last_key.data_date is None:
            continue
        # Only between a record and an absence the order within one load matters: a record that was
        # there in the morning and is missed in the evening is gone, of one and the same data.
        same_load = seen.is_absence is not node.is_absence
        for key in (node.last_key, node.first_key):
            if _is_earlier(key, seen.key, same_load):
                floor = max(floor, key.version_date)
                returns = node.is_absence and not seen.is_absence
                break
    if floor <= seen.key.version_date:
        return seen
    # The date that it bears is from before it was gone; by that date it would never have come back.
    if returns:
        floor = max(floor, data_date)
    return replace(seen, key=replace(seen.key, version_date=floor))


def behind_what_was_read(nodes: Sequence[TimelineEntry], seen: Observation) -> Observation:
    """Return an observation without any date behind the newest version that was read before it.

    It takes that version's date: it says none of its own, and the day on which it was read is no
    date of the registry's. Where nothing was read before, it keeps that day until something is.
    """
    read = [node for node in nodes if _first_read(node) <= seen.key.retrieved_at]
    if seen.is_dated or not read:
        return seen
    newest, day = read[-1].last_key, seen.key.retrieved_at.date()
    key = replace(
        seen.key,
        version_date=newest.version_date,
        # So that it stands behind that version in the order, where dates are equal.
        data_date=max(day, newest.data_date or day),
    )
    return replace(seen, key=key)


def place_before(undated: TimelineEntry, seen: Observation) -> None:
    """Put a first version without any date before a dated record that was read after it.

    It stays where it stands before it already, or where the record is an earlier one out of the
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


def _first_read(node: TimelineEntry) -> datetime:
    return min(node.first_key.retrieved_at, node.last_key.retrieved_at)


def earlier_sighting(key: VersionKey, node: TimelineEntry) -> VersionKey:
    """Return the place of an earlier sight of what a node holds, known since either was read.

    An earlier data load may be read later: what was known by some time stays known by it.
    """
    return replace(key, retrieved_at=min(key.retrieved_at, _first_read(node)))


def shown_later(nodes: Sequence[TimelineEntry], absence: VersionKey) -> list[TimelineEntry]:
    """Return what was seen in later loads than an absence and would stand before it by date."""
    return [
        node
        for node in nodes
        if _is_earlier(absence, node.last_key, True) and node.last_key < absence
    ]


def was_shown(nodes: Sequence[TimelineEntry], absence: VersionKey) -> bool:
    """Tell whether the record is known to have been there before an absence."""
    later = {id(node) for node in shown_later(nodes, absence)}
    return any(
        node.first_key <= absence
        and (id(node) not in later or not _is_earlier(absence, node.first_key, True))
        for node in nodes
    )


def move_after(
    nodes: list[TimelineEntry], later: Sequence[TimelineEntry], absence: VersionKey
) -> None:
    """Put what later loads showed behind an absence that only now becomes known.

    What was seen before it and after it is cut in two. All of it takes the date of the first of
    those loads, as if it had arrived in order.
    """
    moved = []
    for node in later:
        if _is_earlier(absence, node.first_key, True):
            moved.append(node)
        else:
            moved.append(split(node))
            nodes.append(moved[-1])
    # Not the date of the absence: nobody saw the record between it and that load.
    back = min(node.first_key.data_date or date.max for node in moved)
    back = max(back, absence.version_date)
    for node in moved:
        node.first_key = _dated(node.first_key, back)
        node.last_key = _dated(node.last_key, back)
        node.moved = True
    # In place: the caller holds this very list.
    nodes.sort(key=lambda node: node.first_key)


def _dated(key: VersionKey, at_least: date) -> VersionKey:
    return replace(key, version_date=max(key.version_date, at_least))


def _is_earlier(key: VersionKey, than: VersionKey, same_load: bool) -> bool:
    """Tell whether a sighting is of an earlier load; False where either load is unknown.

    ``same_load``: within one load what was read earlier counts as earlier.
    """
    if key.data_date is None or than.data_date is None:
        return False
    if key.data_date != than.data_date or not same_load:
        return key.data_date < than.data_date
    return key.retrieved_at < than.retrieved_at
