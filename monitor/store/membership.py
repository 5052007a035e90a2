"""Which trials a filter selects: the index finds candidates, their records decide.

``queries`` compares its rows with it (docs/architecture.md, "The store").
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.record import TrialRecord
from monitor.model.search import Search
from monitor.store import search as index
from monitor.store.db import Db, batches
from monitor.store.schema import trials, versions
from monitor.store.snapshots import Snapshots
from monitor.store.sources import SourcesReader

Decide = Callable[[TrialRecord, Collection[str]], bool]
"""Whether a filter matches a record that these sources follow."""

RARE = 5_000
"""Up to so many trials are looked at one by one."""
SOON_READ = 20_000
"""So many are read in less time than some trials are looked up one by one."""
LOADED_AT_MOST = 250_000
"""Up to so many are kept in memory; of more, the index is queried for each trial."""
_RECORDS = 50
_COMMON = 6
"""One trial in so many: from there on reading all of a filter costs more than looking up some."""

_NEWEST = (
    sa.select(trials.c.nct_id, versions.c.snapshot_id, versions.c.source)
    .join(versions, versions.c.id == trials.c.latest_version_id)
    .where(trials.c.nct_id.in_(bindparam("nct_ids", expanding=True)))
)


class Members:
    """The trials of one filter, as one transaction sees them.

    ``search`` None: the index cannot help with the filter. ``decide``: for what it leaves open.
    """

    def __init__(self, db: Db, snapshots: Snapshots, search: Search | None, decide: Decide) -> None:
        self._db = db
        self._snapshots = snapshots
        self._decide = decide
        self._is_exact = search is not None and search.is_exact
        # SQLite reads the lists of all words anew for each trial.
        self.is_quick_to_look_up = search is not None and (
            db.dialect != "sqlite" or search.is_one_word
        )
        self._question = None if search is None else index.question(db.dialect, search)
        self._all: frozenset[Any] | None = None
        self._loaded_up_to = 0
        self._candidates: dict[str, bool] = {}
        self._decided: dict[str, bool] = {}

    @property
    def is_loaded(self) -> bool:
        """True when all trials of the filter are in memory: the index is not queried again."""
        return self._all is not None

    @property
    def are_common(self) -> bool:
        """True when a good part of the trials that were looked up one by one are found."""
        return sum(self._candidates.values()) * _COMMON > max(len(self._candidates), 1)

    def load_all(self, most: int) -> bool:
        """Load all trials that the index finds, up to ``most``; return whether they are loaded."""
        if most < LOADED_AT_MOST and self._db.dialect != "sqlite":
            return self._all is not None  # PostgreSQL finds all before the first
        if self._question is not None and self._all is None and most > self._loaded_up_to:
            given = {"question": self._question, "most": most + 1}
            with index.by_index(self._db):
                found = self._db.value(index.all_matching(self._db.dialect), given)
            keys = index.keys_of(self._db.dialect, found or "")
            self._loaded_up_to = most
            if len(keys) <= most:
                self._all = keys
        return self.is_loaded

    def loaded_if_few(self, most: int) -> tuple[str, ...] | None:
        """Return the loaded trials, in order; None where none are, or more than ``most``."""
        if self._all is None or len(self._all) > most:
            return None
        return tuple(map(index.nct_id_of_key, sorted(self._all)))

    def candidates(self, nct_ids: Iterable[str]) -> set[str]:
        """Return those of some trials that the index finds."""
        nct_ids = list(nct_ids)
        if self._question is None:
            return set(nct_ids)
        if self._all is not None:
            dialect, held = self._db.dialect, self._all
            return {nct_id for nct_id in nct_ids if index.key_of(dialect, nct_id) in held}
        known = self._candidates
        wanted = [nct_id for nct_id in dict.fromkeys(nct_ids) if nct_id not in known]
        query, _ = index.matching(self._db.dialect)
        keys = index.key_column(self._db.dialect)
        asked = query.where(keys.in_(bindparam("trial_keys", expanding=True)))
        for batch in batches(wanted):
            given = {
                "question": self._question,
                "trial_keys": [index.key_of(self._db.dialect, nct_id) for nct_id in batch],
            }
            found = {index.nct_id_of_key(row[0]) for row in self._db.fetch(asked, given)}
            known.update((nct_id, nct_id in found) for nct_id in batch)
        return {nct_id for nct_id in nct_ids if known[nct_id]}

    def matching(self, nct_ids: Iterable[str]) -> set[str]:
        """Return those of some trials that the filter matches."""
        candidates = self.candidates(nct_ids)
        # Where it is not: the index knows words, not where they stand, and "type 2 diabetes" finds
        # "diabetes type … 2" too.
        if self._is_exact:
            return candidates
        wanted = sorted(one for one in candidates if one not in self._decided)
        for start in range(0, len(wanted), _RECORDS):
            self._look(wanted[start : start + _RECORDS])
        return {one for one in candidates if self._decided[one]}

    def _look(self, nct_ids: Sequence[str]) -> None:
        rows = self._db.fetch(_NEWEST, {"nct_ids": list(nct_ids)})
        self._snapshots.fetch([row[1] for row in rows])
        # A trial that is in the index and not in the store (any more) must not be queried again.
        self._decided.update(dict.fromkeys(nct_ids, False))
        for nct_id, snapshot_id, source in rows:
            document = orjson.loads(self._snapshots.read(snapshot_id))
            record = TrialRecord(nct_id=nct_id, document=document)
            sources = (source, *SourcesReader(self._db).following(nct_id))
            self._decided[nct_id] = self._decide(record, sources)
