"""The ``ctgov_history`` source: fetches the earlier versions of records, the newest first.

Newest first, because ingest marks as backfilled what comes after a later version of the same
trial: so no version but a trial's newest can send alerts, whether or not the store has
the trial already. And a backfill that is cut off leaves out the early years, not the present.

A version whose results the registry's review did not let through (``reviewNotPassed``) is
fetched like any other: its number counts, and the answer holds what is public of it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from monitor.errors import SourceError
from monitor.model.nct import normalize_nct_id
from monitor.sources.base import SourcePage, SourceState
from monitor.sources.ctgov_history.record import BackfillTask, RecordBackfill
from monitor.sources.ctgov_history.requests import HistoryRequests
from monitor.sources.ctgov_history.state import read_backfill
from monitor.sources.http import (
    BusyError,
    Client,
    HttpStatusError,
    StoppedError,
    TlsError,
    UnreachableError,
)

_MOST_IN_A_ROW = 3
_OF_ALL = (403, 429)  # refused, or asking too often: so it would be with any record


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryProgress:
    """How far a backfill is.

    ``trials_done`` of ``trials_total`` IDs are finished. Of the ``versions_total`` versions of
    ``nct_id`` that were requested, ``versions_done`` are fetched (now or before) or will not
    come; ``versions_total`` may grow when the index is read again.
    """

    nct_id: str
    trials_done: int
    trials_total: int
    versions_done: int
    versions_total: int


OnHistoryProgress = Callable[[HistoryProgress], None]


def _nothing(nct_id: str) -> Collection[int]:
    del nct_id
    return ()


class HistorySource:
    """The past of records; a FollowedSource each of whose pages is one version of one record.

    ``client`` asks the registry, with ``pace=HISTORY_PACE``: one request in flight, spaced.
    ``nct_ids``: in this order, each once; UsageError for what is none. ``since``: only versions
    that the registry dates on or after it; a later pass without it fetches the others. ``now``
    gives an aware time. ``stored`` tells which version numbers of a record the store has from
    elsewhere; they are not fetched. ``on_progress`` is called when a record's index is read,
    when a version is stored, and when a record is finished.
    """

    def __init__(
        self,
        name: str,
        client: Client,
        *,
        nct_ids: Iterable[str],
        since: date | None = None,
        now: Callable[[], datetime],
        on_progress: OnHistoryProgress | None = None,
        stored: Callable[[str], Collection[int]] = _nothing,
    ) -> None:
        self._name = name
        self._client = client
        self._nct_ids = tuple(dict.fromkeys(normalize_nct_id(nct_id) for nct_id in nct_ids))
        self._since = since
        self._now = now
        self._on_progress = on_progress
        self._stored = stored

    @property
    def name(self) -> str:
        """What the versions of this source are marked with."""
        return self._name

    def pages(self, source_state: SourceState) -> Iterator[SourcePage]:
        """Yield one page for each version that was not yet fetched, and one for each outcome.

        The subject of a page is the NCT ID, its state that of a ``Backfill``. Of each ID the
        index is requested; an ID that the registry does not know, or that has become an alias,
        is noted in its state and passed over. An answer that cannot be read is quarantined, and
        asked for again in the next pass; UnreadableResponseError when some records in a row have no
        other. SourceError when the registry cannot be asked; where that may be the fault of one
        record, the others are asked for first, unless some fail in a row.
        """
        failures: list[SourceError] = []
        in_a_row = 0
        task = BackfillTask(
            source=self._name,
            requests=HistoryRequests(self._client),
            since=self._since,
            now=self._now,
            stored=self._stored,
        )
        if self._nct_ids:
            task.requests.warm_up()
        for done, nct_id in enumerate(self._nct_ids):
            meter = _ProgressMeter(nct_id, done, len(self._nct_ids), self._on_progress)
            record = RecordBackfill(nct_id=nct_id, task=task, report=meter.count)
            try:
                yield from record.pages(source_state)
            except SourceError as exc:
                if not _may_be_of_one_record(exc):
                    raise
                failures.append(exc)
                yield self._defer(nct_id, source_state)
                in_a_row += 1
                if in_a_row == _MOST_IN_A_ROW:
                    break
            else:
                in_a_row = in_a_row + 1 if record.unreadable_error else 0
                if record.unreadable_error and in_a_row == _MOST_IN_A_ROW:
                    raise record.unreadable_error
                meter.finish()
        if failures:
            raise failures[0]

    def _defer(self, nct_id: str, source_state: SourceState) -> SourcePage:
        known = replace(read_backfill(source_state.state(nct_id)), failed_at=self._now())
        return SourcePage(subject=nct_id, state=known.as_state())


def _may_be_of_one_record(error: SourceError) -> bool:
    """Return whether the registry may well answer when it is asked for another record."""
    if isinstance(error, HttpStatusError):
        # A 5xx that was tried again to the end is a BusyError, and may be one record's fault;
        # otherwise the host has asked for a long pause (HostClosedError), for whatever record.
        asks_to_wait = error.status >= 500 and not isinstance(error, BusyError)
        return error.status not in _OF_ALL and not asks_to_wait
    whole = (StoppedError, UnreachableError, TlsError)
    return not isinstance(error, whole)


class _ProgressMeter:
    """Reports the progress of the backfill while one record is under way."""

    def __init__(
        self,
        nct_id: str,
        trials_done: int,
        trials_total: int,
        on_progress: OnHistoryProgress | None,
    ) -> None:
        self._nct_id = nct_id
        self._trials = (trials_done, trials_total)
        self._versions = (0, 0)
        self._on_progress = on_progress

    def count(self, done: int, total: int) -> None:
        self._versions = (done, total)
        self._report(self._trials[0])

    def finish(self) -> None:
        self._report(self._trials[0] + 1)

    def _report(self, trials_done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(
                HistoryProgress(
                    nct_id=self._nct_id,
                    trials_done=trials_done,
                    trials_total=self._trials[1],
                    versions_done=self._versions[0],
                    versions_total=self._versions[1],
                )
            )
