"""What rows of the store refer to: what the schema declares, and what only the code knows.

``verify`` asks for what is wrong. Declared ones as well: SQLite checks a foreign key when a row is
written, and a damaged file or another program may have changed it since.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from monitor.store import versions as versions_
from monitor.store.schema import (
    announcements,
    events,
    metadata,
    outbox,
    snapshots,
    subscriptions,
    trials,
    versions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What rows of a table refer to.

    ``wrong`` yields those that are wrong: the row's key, what it refers to, NCT ID and version
    (NULL where the table has none). ``problem`` describes what is wrong with it.
    """

    table: str
    wrong: sa.Select[Any]
    problem: str


def references() -> Iterator[Reference]:
    """Yield all references."""
    for table in metadata.sorted_tables:
        for constraint in sorted(table.foreign_keys, key=lambda one: one.parent.name):
            yield _reference_of(table, constraint)
    yield from _UNDECLARED


def _reference_of(table: sa.Table, constraint: sa.ForeignKey) -> Reference:
    here, there = constraint.parent, constraint.column.table.alias("p")
    key: Any = None
    for column in table.primary_key:
        text = sa.cast(column, sa.Text)
        key = text if key is None else key.concat("/").concat(text)
    version = table.c.id if table is versions else table.c.get("version_id", sa.null())
    is_there = sa.exists().where(there.c[constraint.column.name] == here)
    return Reference(
        table=table.name,
        problem=f"its {here.name} {{}} is not in {constraint.column.table.name}",
        wrong=sa.select(key, here, table.c.get("nct_id", sa.null()), version).where(
            here.is_not(None), ~is_there
        ),
    )


_BASE = snapshots.alias("b")
_OTHER = versions.alias("o")
_NULL = sa.null()


def _of_outbox(refers_to: ColumnElement[Any], version: Any) -> sa.Select[Any]:
    return sa.select(outbox.c.message_id, refers_to, outbox.c.nct_id, version)


_UNDECLARED = (
    Reference(
        table="snapshots",
        problem="its base {} is another trial's, or does not come before it",
        wrong=sa.select(snapshots.c.id, snapshots.c.base_id, snapshots.c.nct_id, _NULL)
        .join(_BASE, _BASE.c.id == snapshots.c.base_id)
        .where(sa.or_(_BASE.c.nct_id != snapshots.c.nct_id, _BASE.c.number >= snapshots.c.number)),
    ),
    Reference(
        table="snapshots",
        problem="it has the number {} after its keyframe, which contradicts its base",
        wrong=sa.select(snapshots.c.id, snapshots.c.number, snapshots.c.nct_id, _NULL).where(
            snapshots.c.base_id.is_(None) != (snapshots.c.number == 0)
        ),
    ),
    Reference(
        table="versions",
        problem="its snapshot {} is another trial's",
        wrong=sa.select(versions.c.id, snapshots.c.id, versions.c.nct_id, versions.c.id)
        .join(
            snapshots, snapshots.c.id.in_([versions.c.snapshot_id, versions.c.stated_snapshot_id])
        )
        .where(snapshots.c.nct_id != versions.c.nct_id),
    ),
    Reference(
        table="versions",
        problem="its identity is that of the version with the id {} too",
        wrong=sa.select(versions.c.id, _OTHER.c.id, versions.c.nct_id, versions.c.id).join(
            _OTHER,
            sa.and_(
                _OTHER.c.nct_id == versions.c.nct_id,
                _OTHER.c.identity == versions.c.identity,
                _OTHER.c.id != versions.c.id,
            ),
        ),
    ),
    Reference(
        table="trials",
        problem="its latest version {} is not the newest one of its own",
        wrong=sa.select(
            trials.c.nct_id, trials.c.latest_version_id, trials.c.nct_id.label("of"), _NULL
        ).where(trials.c.latest_version_id != sa.func.coalesce(versions_.newest_id(), 0)),
    ),
    Reference(
        table="events",
        problem="it is of another trial than its version {}",
        wrong=sa.select(events.c.id, events.c.version_id, events.c.nct_id, _NULL)
        .join(versions, versions.c.id == events.c.version_id)
        .where(events.c.nct_id != versions.c.nct_id),
    ),
    Reference(
        table="announcements",
        problem="the version {} that it was compared with is another trial's",
        wrong=sa.select(
            announcements.c.version_id,
            announcements.c.previous_id,
            versions.c.nct_id,
            versions.c.id,
        )
        .join(versions, versions.c.id == announcements.c.version_id)
        .join(_OTHER, _OTHER.c.id == announcements.c.previous_id)
        .where(_OTHER.c.nct_id != versions.c.nct_id),
    ),
    Reference(
        table="outbox",
        problem="what was announced of its version {} is not in announcements",
        wrong=_of_outbox(outbox.c.version_id, outbox.c.version_id.label("of")).where(
            ~sa.exists().where(announcements.c.version_id == outbox.c.version_id)
        ),
    ),
    Reference(
        table="outbox",
        problem="it is of another trial than its version {}",
        wrong=_of_outbox(outbox.c.version_id, _NULL)
        .join(versions, versions.c.id == outbox.c.version_id)
        .where(outbox.c.nct_id != versions.c.nct_id),
    ),
    Reference(
        table="outbox",
        problem="its subscription {} is not in subscriptions",
        wrong=_of_outbox(outbox.c.subscription_id, outbox.c.version_id).where(
            ~sa.exists().where(subscriptions.c.id == outbox.c.subscription_id)
        ),
    ),
)
