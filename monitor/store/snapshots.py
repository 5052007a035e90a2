"""Reading snapshots back, and choosing what a new one is compressed against.

A trial's first snapshot is a keyframe, compressed by itself. Snapshot n after a keyframe is
compressed against snapshot n & (n - 1) after it (n without its lowest bit): mostly a near
predecessor, and never more than six steps away from the keyframe. Against the keyframe
alone, a long series takes half as much again, because a record drifts away from it; against
the predecessor, reading a version would take as many steps as there are versions.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.errors import StoreError
from monitor.store import queries
from monitor.store.codec import DamagedError, restore
from monitor.store.rows import Row

SNAPSHOTS_PER_KEYFRAME = 64
_KEPT_BYTES = 16 * 1024 * 1024

FetchOne = Callable[[str, Mapping[str, Any]], Row | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a snapshot stands.

    ``base_id``: the snapshot that it is compressed against, None for a keyframe. ``number``:
    how many snapshots after the keyframe.
    """

    base_id: int | None = None
    number: int = 0


KEYFRAME = Place()


class Snapshots:
    """Snapshots of one connection, as long as one transaction sees them.

    ``fetch_one`` runs a query of ``queries`` and returns its first row. What was read or
    written last is kept unpacked, up to a bounded number of bytes.
    """

    def __init__(self, fetch_one: FetchOne) -> None:
        self._fetch_one = fetch_one
        self._kept: OrderedDict[int, tuple[Place, bytes]] = OrderedDict()
        self._kept_bytes = 0

    def read(self, snapshot_id: int) -> bytes:
        """Return a snapshot's bytes, checked; StoreError names trial and version."""
        try:
            return self._read(snapshot_id)
        except DamagedError as exc:
            raise StoreError(self._blame(snapshot_id, exc)) from exc

    def place_after(self, snapshot_id: int) -> Place:
        """Return where the successor of a stored snapshot goes; StoreError as in ``read``."""
        try:
            at, place = snapshot_id, self._place(snapshot_id)
            number = place.number + 1
            if number >= SNAPSHOTS_PER_KEYFRAME:
                return KEYFRAME
            # The base is the predecessor or one that the predecessor is built upon.
            while place.base_id is not None and place.number > number & (number - 1):
                at, place = place.base_id, self._place(place.base_id)
        except DamagedError as exc:
            raise StoreError(self._blame(snapshot_id, exc)) from exc
        return Place(base_id=at, number=number)

    def keep(self, snapshot_id: int, content: bytes, place: Place) -> None:
        """Remember a snapshot's bytes, forgetting those used longest ago."""
        self._kept[snapshot_id] = place, content
        self._kept_bytes += len(content)
        while self._kept_bytes > _KEPT_BYTES:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)

    def _read(self, snapshot_id: int) -> bytes:
        if snapshot_id in self._kept:
            self._kept.move_to_end(snapshot_id)
            return self._kept[snapshot_id][1]
        content: bytes | None = None
        for at, row in reversed(self._path(snapshot_id)):
            place = _place(row)
            try:
                if place.base_id is not None:
                    # The one before it on the path, unless the path began at a kept one.
                    content = self._kept[place.base_id][1] if content is None else content
                content = _restore(row, content)
            except DamagedError as exc:
                raise _of(at, snapshot_id, exc) from exc
            self.keep(at, content, place)
        assert content is not None  # noqa: S101  # a path has at least one row
        return content

    def _path(self, snapshot_id: int) -> list[tuple[int, Row]]:
        """Return the rows from a snapshot down to a keyframe, or to above a kept snapshot."""
        path: list[tuple[int, Row]] = []
        at: int | None = snapshot_id
        below = SNAPSHOTS_PER_KEYFRAME
        while at is not None and at not in self._kept:
            try:
                row = self._row(at)
                place = _place(row)
                if place.number >= below:
                    raise DamagedError("its row contradicts itself")
            except DamagedError as exc:
                raise _of(at, snapshot_id, exc) from exc
            path.append((at, row))
            at, below = place.base_id, place.number
        return path

    def _place(self, snapshot_id: int) -> Place:
        if snapshot_id in self._kept:
            return self._kept[snapshot_id][0]
        return _place(self._row(snapshot_id))

    def _row(self, snapshot_id: int) -> Row:
        row = self._fetch_one(queries.SNAPSHOT, {"snapshot_id": snapshot_id})
        if row is None:
            raise DamagedError("it is missing")
        return row

    def _blame(self, snapshot_id: int, exc: DamagedError) -> str:
        user = self._fetch_one(queries.SNAPSHOT_USER, {"snapshot_id": snapshot_id})
        if user is None:
            return f"snapshot {snapshot_id} is damaged: {exc}"
        nct_id, version_date = user
        return f"the snapshot of {nct_id}, version of {version_date}, is damaged: {exc}"


def _of(at: int, snapshot_id: int, exc: DamagedError) -> DamagedError:
    if at == snapshot_id:
        return exc
    return DamagedError(f"of snapshot {at}, which it is stored against, {exc}")


def _place(row: Row) -> Place:
    base_id, number = row[1], row[2]
    if (base_id is None) != (number == 0):
        raise DamagedError("its row contradicts itself")
    return Place(base_id=base_id, number=number)


def _restore(row: Row, base: bytes | None) -> bytes:
    _, _, _, codec, size, digest, content = row
    return restore(bytes(content), codec=codec, base=base, size=size, digest=bytes(digest))
