"""Which followed records are set aside at the gate, until it is decided or they come whole.

Each is noted in the transaction of the page that brought it, as a row of its own, so that a kill
loses none; its source asks for it again before the end of every pass.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import msgspec

from monitor.data_types import DataType
from monitor.ingest.gate_rules import Suspect
from monitor.model.gate import GONE, Cause
from monitor.store.reader import Reader
from monitor.store.writer import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """When a record was first missed: in which ``load``, which has that ``day``, and read when."""

    # The timestamp of `/version`, "2026-08-14T09:00:05": two misses count if these differ.
    load: str
    day: date
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Suspect):
    """A record that is set aside; ``pass_number``: the pass that saw it last.

    ``miss``: of one that the registry did not show when it was last asked for. ``leaves``: the
    source lets it go once that is decided.
    """

    pass_number: int
    miss: Miss | None = None
    leaves: bool = False


_ENTRY = DataType[Entry](Entry)


class Aside:
    """The records of one source that are set aside."""

    def __init__(self, source: str, reader: Callable[[], AbstractContextManager[Reader]]) -> None:
        self._kept_by = f"{source}/aside"  # a slash: no source has such a name
        self._reader = reader

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """All of them by NCT ID, as of the last stored page."""
        with self._reader() as reader:
            states = reader.sources.states(self._kept_by)
        return {nct_id: _entry(state) for nct_id, state in states.items()}

    @property
    def causes(self) -> set[Cause]:
        """Why known records are set aside."""
        return {cause for one in self.entries.values() if one.is_known for cause in one.causes}

    def having(self, cause: Cause) -> list[str]:
        """Return the NCT IDs of those with that cause."""
        return [nct_id for nct_id, one in self.entries.items() if cause in one.causes]

    def put(self, tx: Transaction, entries: Mapping[str, Entry], *, at: datetime) -> None:
        """Note records that are set aside, in place of what was known of them."""
        # In one order for everybody, so that two writers do not wait for each other in a circle.
        for nct_id, entry in sorted(entries.items()):
            state = msgspec.to_builtins(entry)
            tx.sources.put_state(self._kept_by, nct_id, state, at=at)
        self.entries.update(entries)

    def drop(self, tx: Transaction, nct_ids: Iterable[str]) -> None:
        """Forget records that need not be set aside any more."""
        gone = self.entries.keys() & set(nct_ids)
        tx.sources.drop_states(self._kept_by, gone)
        for nct_id in gone:
            del self.entries[nct_id]


def missed_entry(miss: Miss, pass_number: int, *, leaves: bool) -> Entry:
    """Return the entry of a record that the registry does not show."""
    return Entry(causes=(GONE,), is_known=True, pass_number=pass_number, miss=miss, leaves=leaves)


def _entry(state: Mapping[str, Any]) -> Entry:
    return _ENTRY.convert(state)
