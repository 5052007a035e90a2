"""Reading snapshots back, and choosing what a new one is compressed against."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.errors import StoreError
from monitor.store import queries
from monitor.store.codec import DamagedError, restore
from monitor.store.rows import Row

_KEPT_BYTES = 16 * 1024 * 1024

FetchOne = Callable[[str, Mapping[str, Any]], Row | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a snapshot stands: its keyframe (itself for one) and its distance from it."""

    keyframe_id: int
    deltas: int


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
        return self._checked(snapshot_id)[1]

    def keyframe(self, keyframe_id: int) -> bytes:
        """Return a keyframe's bytes, checked; StoreError names trial and version."""
        return self._checked(keyframe_id)[1]

    def place(self, snapshot_id: int) -> Place:
        """Say where a stored snapshot stands; StoreError names trial and version."""
        if snapshot_id in self._kept:
            return self._kept[snapshot_id][0]
        try:
            return _place(snapshot_id, self._row(snapshot_id))
        except DamagedError as exc:
            raise StoreError(self._blame(snapshot_id, exc)) from exc

    def keep(self, snapshot_id: int, content: bytes, place: Place) -> None:
        """Remember a snapshot's bytes, forgetting those used longest ago."""
        self._kept[snapshot_id] = place, content
        self._kept_bytes += len(content)
        while self._kept_bytes > _KEPT_BYTES:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)

    def _checked(self, snapshot_id: int) -> tuple[Place, bytes]:
        try:
            return self._find(snapshot_id)
        except DamagedError as exc:
            raise StoreError(self._blame(snapshot_id, exc)) from exc

    def _find(self, snapshot_id: int) -> tuple[Place, bytes]:
        if snapshot_id in self._kept:
            self._kept.move_to_end(snapshot_id)
            return self._kept[snapshot_id]
        row = self._row(snapshot_id)
        place = _place(snapshot_id, row)
        keyframe = None if place.keyframe_id == snapshot_id else self._keyframe(place.keyframe_id)
        content = _restore(row, keyframe)
        self.keep(snapshot_id, content, place)
        return place, content

    def _keyframe(self, keyframe_id: int) -> bytes:
        if keyframe_id in self._kept:
            self._kept.move_to_end(keyframe_id)
            return self._kept[keyframe_id][1]
        try:
            row = self._row(keyframe_id)
            place = _place(keyframe_id, row)
            if place.deltas:
                raise DamagedError("it is none")
            content = _restore(row, None)
        except DamagedError as exc:
            raise DamagedError(f"its keyframe is damaged: {exc}") from exc
        self.keep(keyframe_id, content, place)
        return content

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


def _place(snapshot_id: int, row: Row) -> Place:
    # A damaged row could name itself or a row that names it; a keyframe has deltas 0.
    keyframe_id, deltas = row[1], row[2]
    if (keyframe_id is None) != (deltas == 0) or keyframe_id == snapshot_id:
        raise DamagedError("its row contradicts itself")
    return Place(keyframe_id=keyframe_id or snapshot_id, deltas=deltas)


def _restore(row: Row, keyframe: bytes | None) -> bytes:
    _, _, _, codec, size, digest, content = row
    return restore(bytes(content), codec=codec, keyframe=keyframe, size=size, digest=bytes(digest))
