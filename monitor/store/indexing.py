"""Which trials have no facts yet, or no words in the search, and whether any is to be looked for.

A store that an earlier program made is filled once, in many transactions; then a property says so.
"""

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.errors import StoreError
from monitor.model.search import SEARCH_VERSION, SearchDocument
from monitor.store import properties, search
from monitor.store.db import Db
from monitor.store.schema import trials, version_facts, versions

PROPERTY = "search_version"

_HAS_FACTS = sa.exists().where(version_facts.c.version_id == versions.c.id)
_IS_UNFILLED = sa.or_(
    trials.c.search_sha256.is_(None),
    sa.exists().where(versions.c.nct_id == trials.c.nct_id, ~_HAS_FACTS),
)
_UNFILLED = (
    sa.select(trials.c.nct_id)
    .where(trials.c.nct_id > bindparam("after"), _IS_UNFILLED)
    .order_by(trials.c.nct_id)
    .limit(bindparam("limit", type_=sa.Integer))
)
_COUNT = sa.select(sa.func.count()).select_from(trials).where(_IS_UNFILLED)
_MARK = (
    sa.update(trials)
    .where(trials.c.nct_id == bindparam("trial"))
    .values(search_sha256=bindparam("digest"))
)
_FORGET = sa.update(trials).values(search_sha256=None)


def is_filled(db: Db) -> bool:
    """Return whether all that is stored has facts, and words as this program makes them."""
    # A number, not a yes: a program that makes other words of records raises it, and all is filled
    # anew.
    return bool(db.value(properties.VALUE, {"name": PROPERTY}) == str(SEARCH_VERSION))


def require_filled(db: Db) -> None:
    """Raise StoreError where what is stored cannot be selected yet."""
    if not is_filled(db):
        raise StoreError(
            "the store has trials that the search does not know yet; run `monitor db upgrade`"
        )


class IndexWriter:
    """Fills what an earlier program left empty, within one transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def is_filled(self) -> bool:
        """Return whether nothing is left to do."""
        return is_filled(self._db)

    def begin(self, *, anew: bool = False) -> int:
        """Empty a search of other words than this program's; return how many trials are ahead.

        ``anew``: also of words like this program's.
        """
        known = self._db.value(properties.VALUE, {"name": PROPERTY})
        if anew or known not in (None, "", str(SEARCH_VERSION)):
            self._db.run(search.EMPTY[self._db.dialect])
            self._db.run(_FORGET)
            self._db.run(properties.PUT, {"name": PROPERTY, "value": ""})
        return int(self._db.value(_COUNT))

    def unfilled_trials(self, after: str, limit: int) -> list[str]:
        """Return the NCT IDs of some trials that lack facts or words, in order."""
        rows = self._db.fetch(_UNFILLED, {"after": after, "limit": limit})
        return [nct_id for (nct_id,) in rows]

    def add_trial(self, nct_id: str, document: SearchDocument) -> None:
        """Let the search know a trial that it does not know."""
        self._db.run_many(*search.changes(self._db.dialect, [(nct_id, document, None)]))
        self._db.run(_MARK, {"trial": nct_id, "digest": document.digest})

    def finish(self) -> None:
        """Note that all of the store is filled."""
        self._db.run(properties.PUT, {"name": PROPERTY, "value": str(SEARCH_VERSION)})
