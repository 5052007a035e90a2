"""The writer's statements, built once, and the values that they bind."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from monitor.model.changes import ChangeEvent
from monitor.model.history import NewVersion, QuarantineEntry, TrialRow
from monitor.store.bodies import coverage_value, event_value
from monitor.store.codec import Codec, pack
from monitor.store.delivery_schema import announcements
from monitor.store.schema import (
    events,
    nct_id_aliases,
    quarantine,
    snapshots,
    trials,
    versions,
)

BATCH = 500
"""Values behind one IN, rows of one insert: well under every database's limit."""


def _names(table: sa.Table) -> list[str]:
    return [column.name for column in table.columns]


NEXT_IDS = text(
    "SELECT nextval(pg_get_serial_sequence(:table_name, 'id')) FROM generate_series(1, :how_many)"
)
LOCK_TRIALS = text(
    "SELECT pg_advisory_xact_lock(:space, key) FROM unnest(CAST(:keys AS int[])) key"
)

INSERT_SNAPSHOT = sa.insert(snapshots)
INSERT_VERSION = sa.insert(versions)
INSERT_EVENTS = sa.insert(events)
INSERT_ANNOUNCEMENT = sa.insert(announcements)
DELETE_EVENTS = sa.delete(events).where(events.c.version_id == bindparam("version"))
COUNT_ROWS = """
INSERT INTO row_counts (name, number) VALUES (:table, :more)
ON CONFLICT (name) DO UPDATE SET number = row_counts.number + excluded.number"""
SET_LAST_CHANGED = (
    sa.update(trials)
    .where(trials.c.nct_id == bindparam("trial"))
    .values(last_changed=bindparam("changed"))
)
MARK_RULES = "UPDATE versions SET rules = :rules WHERE id IN :version_ids"
DELETE_QUARANTINED = sa.delete(quarantine).where(quarantine.c.id == bindparam("entry"))
ANY_QUARANTINED = sa.select(quarantine.c.id).limit(1)
CLOSE_QUARANTINED = sa.delete(quarantine).where(
    quarantine.c.origin.in_(bindparam("origins", expanding=True)),
    quarantine.c.last_seen_at < bindparam("before"),
)

_LISTS = re.compile(r"(?<=\bIN ):(\w+)")


@cache
def question(sql: str) -> sa.TextClause:
    """Read one of the few texts of ``queries`` for its parameters, once."""
    names = sorted(set(_LISTS.findall(sql)))
    lists: list[sa.BindParameter[Any]] = [bindparam(name, expanding=True) for name in names]
    return text(sql).bindparams(*lists)


