"""Which records want their past filled in, and whose turn it is to ask for it."""

import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.app.sources import HISTORY
from monitor.config import CtgovSourceSettings, Settings
from monitor.model.following import Presence
from monitor.sources.base import State
from monitor.sources.ctgov_history.state import Outcome, backfill_of
from monitor.store.reader import Reader

if TYPE_CHECKING:
    from monitor.app.wiring import App

_AT_ONCE = 1_000
_TURN = "backfill"
_TURN_S = 120.0


def wanted_backfills(settings: Settings, reader: Reader) -> dict[str, list[str]]:
    """Return by base URL the followed NCT IDs whose past was not filled in yet.

    Of enabled sources with ``backfill = true``. What the registry could not give is not asked
    for again; ``monitor backfill`` does.
    """
    states = reader.sources.states(HISTORY)
    found: dict[str, list[str]] = {}
    for source in settings.sources:
        if isinstance(source, CtgovSourceSettings) and source.enabled and source.backfill:
            wanted = found.setdefault(source.base_url, [])
            ids = followed_ids(reader, source.name)
            wanted.extend(nct_id for nct_id in ids if _is_open(states.get(nct_id)))
    return {base_url: sorted(set(nct_ids)) for base_url, nct_ids in found.items() if nct_ids}


@contextmanager
def turn(app: "App") -> Iterator[Callable[[], None] | None]:
    """Take the turn to ask the history API: one process at a time, however many share a store.

    Yields what keeps the turn, to be called with every page; None when another process has it.
    """
    from monitor.store.writer import open_store  # noqa: PLC0415 - a look at what is wanted needs none

    holder = uuid.uuid4().hex
    given = app.settings.store
    with open_store(given.url, busy_timeout_s=given.busy_timeout_s) as store:

        def keep() -> None:
            with store.transaction() as tx:
                tx.sources.renew_lease(_TURN, holder, now=app.now(), ttl_s=_TURN_S)

        with store.transaction() as tx:
            taken = tx.sources.take_lease(_TURN, holder, now=app.now(), ttl_s=_TURN_S)
        if not taken:
            yield None
            return
        try:
            yield keep
        finally:
            with store.transaction() as tx:
                tx.sources.release_lease(_TURN, holder)


def followed_ids(reader: Reader, source: str) -> Iterator[str]:
    """Yield the NCT IDs of all records that a source follows and shows, ascending."""
    after = ""
    while page := reader.sources.followed(
        source, after=after, limit=_AT_ONCE, presence=Presence.SHOWN
    ):
        yield from (followed.nct_id for followed in page)
        after = page[-1].nct_id


def stored_numbers(app: "App", nct_id: str) -> Collection[int]:
    """Return the registry's version numbers that the store is known to have of a trial."""
    with app.reader() as reader:
        numbers = {
            number
            for version in reader.versions(nct_id)
            for number in (version.registry_version, version.last_registry_version)
        }
    return {number for number in numbers if number is not None}


def _is_open(state: State | None) -> bool:
    known = backfill_of(state)
    if known.outcome in (Outcome.UNKNOWN, Outcome.MERGED):
        return False  # what an earlier ``--since`` left out will not come either
    return known.outcome is Outcome.UNDER_WAY or known.since is not None
