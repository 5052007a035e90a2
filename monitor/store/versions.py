"""Versions of trials: their rows, the queries over them, and their writes.

A version is an interval of sightings (docs/decisions/2026-11-22-versions-are-intervals.md): columns
without ``last_`` are of its first sighting, those with it of the last one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import ColumnElement, Executable

from monitor.model.coverage import Coverage
from monitor.model.history import (
    LoadedAgain,
    NewestSighting,
    NewVersion,
    StoredVersion,
    Touch,
    TrialHistory,
    VersionKey,
)
from monitor.store.bodies import coverage_value, read_coverage
from monitor.store.codec import Codec, read_body
from monitor.store.row_mapping import RowMapper, SqlRow
from monitor.store.schema import trials, versions
from monitor.store.storable_text import make_storable

_UNNUMBERED: ColumnElement[int] = sa.literal_column("2147483647")
"""Stands for an unknown registry version number, as in ``model.history.VersionKey``."""


# Nearly all versions of a source have the same one: it is read once.
@lru_cache(maxsize=64)
def _coverage(stored: bytes) -> Coverage:
    return read_coverage(read_body(bytes(stored)))


def _stored_version(
    coverage: Coverage, stated_coverage: Coverage | None, **values: Any
) -> StoredVersion:
    stated = coverage if stated_coverage is None else stated_coverage
    return StoredVersion(coverage=coverage, stated_coverage=stated, **values)


VERSION = RowMapper(
    _stored_version,
    versions.c,
    coverage=_coverage,
    stated_coverage=lambda stored: None if stored is None else _coverage(stored),
)


def order(table: Any = versions, *, newest_first: bool = False) -> list[ColumnElement[Any]]:
    """Return what ORDER BY needs to have versions in the order of ``VersionKey``, then by id."""
    keys = (
        table.c.version_date,
        # NULLs sort first in one database and last in the other; unknown ones stand last in both.
        sa.func.coalesce(table.c.registry_version, _UNNUMBERED),
        sa.func.coalesce(table.c.data_date, date.min),
        table.c.retrieved_at,
        table.c.id,
    )
    return [key.desc() if newest_first else key.asc() for key in keys]


# --- what is asked --------------------------------------------------------------------------

OF_TRIAL = sa.select(*versions.c).where(versions.c.nct_id == bindparam("nct_id")).order_by(*order())
OF_ID = sa.select(*versions.c).where(versions.c.id == bindparam("version_id"))
READ_SINCE = (
    sa.select(versions.c.nct_id)
    .distinct()
    .where(versions.c.retrieved_at >= bindparam("since"))
    .order_by(versions.c.nct_id)
)
_NCT_IDS = trials.c.nct_id.in_(bindparam("nct_ids", expanding=True))
_KEPT_OF_TRIAL = (
    trials.c.first_start_date,
    trials.c.last_changed,
    trials.c.last_seen_at,
    trials.c.search_sha256,
)
_HISTORY = RowMapper(lambda **kept: kept, _KEPT_OF_TRIAL)
HISTORIES = (
    sa.select(*versions.c, *_KEPT_OF_TRIAL)
    .select_from(trials.join(versions, versions.c.nct_id == trials.c.nct_id))
    .where(_NCT_IDS)
    .order_by(versions.c.nct_id, *order())
)


def newest_id() -> sa.ScalarSelect[int]:
    """Return the id of the newest version of the trial that the query around it is about."""
    others = versions.alias("w")
    return (
        sa.select(others.c.id)
        .where(others.c.nct_id == trials.c.nct_id)
        .order_by(*order(others, newest_first=True))
        .limit(1)
        .correlate(trials)
        .scalar_subquery()
    )


_OF_NEWEST = trials.join(versions, versions.c.id == newest_id())
LATEST = sa.select(*versions.c).select_from(_OF_NEWEST).where(_NCT_IDS)

SIGHT = RowMapper(
    lambda nct_id, **sighting: (nct_id, NewestSighting(**sighting)),
    (
        trials.c.nct_id,
        versions.c.id.label("version_id"),
        (versions.c.last_version_date == versions.c.last_data_date).label("is_dated_by_load"),
        versions.c.last_registry_version,
        versions.c.data_date,
        versions.c.raw_sha256,
        versions.c.last_data_date,
        versions.c.last_raw_sha256,
        versions.c.stated_sha256,
        versions.c.content_sha256,
    ),
    is_dated_by_load=bool,
)
NEWEST_SIGHTS = sa.select(*SIGHT.columns).select_from(_OF_NEWEST).where(_NCT_IDS)

_HASHES: sa.BindParameter[Any] = bindparam("hashes", expanding=True)
KNOWN_RAW = sa.union_all(
    sa.select(versions.c.raw_sha256, versions.c.id).where(versions.c.raw_sha256.in_(_HASHES)),
    sa.select(versions.c.last_raw_sha256, versions.c.id).where(
        versions.c.last_raw_sha256.in_(_HASHES),
        versions.c.last_raw_sha256 != versions.c.raw_sha256,
    ),
).order_by(sa.literal_column("2"))
"""The latter half in the words of the index of those that were seen twice."""


def by_rules(*, others: bool) -> sa.Select[Any]:
    """Return the question for how many versions trials have by the rules, or by any others."""
    rules = bindparam("rules", type_=sa.Text)
    present = versions.c.rules == rules
    return (
        sa.select(versions.c.nct_id, sa.func.count())
        .where(
            versions.c.nct_id > bindparam("after"),
            versions.c.version_date >= bindparam("since"),
            sa.or_(versions.c.rules.is_(None), versions.c.rules != rules) if others else present,
        )
        .group_by(versions.c.nct_id)
        .order_by(versions.c.nct_id)
        .limit(bindparam("limit", type_=sa.Integer))
    )


BY_RULES = {others: by_rules(others=others) for others in (False, True)}


def histories(rows: Iterable[SqlRow]) -> dict[str, TrialHistory]:
    """Read the rows of ``HISTORIES`` by their trials."""
    found: dict[str, TrialHistory] = {}
    for row in rows:
        version = VERSION(row)
        history = found.get(version.nct_id)
        if history is None:
            kept = _HISTORY(row[len(VERSION.columns) :])
            history = found[version.nct_id] = TrialHistory(versions=[], **kept)
        history.versions.append(version)
    return found


# --- what is written ------------------------------------------------------------------------

INSERT = sa.insert(versions)
_PLAIN = tuple(
    field.name
    for field in fields(NewVersion)
    if field.name not in ("source", "origin", "coverage", "stated_coverage")
)
MARK_RULES = (
    sa.update(versions)
    .where(versions.c.id.in_(bindparam("version_ids", expanding=True)))
    .values(rules=bindparam("present"))
)


def version_values(version: NewVersion, codec: Codec) -> dict[str, Any]:
    """Return a version's columns."""
    is_same = version.stated_coverage == version.coverage
    return {name: getattr(version, name) for name in _PLAIN} | {
        "source": make_storable(version.source),
        "origin": make_storable(version.origin),
        "coverage": codec.body(coverage_value(version.coverage)),
        "stated_coverage": None if is_same else codec.body(coverage_value(version.stated_coverage)),
    }


