"""Reading snapshots back, and choosing what a new one is compressed against.

A trial's first snapshot is a keyframe, compressed by itself. Snapshot n after a keyframe is
compressed against snapshot n & (n - 1) after it (n without its lowest bit): mostly a near
predecessor, and never more than six steps away from the keyframe. Against the keyframe
alone, a long series takes half as much again, because a record drifts away from it; against
the predecessor, reading a version would take as many steps as there are versions.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.errors import DamagedSnapshotError
from monitor.store.codec import CorruptError, restore
from monitor.store.db import Db, batches
from monitor.store.row_mapping import SqlRow
from monitor.store.schema import snapshots, versions

SNAPSHOTS_PER_KEYFRAME = 64
# Some hundred mean records: the bases of the batch at hand, with room for one of megabytes. A
# transaction of many batches would fill more, and the daemon would stay that much larger.
_KEPT_BYTES = 8 * 1024 * 1024

INSERT = sa.insert(snapshots)


def _with_bases() -> sa.Select[tuple[int]]:
    """Return the ids of some snapshots and of all that they are built upon.

    UNION, without ALL, ends the walk even where damaged rows refer to one another in a circle.
    """
    asked = snapshots.c.id.in_(bindparam("snapshot_ids", expanding=True))
    path = sa.select(snapshots.c.id, snapshots.c.base_id).where(asked).cte("path", recursive=True)
    bases = path.join(snapshots, snapshots.c.id == path.c.base_id)
    path = path.union(sa.select(snapshots.c.id, snapshots.c.base_id).select_from(bases))
    return sa.select(path.c.id)


PATHS = sa.select(
    snapshots.c.id,
    snapshots.c.base_id,
    snapshots.c.number,
    snapshots.c.codec,
    snapshots.c.size,
    snapshots.c.sha256,
    snapshots.c.content,
).where(snapshots.c.id.in_(_with_bases()))
_USER = (
    sa.select(versions.c.nct_id, versions.c.version_date)
    .where(
        sa.or_(
            versions.c.snapshot_id == bindparam("snapshot_id"),
            versions.c.stated_snapshot_id == bindparam("snapshot_id"),
        )
    )
    .order_by(versions.c.version_date)
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPlace:
    """Where a snapshot is stored.

    ``base_id``: the snapshot that it is compressed against, None for a keyframe. ``number``:
    how many snapshots after the keyframe.
    """

    base_id: int | None = None
    number: int = 0


KEYFRAME = SnapshotPlace()


def _ignore(snapshot_id: int) -> None:
    """Do nothing: all snapshots are written."""


class Snapshots:
    """Snapshots of one connection, as long as one transaction sees them.

    ``settle`` is called before a snapshot is looked for, and writes it where it is held back. What
    was read or written last is kept unpacked, up to a bounded number of bytes.
    """

    def __init__(self, db: Db, *, settle: Callable[[int], None] = _ignore) -> None:
        self._db = db
        self._settle = settle
        self._fetched: dict[int, SqlRow] = {}
        self._kept: OrderedDict[int, tuple[SnapshotPlace, bytes]] = OrderedDict()
        self._kept_bytes = 0

    def read(self, snapshot_id: int) -> bytes:
        """Return a snapshot's bytes, checked; DamagedSnapshotError names trial and version."""
        try:
            return self._read(snapshot_id)
        except CorruptError as exc:
            raise DamagedSnapshotError(self._blame(snapshot_id, exc)) from exc
        except TypeError as exc:  # SQLite keeps values of any type in any column
            what = CorruptError("its row cannot be read")
            raise DamagedSnapshotError(self._blame(snapshot_id, what)) from exc

    def fetch(self, snapshot_ids: Collection[int]) -> None:
        """Fetch what will be read next with one query, in place of what was fetched before."""
        for snapshot_id in snapshot_ids:
            self._settle(snapshot_id)
        self._fetched = {
            row[0]: row
            for batch in batches(sorted(snapshot_ids))
            for row in self._db.fetch(PATHS, {"snapshot_ids": batch})
        }

    def place_after(self, snapshot_id: int) -> SnapshotPlace:
        """Return where the successor of a stored snapshot goes; fails as ``read`` does."""
        # Read first, so that a new version is never built upon a snapshot that is damaged.
        self.read(snapshot_id)
        at, place = snapshot_id, self._kept[snapshot_id][0]
        number = place.number + 1
        if number >= SNAPSHOTS_PER_KEYFRAME:
            return KEYFRAME
        # The base is the predecessor or one that the predecessor is built upon.
        while place.base_id is not None and place.number > number & (number - 1):
            self.read(place.base_id)
            at, place = place.base_id, self._kept[place.base_id][0]
        return SnapshotPlace(base_id=at, number=number)

    def keep(self, snapshot_id: int, content: bytes, place: SnapshotPlace) -> None:
        """Remember a snapshot's bytes, forgetting those used longest ago."""
        self._kept[snapshot_id] = place, content
        self._kept_bytes += len(content)
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)

    def _read(self, snapshot_id: int) -> bytes:
        if snapshot_id in self._kept:
            self._kept.move_to_end(snapshot_id)
            return self._kept[snapshot_id][1]
        content: bytes | None = None
        for row in reversed(self._path(snapshot_id)):
            at, base_id = row[0], row[1]
            try:
                place = _place(row)
                if content is None and base_id is not None:
                    content = self._kept[base_id][1]
                content = _restore(row, content)
            except CorruptError as exc:
                raise exc if at == snapshot_id else CorruptError(_built_upon(at, exc)) from exc
            self.keep(at, content, place)
        assert content is not None  # noqa: S101  # a path has at least one row
        return content

    def _path(self, snapshot_id: int) -> list[SqlRow]:
        """Return the rows from a snapshot down to a keyframe, or to above a kept snapshot."""
        rows = self._fetched
        if snapshot_id not in rows:
            self._settle(snapshot_id)
            found = self._db.fetch(PATHS, {"snapshot_ids": [snapshot_id]})
            rows = {row[0]: row for row in found}
        if snapshot_id not in rows:
            raise CorruptError("it is missing")
        path = [rows[snapshot_id]]
        while (base_id := path[-1][1]) is not None and base_id not in self._kept:
            row = rows.get(base_id)
            if row is None:
                raise CorruptError(_built_upon(base_id, "it is missing"))
            # Numbers fall on the way to a keyframe, or a damaged row would lead around in a circle.
            if row[2] >= path[-1][2]:
                raise CorruptError(_built_upon(base_id, "it does not come before it"))
            path.append(row)
        return path

    def _blame(self, snapshot_id: int, exc: CorruptError) -> str:
        users = self._db.fetch(_USER, {"snapshot_id": snapshot_id})
        if not users:
            return f"snapshot {snapshot_id} is damaged: {exc}"
        nct_id, version_date = users[0]
        return f"the snapshot of {nct_id}, version of {version_date}, is damaged: {exc}"


def _built_upon(snapshot_id: int, what: object) -> str:
    return f"of snapshot {snapshot_id}, which it is built upon, {what}"


def _place(row: SqlRow) -> SnapshotPlace:
    base_id, number = row[1], row[2]
    if (base_id is None) != (number == 0):
        raise CorruptError("its row contradicts itself")
    return SnapshotPlace(base_id=base_id, number=number)


def _restore(row: SqlRow, base: bytes | None) -> bytes:
    _, _, _, codec, size, digest, content = row
    return restore(bytes(content), codec=codec, base=base, size=size, digest=bytes(digest))
