"""The registry's clock over a catalogue: which data load is being served."""

from collections import OrderedDict
from collections.abc import Container, Hashable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Lock

import orjson

from tests.registry.catalogue import Alias, Catalogue, Study
from tests.registry.days import as_date, is_data_day, next_data_day
from tests.registry.poison import Damage

API_VERSION = "2.0.5"
_NO_DATE = "0000-00-00"
_STAMP = f'"versionHolder":"{_NO_DATE}"'.encode()
_CACHED_BODIES = 4_096
_CACHED_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One data load: its data date, and how often the data were loaded that day before.

    ``stamp``: what it says of itself instead.
    """

    day: date
    again: int = 0
    stamp: str | None = None

    @property
    def timestamp(self) -> str:
        """``dataTimestamp`` of /version: no zone, always some time past nine."""
        if self.stamp is not None:
            return self.stamp
        nine = datetime(self.day.year, self.day.month, self.day.day, 9, 0, 5)  # noqa: DTZ001
        return (nine + timedelta(minutes=3 * self.again)).isoformat()


class World:
    """A catalogue of dated records and the current data date.

    ``load`` is replaced as a whole: a request that has read it once sees one data set.
    """

    def __init__(self, catalogue: Catalogue, *, day: date | str) -> None:
        first = as_date(day)
        if not is_data_day(first):
            raise ValueError(f"{first} is a {first:%A}: the registry loads data on weekdays")
        self.catalogue = catalogue
        self.load = Load(day=first)
        self._bodies: OrderedDict[Hashable, bytes] = OrderedDict()
        self._kept = 0
        self._lock = Lock()
        self._damages: dict[str, list[tuple[Damage, Container[date] | None]]] = {}

    @property
    def day(self) -> date:
        """The current data date."""
        return self.load.day

    def advance(self, days: int = 1) -> date:
        """Go on by some data loads; return the new data date."""
        self.load = Load(day=next_data_day(self.day, days))
        return self.day

    def go_to(self, day: date | str) -> None:
        """Serve the load of a day (backwards too)."""
        self.load = Load(day=as_date(day))

    def reload(self) -> None:
        """Load the same day's data again: the timestamp moves, the records do not."""
        self.load = replace(self.load, again=self.load.again + 1)

    def stamp(self, timestamp: str | None) -> None:
        """Let the load say that it is of another time, or no longer."""
        self.load = replace(self.load, stamp=timestamp)

    def poison(self, nct_id: str, damage: Damage, *, on: Container[date] | None = None) -> None:
        """Let all answers hold a record with this damage to its bytes, until it is healed.

        ``on``: in the data loads of these days only. Several damages come one upon the other.
        """
        self._damages.setdefault(nct_id, []).append((damage, on))

    def heal(self, nct_id: str) -> None:
        """Let answers hold the record as it is."""
        del self._damages[nct_id]

    def find(self, nct_id: str, load: Load | None = None) -> Study | Alias | None:
        """Return what an NCT ID stands for in a data load."""
        return self.catalogue.find(nct_id, (load or self.load).day)

    def body(self, study: Study, load: Load) -> bytes:
        """Return the study's JSON as one line, with the stamp of the data load."""
        with self._lock:
            content = self._bodies.get(study.key)
            if content is not None:
                self._bodies.move_to_end(study.key)
        if content is None:
            content = orjson.dumps(stamped(study, None))
            self._keep(study.key, content)
        stamp = f'"versionHolder":"{load.day.isoformat()}"'.encode()
        body = content.replace(_STAMP, stamp, 1)
        for damage, days in self._damages.get(study.nct_id, ()):
            if days is None or load.day in days:
                body = damage(body)
        return body

    def _keep(self, key: Hashable, content: bytes) -> None:
        with self._lock:
            self._kept += len(content) - len(self._bodies.get(key, b""))
            self._bodies[key] = content
            while len(self._bodies) > _CACHED_BODIES or self._kept > _CACHED_BYTES:
                _, old = self._bodies.popitem(last=False)
                self._kept -= len(old)


def stamped(study: Study, day: date | None) -> dict[str, object]:
    """Return the study's document with the stamp of the data load of a day."""
    document = dict(study.document())
    derived = dict(document.get("derivedSection") or {})
    info = dict(derived.get("miscInfoModule") or {})
    info["versionHolder"] = day.isoformat() if day else _NO_DATE
    derived["miscInfoModule"] = info
    document["derivedSection"] = derived
    return document
