"""Rows of the store as dataclasses of the domain.

SQLite gives dates and times as ISO text, PostgreSQL as date and datetime: both are taken.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import orjson

from monitor.model.coverage import Coverage
from monitor.model.following import Followed, Presence, SourceRow, StoreCounts
from monitor.model.history import (
    NewestSight,
    QuarantineRow,
    StoredEvent,
    StoredVersion,
    TrialHistory,
    TrialRow,
)
from monitor.store.bodies import read_coverage, read_event
from monitor.store.codec import DamagedError, read_body

Row = Sequence[Any]
P = ParamSpec("P")
T = TypeVar("T")


def _from_a_row(read: Callable[P, T]) -> Callable[P, T]:
    """Make a reader of rows raise DamagedError for values that the store never wrote."""

    @wraps(read)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (TypeError, ValueError, LookupError) as exc:
            raise DamagedError(f"a row cannot be read ({exc})") from exc

    return checked


@_from_a_row
def version_row(row: Row) -> StoredVersion:
    """Read a row of the columns that ``queries`` names for a version."""
    coverage = _coverage(bytes(row[16]))
    return StoredVersion(
        id=row[0],
        nct_id=row[1],
        source=row[2],
        origin=row[3],
        version_date=_known_day(row[4]),
        registry_version=row[5],
        data_date=None if row[6] is None else _known_day(row[6]),
        retrieved_at=_moment(row[7]),
        last_version_date=_known_day(row[8]),
        last_registry_version=row[9],
        last_data_date=None if row[10] is None else _known_day(row[10]),
        last_retrieved_at=_moment(row[11]),
        raw_sha256=bytes(row[12]),
        last_raw_sha256=bytes(row[13]),
        stated_sha256=bytes(row[14]),
        content_sha256=bytes(row[15]),
        coverage=coverage,
        stated_coverage=coverage if row[17] is None else _coverage(bytes(row[17])),
        backfilled=bool(row[18]),
        snapshot_id=row[19],
        stated_snapshot_id=row[20],
        identity=bytes(row[21]),
        rules=row[22],
    )


@_from_a_row
def histories(rows: Iterable[Row]) -> dict[str, TrialHistory]:
    """Read the rows of ``queries.HISTORIES`` by their trials."""
    found: dict[str, TrialHistory] = {}
    for row in rows:
        version = version_row(row)
        history = found.get(version.nct_id)
        if history is None:
            start, changed, seen_at = row[23:]
            history = TrialHistory([], start, _day_or_none(changed), _moment(seen_at))
            found[version.nct_id] = history
        history.versions.append(version)
    return found


@_from_a_row
def newest_sights(rows: Iterable[Row]) -> dict[str, NewestSight]:
    """Read the rows of ``queries.NEWEST_SIGHTS`` by their trials."""
    return {
        nct_id: NewestSight(
            version_id,
            last_date == last_data_date,
            last_number,
            None if data_date is None else _known_day(data_date),
            bytes(raw_sha256),
            None if last_data_date is None else _known_day(last_data_date),
            bytes(last_raw_sha256),
            bytes(stated_sha256),
            bytes(content_sha256),
        )
        for (
            nct_id,
            version_id,
            last_date,
            last_number,
            data_date,
            raw_sha256,
            last_data_date,
            last_raw_sha256,
            stated_sha256,
            content_sha256,
        ) in rows
    }


@_from_a_row
def trial_row(row: Row) -> TrialRow:
    """Read a row of ``trials``."""
    return TrialRow(
        nct_id=row[0],
        title=row[1],
        overall_status=row[2],
        lead_sponsor=row[3],
        conditions=tuple(orjson.loads(row[4])),
        first_start_date=row[5],
        latest_version_id=row[6],
        last_version_date=_day(row[7]),
        last_changed=_day_or_none(row[8]),
        last_seen_at=_moment(row[9]),
    )


@_from_a_row
def event_row(row: Row) -> StoredEvent:
    """Read a row of ``events``."""
    return StoredEvent(
        id=row[0],
        version_id=row[1],
        nct_id=row[2],
        position=row[3],
        backfilled=bool(row[4]),
        event=read_event(row[5], row[6], read_body(bytes(row[7]))),
    )


@_from_a_row
def quarantine_row(row: Row, content: bytes | None = None) -> QuarantineRow:
    """Read a row of ``quarantine``."""
    return QuarantineRow(
        id=row[0],
        source=row[1],
        origin=row[2],
        reason=row[3],
        size=row[4],
        sha256=bytes(row[5]),
        first_seen_at=_moment(row[6]),
        last_seen_at=_moment(row[7]),
        content=content,
    )


@_from_a_row
def source_row(row: Row) -> SourceRow:
    """Read a row of ``sources``."""
    return SourceRow(
        name=row[0],
        type=row[1],
        last_attempt_at=_moment_or_none(row[2]),
        last_success_at=_moment_or_none(row[3]),
        next_due_at=_moment_or_none(row[4]),
        failures=row[5],
        failing_since=_moment_or_none(row[6]),
        last_reason=row[7],
        reported=bool(row[8]),
        data_timestamp=row[9],
        cursor=row[10],
    )


@_from_a_row
def state_of(text: str) -> Mapping[str, Any]:
    """Read the state of a row of ``source_states``."""
    state = orjson.loads(text)
    if not isinstance(state, dict):
        raise TypeError("a state is no JSON object")
    return state


@_from_a_row
def followed_row(row: Row) -> Followed:
    """Read a row of ``followed``."""
    return Followed(
        source=row[0],
        nct_id=row[1],
        presence=Presence(row[2]),
        merged_into=row[3],
        pass_number=row[4],
        since=_moment(row[5]),
    )


def followed_counts(row: Row) -> dict[Presence, int]:
    """Read how many records a source shows in each way."""
    ways = (Presence.SHOWN, Presence.GONE, Presence.MERGED, Presence.UNKNOWN)
    return {way: count for way, count in zip(ways, row[1:], strict=True) if count}


@_from_a_row
def counts_of(row: Row, size_bytes: int | None) -> StoreCounts:
    """Read how many rows there are."""
    trials, versions, events, quarantined = map(int, row)
    return StoreCounts(
        trials=trials,
        versions=versions,
        events=events,
        quarantined=quarantined,
        size_bytes=size_bytes,
    )


@lru_cache(maxsize=64)
def _coverage(stored: bytes) -> Coverage:
    return read_coverage(read_body(stored))


def _day(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


# Of versions and data loads: there are few among very many rows.
_known_day = lru_cache(maxsize=4_096)(_day)


def _day_or_none(value: str | date | None) -> date | None:
    return None if value is None else _day(value)


def _moment(value: str | datetime) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC)


def _moment_or_none(value: str | datetime | None) -> datetime | None:
    return None if value is None else _moment(value)
