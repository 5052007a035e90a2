"""The suspects of a source: records that the gate does not store until it has decided about them.

Each is stored in the transaction of the page that brought it, as a row of its own, so that a kill
loses none; its source fetches it again before the end of every pass. ``gate`` reads and writes
them.
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
class StoredSuspect(Suspect):
    """A suspect as it is stored; ``pass_number``: the pass that saw it last.

    ``miss``: of one that the registry did not show when it was last fetched. ``leaves``: the
    source stops following it once that is decided.
    """

    pass_number: int
    miss: Miss | None = None
    leaves: bool = False


_STORED_SUSPECT = DataType[StoredSuspect](StoredSuspect)


class Suspects:
    """The suspects of one source."""

    def __init__(self, source: str, reader: Callable[[], AbstractContextManager[Reader]]) -> None:
        self._stored_under = f"{source}/aside"  # a slash: no source has such a name
        self._reader = reader

    @cached_property
    def by_nct_id(self) -> dict[str, StoredSuspect]:
        """All of them by NCT ID, as of the last stored page."""
        with self._reader() as reader:
            states = reader.sources.states(self._stored_under)
        return {nct_id: _read_suspect(state) for nct_id, state in states.items()}

    @property
    def causes(self) -> set[Cause]:
        """The causes of the suspects that are known records."""
        return {cause for one in self.by_nct_id.values() if one.is_known for cause in one.causes}

    def with_cause(self, cause: Cause) -> list[str]:
        """Return the NCT IDs of the suspects with that cause."""
        return [nct_id for nct_id, one in self.by_nct_id.items() if cause in one.causes]

    def store(
        self, tx: Transaction, by_nct_id: Mapping[str, StoredSuspect], *, at: datetime
    ) -> None:
        """Store suspects, in place of what was stored of them."""
        # In one order for everybody, so that two writers do not wait for each other in a circle.
        for nct_id, entry in sorted(by_nct_id.items()):
            state = msgspec.to_builtins(entry)
            tx.sources.put_state(self._stored_under, nct_id, state, at=at)
        self.by_nct_id.update(by_nct_id)

    def remove(self, tx: Transaction, nct_ids: Iterable[str]) -> None:
        """Remove records that are not suspects any more."""
        known = self.by_nct_id.keys() & set(nct_ids)
        tx.sources.drop_states(self._stored_under, known)
        for nct_id in known:
            del self.by_nct_id[nct_id]


def missing_suspect(miss: Miss, pass_number: int, *, leaves: bool) -> StoredSuspect:
    """Return the suspect for a record that the registry does not show."""
    return StoredSuspect(
        causes=(GONE,), is_known=True, pass_number=pass_number, miss=miss, leaves=leaves
    )


def _read_suspect(state: Mapping[str, Any]) -> StoredSuspect:
    return _STORED_SUSPECT.convert(state)
