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

    ``fetch_one`` runs a query of ``queries`` and returns its first row. Keyframes are kept
    unpacked up to a bounded number of bytes.
    """

    def __init__(self, fetch_one: FetchOne) -> None:
        self._fetch_one = fetch_one
        self._keyframes: OrderedDict[int, bytes] = OrderedDict()
        self._kept_bytes = 0

    def read(self, snapshot_id: int) -> bytes:
        """Return a snapshot's bytes, checked; StoreError names trial and version."""
        if snapshot_id in self._keyframes:
            return self.keyframe(snapshot_id)
        try:
            row = self._row(snapshot_id)
            if row[1] is None:
                content = _restore(row, None)
                self.keep(snapshot_id, content)
                return content
            return _restore(row, self._keyframe_of(row[1]))
        except DamagedError as exc:
            raise StoreError(self._blame(snapshot_id, exc)) from exc

    def keyframe(self, keyframe_id: int) -> bytes:
        """Return a keyframe's bytes, checked; StoreError names trial and version."""
        try:
            return self._keyframe_of(keyframe_id)
        except DamagedError as exc:
            raise StoreError(self._blame(keyframe_id, exc)) from exc

    def place(self, snapshot_id: int) -> Place:
        """Say where a stored snapshot stands; StoreError when it is not there."""
        try:
            row = self._row(snapshot_id)
        except DamagedError as exc:
            raise StoreError(self._blame(snapshot_id, exc)) from exc
        return Place(keyframe_id=row[1] or snapshot_id, deltas=row[2])

    def keep(self, keyframe_id: int, content: bytes) -> None:
        """Remember a keyframe's bytes, forgetting those used longest ago."""
        self._keyframes[keyframe_id] = content
        self._kept_bytes += len(content)
        while self._kept_bytes > _KEPT_BYTES:
            _, dropped = self._keyframes.popitem(last=False)
            self._kept_bytes -= len(dropped)

    def _keyframe_of(self, keyframe_id: int) -> bytes:
        kept = self._keyframes.get(keyframe_id)
        if kept is not None:
            self._keyframes.move_to_end(keyframe_id)
            return kept
        try:
            content = _restore(self._row(keyframe_id), None)
        except DamagedError as exc:
            raise DamagedError(f"its keyframe is damaged: {exc}") from exc
        self.keep(keyframe_id, content)
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


def _restore(row: Row, keyframe: bytes | None) -> bytes:
    _, _, _, codec, size, digest, content = row
    return restore(bytes(content), codec=codec, keyframe=keyframe, size=size, digest=bytes(digest))
