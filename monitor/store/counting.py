"""How much a store holds: rows that are counted, numbers that writers keep, and bytes.

For `monitor status`, `monitor doctor`, the metrics and the pages.
"""

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import Executable

from monitor.model.tracking import StoreCounts
from monitor.store.db import Db, excluded, upsert
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import (
    events,
    metadata,
    quarantine,
    row_counts,
    snapshots,
    trials,
    versions,
)

_VERSIONS_BY = "versions by {}"


def by_rules(rules: str) -> str:
    """Return the name under which the versions whose events these rules derived are counted."""
    return _VERSIONS_BY.format(rules)


def _rows(table: sa.Table) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(table).scalar_subquery()


def _stored_count(name: str) -> sa.ScalarSelect[int]:
    return sa.select(row_counts.c.number).where(row_counts.c.name == name).scalar_subquery()


COUNTED: Mapping[str, sa.Table] = {"versions": versions, "events": events}
"""What is counted by name in ``row_counts``, beside the versions by their rules."""

_SNAPSHOT_BYTES = sa.select(
    sa.func.coalesce(sa.func.sum(sa.func.length(snapshots.c.content)), 0)
).scalar_subquery()
_COUNTS = sa.select(
    _rows(trials).label("trials"),
    _rows(versions).label("versions"),
    _rows(events).label("events"),
    _rows(quarantine).label("quarantine"),
    _SNAPSHOT_BYTES.label("snapshot_bytes"),
)
_KEPT_COUNTS: RowMapper[dict[str, int]] = RowMapper(
    dict,
    (
        _rows(trials).label("trials"),
        _stored_count("versions").label("versions"),
        _stored_count("events").label("events"),
        _rows(quarantine).label("quarantined"),
    ),
    versions=int,
    events=int,
)
# See docs/architecture.md, "The store": counting five million events takes seconds on a cold disk.
_KEPT_COUNT = sa.select(row_counts.c.number).where(row_counts.c.name == bindparam("name"))
_ADD = upsert(row_counts, values={"number": row_counts.c.number + excluded(row_counts).number})

_PAGE_BYTES = sa.text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
_DATABASE_BYTES: dict[str, Executable] = {
    "sqlite": _PAGE_BYTES,
    "postgresql": sa.select(sa.func.pg_database_size(sa.func.current_database())),
}
_TABLE_BYTES: list[Any] = [
    sa.func.pg_total_relation_size(sa.func.to_regclass(name)) for name in sorted(metadata.tables)
]
_OUR_BYTES: dict[str, Executable] = {
    "sqlite": _PAGE_BYTES,
    # Not the database's size: other programs may have tables beside ours.
    "postgresql": sa.select(reduce(add, _TABLE_BYTES)),
}


def all_counts(db: Db) -> dict[str, int]:
    """Return how much there is: rows by kind, ``snapshot_bytes`` and ``store_bytes``."""
    [row] = db.fetch(_COUNTS)
    names = (column.key for column in _COUNTS.selected_columns)
    counted = dict(zip(map(str, names), row, strict=True))
    return {**counted, "store_bytes": db.value(_DATABASE_BYTES[db.dialect])}


def store_counts(db: Db) -> StoreCounts:
    """Return how many rows there are, without counting what writers keep the number of."""
    [counted] = db.read(_KEPT_COUNTS, sa.select(*_KEPT_COUNTS.columns))
    return StoreCounts(**counted, size_bytes=db.value(_OUR_BYTES[db.dialect]))


def versions_by(db: Db, rules: str) -> int:
    """Return how many versions have events that were derived by these rules; looked up."""
    return int(db.value(_KEPT_COUNT, {"name": by_rules(rules)}) or 0)


def add_to(db: Db, written: Mapping[str, int]) -> None:
    """Note how many rows more there are; the last of a transaction, as other writers wait for it.

    One row at a time, in one order for everybody: two writers that lock them in two orders would
    wait for each other.
    """
    for name, number in sorted(written.items()):
        if number:
            db.run(_ADD, {"name": name, "number": number})
