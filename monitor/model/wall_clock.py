"""Convert wall clock times to instants across clock changes, for digests and cron times."""

from bisect import bisect_left
from datetime import UTC, datetime, tzinfo
from math import ceil, floor


def wall_time(instant: datetime, zone: tzinfo) -> datetime:
    """Return what the zone's wall clocks show at the instant, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """Return the instant (UTC) at which the zone's wall clocks show ``wall``, which has no zone.

    The first one where they show it twice; where they skip it, the first instant after the gap.
    """
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_time(first, zone) == wall:
        return first
    # In a gap, fold=1 counts with the offset after it, which leads to an instant before it, and
    # fold=0 the other way round (PEP 495): between the two the clocks are set.
    return clock_change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def clock_change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return the instant (UTC) in between at which the zone's clocks are first set.

    At ``before`` and ``after`` (aware) their distance from UTC is not the same.
    """
    offset = before.astimezone(zone).utcoffset()
    seconds = range(floor(before.timestamp()), ceil(after.timestamp()))

    def is_set(second: int) -> bool:
        return datetime.fromtimestamp(second, zone).utcoffset() != offset

    return datetime.fromtimestamp(seconds.start + bisect_left(seconds, True, key=is_set), UTC)