def update_of(columns: Mapping[str, Any], codec: Codec) -> Executable:
    """Return the statement that changes these fields of the version bound as ``version``.

    TypeError for a field that a version does not have or that never changes.
    """
    fixed = columns.keys() - {field.name for field in fields(NewVersion)}
    fixed |= columns.keys() & {"nct_id", "identity"}
    if fixed:
        raise TypeError(f"a version has no changeable column {', '.join(sorted(fixed))}")
    values = {name: make_storable(value) for name, value in columns.items()}
    for name in ("coverage", "stated_coverage"):
        if name in columns:
            values[name] = codec.body(coverage_value(columns[name]))
    if "coverage" in columns and "stated_coverage" not in columns:
        # It may mean "the same as coverage", which is about to change.
        values["stated_coverage"] = sa.func.coalesce(
            versions.c.stated_coverage, versions.c.coverage
        )
    return sa.update(versions).where(versions.c.id == bindparam("version")).values(values)


# --- observation intervals ------------------------------------------------------------------

_KEY = tuple(field.name for field in fields(VersionKey))


def _move(prefix: str) -> sa.Update:
    """Return what moves one end of a version's interval, of which these are the columns."""
    raw_sha256 = versions.c[f"{prefix}raw_sha256"]
    seen = sa.func.coalesce(bindparam("b_raw_sha256", type_=sa.LargeBinary), raw_sha256)
    values: dict[Any, Any] = {raw_sha256: seen}
    values |= {versions.c[f"{prefix}{name}"]: bindparam(f"b_{name}") for name in _KEY}
    return sa.update(versions).where(versions.c.id == bindparam("version")).values(values)


_MOVE_FIRST = _move("")
_MOVE_LAST = _move("last_")
LOAD_AGAIN = (
    sa.update(versions)
    .where(versions.c.id == bindparam("version"))
    .values(
        last_data_date=bindparam("b_data_date"),
        last_retrieved_at=bindparam("b_seen_at"),
        last_raw_sha256=bindparam("b_raw_sha256"),
    )
)
SEE_TRIALS = (
    sa.update(trials)
    .where(
        trials.c.nct_id.in_(
            sa.select(versions.c.nct_id).where(
                versions.c.id.in_(bindparam("version_ids", expanding=True))
            )
        ),
        trials.c.last_seen_at < bindparam("seen_at"),
    )
    .values(last_seen_at=bindparam("seen_at"))
)


def moves(touches: Sequence[Touch]) -> Iterator[tuple[Executable, list[dict[str, Any]]]]:
    """Yield the updates, with their rows, that extend observation intervals."""
    first = [
        _move_row(touch.version_id, touch.first_key, touch.raw_sha256)
        for touch in touches
        if touch.first_key is not None
    ]
    last = [
        _move_row(touch.version_id, touch.last_key, touch.last_raw_sha256)
        for touch in touches
        if touch.last_key is not None
    ]
    yield _MOVE_FIRST, first
    yield _MOVE_LAST, last


def _move_row(version_id: int, key: VersionKey, raw_sha256: bytes | None) -> dict[str, Any]:
    moved = {f"b_{name}": getattr(key, name) for name in _KEY}
    return {"version": version_id, "b_raw_sha256": raw_sha256, **moved}


def loads_again(loads: Iterable[LoadedAgain]) -> list[dict[str, Any]]:
    """Return the rows of ``LOAD_AGAIN``."""
    return [
        {
            "version": load.version_id,
            "b_data_date": load.data_date,
            "b_seen_at": load.seen_at,
            "b_raw_sha256": load.raw_sha256,
        }
        for load in loads
    ]


def group_by_time(versions: Mapping[int, datetime]) -> list[tuple[datetime, list[int]]]:
    """Group the versions' ids by the time at which their trials were seen."""
    groups: dict[datetime, list[int]] = {}
    for version_id, seen_at in versions.items():
        groups.setdefault(seen_at, []).append(version_id)
    return sorted(groups.items())
