"""A store, open for programs to read."""

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from monitor.api.conversion import (
    change_of,
    event_of,
    facts_of,
    point_of,
    trial_of,
    versions_of,
)
from monitor.api.types import (
    Change,
    Comparison,
    Event,
    Facts,
    Point,
    Record,
    Trial,
    Version,
    VersionChanges,
)
from monitor.app.lookups import find_trial
from monitor.app.matching import require_findable
from monitor.app.parameters import filter_of
from monitor.app.queries import all_events, all_trials
from monitor.app.series import trial_series
from monitor.app.versions import Which, find_version
from monitor.app.wiring import App
from monitor.errors import UsageError
from monitor.model.changes import Severity
from monitor.model.history import StoredVersion
from monitor.model.kind_names import kinds_of
from monitor.model.nct import normalize_nct_id
from monitor.model.queries import EventQuery, TrialQuery
from monitor.model.series import SERIES_FIELDS
from monitor.model.subscriptions import Filter

if TYPE_CHECKING:
    from monitor.store.reader import Reader

FilterValues = str | Iterable[str]


def open_store(
    url: str | None = None,
    *,
    config: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> "Store":
    """Open a store read-only; it is neither made nor changed.

    ``url``: as ``sqlite:///snapshots/monitor.db`` or ``postgresql://…``; None: the one that the
    configuration names. ``config``: a configuration file, by default the one that the commands
    read; thresholds and synonyms come from it. ``environ``: the environment, by default the
    process's. ConfigError when the configuration is wrong, StoreError when there is no such store,
    or when it is of another schema.
    """
    app = App.configured(
        Path(config) if config is not None else None,
        environ=os.environ if environ is None else environ,
    )
    return Store(app if url is None else app.with_store(url))


class Store:
    """A store as of the moment at which it was first asked; for one thread at a time.

    A context manager. An NCT ID may be written as in commands; one that a trial had before finds
    the trial. A version is meant by its number (1, 2, …), its ``version_id``, a ``date`` (as the
    registry's record stood on that day) or an aware ``datetime`` (as it was known here then).
    UsageError for what cannot be meant, NotFoundError for what is not there.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        # Entered here and left in `close`, for programs that use no `with` block. One reading for
        # all calls: their answers never describe different states of the store.
        self._stack = ExitStack()
        self._reader: Reader = self._stack.enter_context(app.reader())

    def trial(self, nct_id: str) -> Trial:
        """Return a trial as it stands now."""
        row, _ = find_trial(self._app, self._reader, normalize_nct_id(nct_id))
        return trial_of(row)

    def versions(self, nct_id: str) -> list[Version]:
        """Return all versions of a trial, oldest first."""
        return versions_of(self._history(nct_id))

    def record(self, nct_id: str, version: Which | None = None) -> Record:
        """Return the record of a trial in a version, by default the last one."""
        history = self._history(nct_id)
        at = len(history) - 1 if version is None else find_version(history, version)
        record = self._reader.record(history[at])
        return Record(
            version=versions_of(history)[at],
            complete=record.coverage.is_complete,
            study=dict(record.document),
        )

    def compare(self, nct_id: str, old: Which, new: Which) -> Comparison:
        """Return what differs between two versions of a trial, derived by the present rules."""
        row, history = find_trial(self._app, self._reader, normalize_nct_id(nct_id))
        first, last = find_version(history, old), find_version(history, new)
        one, other = history[first], history[last]
        # Not the stored events: those compare neighbors only, by the rules of their time.
        found = self._app.compare(self._reader, row, one, other) if first != last else ()
        versions = versions_of(history)
        return Comparison(
            old=versions[first], new=versions[last], changes=tuple(map(change_of, found))
        )

    def history(self, nct_id: str) -> list[VersionChanges]:
        """Return all versions of a trial with what each changed, noise too, oldest first."""
        history = self._history(nct_id)
        # By its present NCT ID: the one that was asked for may be an earlier one.
        events = self._reader.events(history[0].nct_id)
        changes: dict[int, tuple[Change, ...]] = {
            one: tuple(change_of(stored.event) for stored in found) for one, found in events.items()
        }
        return [
            VersionChanges(version=version, changes=changes.get(stored.id, ()))
            for version, stored in zip(versions_of(history), history, strict=True)
        ]

    def version(self, nct_id: str, which: Which) -> VersionChanges:
        """Return one version of a trial with what it changed, noise too."""
        history = self._history(nct_id)
        at = find_version(history, which)
        one = history[at]
        found = self._reader.events(one.nct_id, version_ids=[one.id]).get(one.id, ())
        changes = tuple(change_of(stored.event) for stored in found)
        return VersionChanges(version=versions_of(history)[at], changes=changes)

    def series(self, nct_id: str, field: str) -> list[Point]:
        """Return the values of a field over all versions, one point for each change.

        ``field``: as for ``monitor series``.
        """
        if field not in SERIES_FIELDS:
            raise UsageError(f"there is no field {field!r}; there are {', '.join(SERIES_FIELDS)}")
        wanted = [SERIES_FIELDS[field]]
        found = trial_series(self._app, self._reader, normalize_nct_id(nct_id), wanted)
        return [point_of(point) for _, points in found.fields for point in points]

    def trials(self, **filters: FilterValues) -> Iterator[Trial]:
        """Yield the trials that a filter selects as they stand now, by NCT ID; all without one.

        ``filters``: the keys of a subscription's filter (``condition``, ``country``, ``text`` …),
        and the same behind ``not_``, each with a value or several. UsageError for another key or
        a value that can match nothing.
        """
        # Page by page: a store may hold more trials than fit into memory.
        for row in all_trials(self._app, self._reader, TrialQuery(filter=self._filter(filters))):
            yield trial_of(row)

    def events(
        self,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        kinds: Iterable[str] = (),
        min_severity: str = "low",
        nct_ids: Iterable[str] = (),
        backfilled: bool = False,
        **filters: FilterValues,
    ) -> Iterator[Event]:
        """Yield the events of the trials that a filter selects as they stand now, newest first.

        ``since``/``until``: read here then or later, and before (aware). ``kinds``: kinds or groups
        of changes. ``backfilled``: history too. ``filters``: as for ``trials``. UsageError for what
        cannot be meant.
        """
        # A time without a zone would mean UTC to one reader and local time to another.
        for moment in (since, until):
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"{moment.isoformat()} has no time zone; add one, as +00:00")
        try:
            wanted, least = kinds_of(kinds), Severity(min_severity)
        except ValueError as exc:
            raise UsageError(str(exc)) from exc
        query = EventQuery(
            filter=self._filter(filters),
            # None selects all kinds; an empty set would select none.
            kinds=wanted or None,
            min_severity=least,
            since=since,
            until=until,
            nct_ids=tuple(map(normalize_nct_id, nct_ids)) or None,
            include_backfilled=backfilled,
        )
        for one in all_events(self._app, self._reader, query):
            yield event_of(one)

    def facts(self, nct_id: str) -> list[Facts]:
        """Return what each version of a trial states, oldest first."""
        history = self._history(nct_id)
        found = self._reader.facts(history[0].nct_id)
        pairs = zip(versions_of(history), found, strict=True)
        return [facts_of(version, facts) for version, (_, facts) in pairs]

    def close(self) -> None:
        """Close the store."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _filter(self, filters: Mapping[str, FilterValues]) -> Filter | None:
        values = {
            # A string is iterable, too: "lupus" would become five filters of one letter.
            key: (value,) if isinstance(value, str) else tuple(value)
            for key, value in filters.items()
        }
        trial_filter = filter_of(values)
        if trial_filter is not None:  # what can match nothing is most likely misspelled
            require_findable(self._app, self._reader, trial_filter)
        return trial_filter

    def _history(self, nct_id: str) -> Sequence[StoredVersion]:
        return find_trial(self._app, self._reader, normalize_nct_id(nct_id))[1]
