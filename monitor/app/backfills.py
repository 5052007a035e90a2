"""Which records want their past filled in, and what asks for it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from monitor.app.sources import HISTORY, Sources
from monitor.app.turns import Turn
from monitor.model.following import Presence
from monitor.settings import CtgovSourceSettings, Settings
from monitor.sources.base import FollowedSource, State
from monitor.sources.ctgov_history.state import Outcome, backfill_of
from monitor.store.reader import Reader

if TYPE_CHECKING:
    from monitor.app.wiring import App
    from monitor.sources.ctgov_history import HistoryProgress

_AT_ONCE = 1_000
_NEVER = datetime.min.replace(tzinfo=UTC)


def wanted_backfills(settings: Settings, reader: Reader) -> dict[str, list[str]]:
    """Return by base URL the followed NCT IDs whose past was not filled in yet.

    Of enabled sources with ``backfill = true``. What the registry could not give is not asked
    for again; ``monitor backfill`` does. Those that failed come last, the latest at the end.
    """
    states = reader.sources.states(HISTORY)
    wanting = [one for one in _registries(settings) if one.enabled and one.backfill]
    return _by_base_url(wanting, reader, states, lambda nct_id: _is_open(states.get(nct_id)))


def all_backfills(settings: Settings, reader: Reader) -> dict[str, list[str]]:
    """Return by base URL the NCT IDs that the sources follow, in the same order."""
    states = reader.sources.states(HISTORY)
    return _by_base_url(_registries(settings), reader, states, lambda _: True)


def _registries(settings: Settings) -> list[CtgovSourceSettings]:
    return [one for one in settings.sources if isinstance(one, CtgovSourceSettings)]


def _by_base_url(
    sources: Iterable[CtgovSourceSettings],
    reader: Reader,
    states: Mapping[str, State],
    is_wanted: Callable[[str], bool],
) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for source in sources:
        wanted = filter(is_wanted, _followed_ids(reader, source.name))
        found.setdefault(source.base_url, set()).update(wanted)

    def rank(nct_id: str) -> tuple[datetime, str]:
        return backfill_of(states.get(nct_id)).failed_at or _NEVER, nct_id

    return {base_url: sorted(ids, key=rank) for base_url, ids in found.items() if ids}


@contextmanager
def history(
    app: "App",
    base_url: str,
    nct_ids: Iterable[str],
    sources: Sources,
    *,
    under: Turn,
    since: date | None = None,
    on_progress: "Callable[[HistoryProgress], None] | None" = None,
) -> Iterator[FollowedSource]:
    """Yield the source of these records' earlier versions that the store lacks.

    A block that ends because the turn was lost ends with LeaseLostError.
    """
    with (
        under.explained(),
        sources.history(
            base_url,
            nct_ids,
            since=since,
            stored=lambda nct_id: stored_numbers(app, nct_id),
            on_progress=on_progress,
        ) as source,
    ):
        yield source


def _followed_ids(reader: Reader, source: str) -> Iterator[str]:
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