def spelled_out(sql: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Write a text of ``queries`` as sqlite3 takes it: a name for each value of a list."""
    lengths = {name: len(parameters[name]) for name in _list_names(sql)}
    values = {name: value for name, value in parameters.items() if name not in lengths}
    for name in lengths:
        values |= {f"{name}{number}": value for number, value in enumerate(parameters[name])}
    return _spelled(sql, tuple(lengths.items())), values


@cache
def _list_names(sql: str) -> list[str]:
    return _LISTS.findall(sql)


@lru_cache(maxsize=256)
def _spelled(sql: str, lengths: tuple[tuple[str, int], ...]) -> str:
    names = {
        name: ", ".join(f":{name}{number}" for number in range(length)) for name, length in lengths
    }
    return _LISTS.sub(lambda found: f"({names[found[1]]})", sql)


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut a long list into what one statement takes."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


@cache  # or every opening of a store would build, and leave behind, some hundreds of objects
def upserts(dialect: str) -> tuple[sa.Insert, sa.Insert, sa.Insert]:
    """Return what puts a trial, a former NCT ID and a quarantine entry, in a database's dialect."""
    # Both databases take the same ON CONFLICT; SQLAlchemy types them apart.
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    trial = insert(trials)
    put_trial = trial.on_conflict_do_update(
        index_elements=["nct_id"],
        set_={name: trial.excluded[name] for name in _names(trials) if name != "nct_id"},
    )
    entry = insert(quarantine)
    put_quarantine = entry.on_conflict_do_update(
        index_elements=["sha256", "origin"],
        set_={"last_seen_at": entry.excluded.last_seen_at, "reason": entry.excluded.reason},
    )
    return put_trial, insert(nct_id_aliases).on_conflict_do_nothing(), put_quarantine


def version_values(version: NewVersion, codec: Codec) -> dict[str, Any]:
    """Return a version's columns."""
    values = {name: getattr(version, name) for name in _PLAIN_COLUMNS}
    values["source"] = storable(version.source)
    values["origin"] = storable(version.origin)
    values["coverage"] = codec.body(coverage_value(version.coverage))
    values["stated_coverage"] = (
        None
        if version.stated_coverage == version.coverage
        else codec.body(coverage_value(version.stated_coverage))
    )
    return values


_PLAIN_COLUMNS = tuple(
    name for name in _names(versions) if name not in ("id", "coverage", "stated_coverage")
)


def trial_values(trial: TrialRow) -> dict[str, Any]:
    """Return a trial's columns."""
    values = {name: getattr(trial, name) for name in _TRIAL_COLUMNS}
    for name in ("title", "overall_status", "lead_sponsor", "first_start_date"):
        values[name] = storable(values[name])
    values["conditions"] = orjson.dumps([storable(name) for name in trial.conditions]).decode()
    return values


_TRIAL_COLUMNS = tuple(_names(trials))


def event_values(
    version_id: int,
    nct_id: str,
    changes: Sequence[ChangeEvent],
    backfilled: bool,
    codec: Codec,
) -> list[dict[str, Any]]:
    """Return the columns of a version's events."""
    return [
        {
            "version_id": version_id,
            "nct_id": nct_id,
            "position": position,
            "kind": event.kind.value,
            "severity": event.severity.value,
            "backfilled": backfilled,
            "body": codec.body(event_value(event)),
        }
        for position, event in enumerate(changes)
    ]


def quarantine_values(entry: QuarantineEntry) -> dict[str, Any]:
    """Return a quarantine entry's columns."""
    return {
        "sha256": entry.sha256,
        "source": storable(entry.source),
        "origin": storable(entry.origin),
        "reason": storable(entry.reason),
        "size": entry.size,
        "content": pack(entry.content),
        "first_seen_at": entry.seen_at,
        "last_seen_at": entry.seen_at,
    }


def storable(value: Any) -> Any:
    """Return a text without what a database cannot hold; other values as they are.

    PostgreSQL has no NUL in a text, and neither database has half a surrogate pair (which a
    file name that is not UTF-8 turns into).
    """
    if not isinstance(value, str):
        return value
    if "\0" not in value:
        if value.isascii():
            return value
        with suppress(UnicodeEncodeError):
            value.encode()
            return value
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def update_of_version(columns: Mapping[str, Any], codec: Codec) -> Executable:
    """Return the statement that changes these fields of the version bound as ``version``.

    TypeError for a field that a version does not have or that never changes.
    """
    fixed = columns.keys() - set(_names(versions)) | columns.keys() & {"id", "nct_id", "identity"}
    if fixed:
        raise TypeError(f"a version has no changeable column {', '.join(sorted(fixed))}")
    values = {name: storable(value) for name, value in columns.items()}
    for name in ("coverage", "stated_coverage"):
        if name in columns:
            values[name] = codec.body(coverage_value(columns[name]))
    if "coverage" in columns and "stated_coverage" not in columns:
        # It may stand for "the same as coverage", which is about to change.
        values["stated_coverage"] = sa.func.coalesce(
            versions.c.stated_coverage, versions.c.coverage
        )
    return sa.update(versions).where(versions.c.id == bindparam("version")).values(values)
