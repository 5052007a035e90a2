"""The backfill of one record: which versions are missing, one page for each that is fetched.

``source`` iterates over the records and calls it; it sends its requests through ``requests``.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from monitor.model.record import RawVersion
from monitor.sources.base import SourcePage, SourceState
from monitor.sources.ctgov_history.requests import (
    HistoryRequests,
    MergedRecordError,
    UnknownRecordError,
    VersionResponse,
)
from monitor.sources.ctgov_history.responses import IndexEntry, UnreadableResponseError
from monitor.sources.ctgov_history.state import (
    Backfill,
    BackfillOutcome,
    numbers,
    ranges,
    read_backfill,
)
from monitor.sources.read_progress import Reading

# One odd version is a slip of the registry; three in a row mean that its answers have changed.
_MOST_IN_A_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillTask:
    """What is fetched of every record, and how it is marked; see ``HistorySource``."""

    source: str
    requests: HistoryRequests
    since: date | None
    now: Callable[[], datetime]
    stored: Callable[[str], Collection[int]]


@dataclass(slots=True, kw_only=True)
class RecordBackfill:
    """The backfill of one record.

    ``report`` is called with the number of versions that are fetched or will not come, and the
    number of those that were requested. ``unreadable_error``: of the first response that could not
    be read, if nothing else came of the record.
    """

    nct_id: str
    task: BackfillTask
    report: Callable[[int, int], None]
    _fetched: set[int] = field(default_factory=set)
    _lacking: set[int] = field(default_factory=set)
    _before: Backfill = field(default_factory=Backfill)
    _unreadable: set[int] = field(default_factory=set)
    _entries: Sequence[IndexEntry] = ()
    _has_fetched: bool = False
    unreadable_error: UnreadableResponseError | None = None

    def pages(self, source_state: SourceState) -> Iterator[SourcePage]:
        """Yield the record's pages: its versions, the newest first, and how it ended."""
        self._before = read_backfill(source_state.state(self.nct_id))
        self._fetched = numbers(self._before.fetched)
        try:
            yield from self._versions()
            end = self._final_state()
        except UnreadableResponseError as exc:
            yield self._quarantine_page(exc)
            return
        except UnknownRecordError as exc:
            end = replace(
                read_backfill(source_state.state(self.nct_id)),
                outcome=BackfillOutcome.UNKNOWN,
                message=exc.message,
            )
        except MergedRecordError as exc:
            end = replace(
                read_backfill(source_state.state(self.nct_id)),
                outcome=BackfillOutcome.MERGED,
                merged_into=exc.into,
            )
        # A backfill that is done is asked again with every round; a page that says the same again
        # would be a transaction for nothing.
        if end.as_state() != source_state.state(self.nct_id):
            yield SourcePage(subject=self.nct_id, state=end.as_state(), read=self._read_origins())

    def _versions(self) -> Iterator[SourcePage]:
        """Fetch what is missing until the index lists nothing more.

        A version that cannot be read holds up no other; UnreadableResponseError when several in a
        row are.
        """
        in_a_row = 0
        # The index is read again after each round: a record may get a version while its hundreds
        # are being fetched, half a second each.
        while missing := self._missing():
            for number in reversed(missing):
                try:
                    response = self.task.requests.version(self.nct_id, number)
                except UnreadableResponseError as exc:
                    in_a_row += 1
                    if in_a_row == _MOST_IN_A_ROW:
                        raise
                    self._unreadable.add(number)
                    yield self._quarantine_page(exc)
                    continue
                in_a_row = 0
                if response is None:
                    self._lacking.add(number)
                else:
                    self._fetched.add(number)
                    self._has_fetched = True
                    self.unreadable_error = None
                    yield self._page(number, response)
                self._report()

    def _missing(self) -> list[int]:
        """Read the index; return the numbers of the versions to fetch, ascending."""
        self._entries = self.task.requests.index(self.nct_id)
        # Should the registry take versions back, their numbers will mean others.
        # What an earlier round fetched is not fetched again, nor what came with a file.
        listed = range(len(self._entries))
        self._fetched = {*self._fetched, *self.task.stored(self.nct_id)}.intersection(listed)
        self._report()
        return [number for number in self._requested_versions() if not self._is_settled(number)]

    def _requested_versions(self) -> list[int]:
        since = self.task.since or date.min
        return [entry.version for entry in self._entries if entry.date >= since]

    def _is_settled(self, number: int) -> bool:
        return number in self._fetched or number in self._lacking or number in self._unreadable

    def _report(self) -> None:
        asked = self._requested_versions()
        self.report(sum(map(self._is_settled, asked)), len(asked))

    def _backfill(self) -> Backfill:
        return Backfill(
            count=len(self._entries),
            fetched=ranges(self._fetched),
            lacking=ranges(self._lacking),
        )

    def _final_state(self) -> Backfill:
        """Return how the record's backfill ended; what could not be read is fetched again."""
        if self._unreadable:
            return replace(self._backfill(), failed_at=self.task.now())
        return replace(self._backfill(), since=self._complete_since(), outcome=self._outcome())

    def _quarantine_page(self, exc: UnreadableResponseError) -> SourcePage:
        """Return the page that quarantines an answer; the record comes last in the next round."""
        self.unreadable_error = self.unreadable_error or (None if self._has_fetched else exc)
        now = self.task.now()
        reading = Reading(
            source=self.task.source, place=self.task.requests.url(exc.path), now=lambda: now
        )
        known = replace(self._backfill() if self._entries else self._before, failed_at=now)
        return SourcePage(
            found=(reading.unreadable(exc.body, reason=exc.what),),
            subject=self.nct_id,
            state=known.as_state(),
        )

    def _read_origins(self) -> tuple[str, ...]:
        """Return where the answer came from that no version is made of."""
        return (self.task.requests.index_url(self.nct_id),)

    def _outcome(self) -> BackfillOutcome:
        return BackfillOutcome.LACKING if self._lacking else BackfillOutcome.DONE

    def _complete_since(self) -> date | None:
        """Return since when all is fetched; None when that is all there is."""
        everything = all(self._is_settled(entry.version) for entry in self._entries)
        return None if everything else self.task.since

    def _page(self, number: int, response: VersionResponse) -> SourcePage:
        found = RawVersion(
            content=response.body,
            media="json",
            source=self.task.source,
            origin=response.url,
            retrieved_at=self.task.now(),
            registry_version=number,
        )
        return SourcePage(
            found=(found,),
            subject=self.nct_id,
            state=self._backfill().as_state(),
            cursor=f"{self.nct_id} version {number}",
            read=self._read_origins(),
            announces_new_trials=False,
        )
