"""The statements that note when stored versions were seen again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, text
from sqlalchemy.sql import Executable

from monitor.model.history import LoadedAgain, Touch, VersionKey
from monitor.store.moments import utc_text
from monitor.store.schema import UtcTime, trials, versions

MOVE_FIRST = (
    sa.update(versions)
    .where(versions.c.id == bindparam("version"))
    .values(
        version_date=bindparam("b_version_date"),
        registry_version=bindparam("b_registry_version"),
        data_date=bindparam("b_data_date"),
        retrieved_at=bindparam("b_retrieved_at"),
        raw_sha256=sa.func.coalesce(
            bindparam("b_raw_sha256", type_=sa.LargeBinary), versions.c.raw_sha256
        ),
    )
)
MOVE_LAST = (
    sa.update(versions)
    .where(versions.c.id == bindparam("version"))
    .values(
        last_version_date=bindparam("b_version_date"),
        last_registry_version=bindparam("b_registry_version"),
        last_data_date=bindparam("b_data_date"),
        last_retrieved_at=bindparam("b_retrieved_at"),
        last_raw_sha256=sa.func.coalesce(
            bindparam("b_raw_sha256", type_=sa.LargeBinary), versions.c.last_raw_sha256
        ),
    )
)
# In SQL: SQLite itself takes the values as it stores them, ten times sooner.
LOAD_AGAIN = text(
    """
    UPDATE versions SET last_data_date = :data_date, last_retrieved_at = :seen_at,
        last_raw_sha256 = :raw_sha256
    WHERE id = :version"""
).bindparams(bindparam("data_date", type_=sa.Date), bindparam("seen_at", type_=UtcTime))
SEE_TRIALS = (
    sa.update(trials)
    .where(
        trials.c.nct_id.in_(
            sa.select(versions.c.nct_id).where(
                versions.c.id.in_(bindparam("version_ids", expanding=True))
            )
        ),
        trials.c.last_seen_at < bindparam("seen_at", type_=UtcTime),
    )
    .values(last_seen_at=bindparam("seen_at", type_=UtcTime))
)


def moves(touches: Sequence[Touch]) -> Iterator[tuple[Executable, list[dict[str, Any]]]]:
    """Yield the updates, with their rows, that extend observation intervals."""
    first = [
        _move(touch.version_id, touch.first_key, touch.raw_sha256)
        for touch in touches
        if touch.first_key is not None
    ]
    last = [
        _move(touch.version_id, touch.last_key, touch.last_raw_sha256)
        for touch in touches
        if touch.last_key is not None
    ]
    if first:
        yield MOVE_FIRST, first
    if last:
        yield MOVE_LAST, last


def _move(version_id: int, key: VersionKey, raw_sha256: bytes | None) -> dict[str, Any]:
    return {
        "version": version_id,
        "b_version_date": key.version_date,
        "b_registry_version": key.registry_version,
        "b_data_date": key.data_date,
        "b_retrieved_at": key.retrieved_at,
        "b_raw_sha256": raw_sha256,
    }


def loads_again(loads: Iterable[LoadedAgain], *, plain: bool) -> list[dict[str, Any]]:
    """Return the rows of ``LOAD_AGAIN``; ``plain``: as SQLite keeps the values."""
    return [
        {
            "version": load.version_id,
            "data_date": load.data_date.isoformat() if plain else load.data_date,
            "seen_at": utc_text(load.seen_at) if plain else load.seen_at,
            "raw_sha256": load.raw_sha256,
        }
        for load in loads
    ]


def seen(versions: Mapping[int, datetime]) -> list[tuple[datetime, list[int]]]:
    """Group the versions' ids by the time at which their trials were seen."""
    groups: dict[datetime, list[int]] = {}
    for version_id, seen_at in versions.items():
        groups.setdefault(seen_at, []).append(version_id)
    return sorted(groups.items())
