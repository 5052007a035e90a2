"""The backfill of one record: which versions are missing, one page for each that is fetched.

``source`` goes through the records, ``requests`` asks; here it is decided what is asked for next.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from monitor.model.record import RawVersion
from monitor.sources.base import Page, SourceState
from monitor.sources.ctgov_history.requests import (
    Fetched,
    HistoryRequests,
    MergedRecordError,
    UnknownRecordError,
)
from monitor.sources.ctgov_history.responses import IndexEntry, OddAnswerError
from monitor.sources.ctgov_history.state import (
    Backfill,
    BackfillOutcome,
    backfill_of,
    numbers,
    ranges,
)
from monitor.sources.read_progress import Reading

# One odd version is a slip of the registry; three in a row mean that its answers have changed.
_MOST_IN_A_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is wanted of every record, and how it is marked; see ``HistorySource``."""

    source: str
    asking: HistoryRequests
    since: date | None
    now: Callable[[], datetime]
    stored: Callable[[str], Collection[int]]


@dataclass(slots=True, kw_only=True)
class Record:
    """One record on its way through a backfill.

    ``tell`` is called with the number of versions that are fetched or will not come, and the
    number of those that were asked for. ``odd``: the first of its answers that cannot be read, if
    nothing else came of the record.
    """

    nct_id: str
    task: Task
    tell: Callable[[int, int], None]
    _fetched: set[int] = field(default_factory=set)
    _refused: set[int] = field(default_factory=set)
    _known: Backfill = field(default_factory=Backfill)
    _odd: set[int] = field(default_factory=set)
    _entries: Sequence[IndexEntry] = ()
    _came: bool = False
    odd: OddAnswerError | None = None

    def pages(self, memory: SourceState) -> Iterator[Page]:
        """Yield the record's pages: its versions, the newest first, and how it ended."""
        self._known = backfill_of(memory.state(self.nct_id))
        self._fetched = numbers(self._known.fetched)
        try:
            yield from self._versions()
            end = self._ended()
        except OddAnswerError as exc:
            yield self._unreadable(exc)
            return
        except UnknownRecordError as exc:
            end = replace(
                backfill_of(memory.state(self.nct_id)),
                outcome=BackfillOutcome.UNKNOWN,
                said=exc.said,
            )
        except MergedRecordError as exc:
            end = replace(
                backfill_of(memory.state(self.nct_id)),
                outcome=BackfillOutcome.MERGED,
                merged_into=exc.into,
            )
        # A backfill that is done is asked again with every round; a page that says the same again
        # would be a transaction for nothing.
        if end.as_state() != memory.state(self.nct_id):
            yield Page(subject=self.nct_id, state=end.as_state(), read=self._read())

    def _versions(self) -> Iterator[Page]:
        """Fetch what is missing until the index lists nothing more.

        A version that cannot be read holds up no other; OddAnswerError when several in a row are.
        """
        in_a_row = 0
        # The index is read again after each round: a record may get a version while its hundreds
        # are being fetched, half a second each.
        while missing := self._missing():
            for number in reversed(missing):
                try:
                    answer = self.task.asking.version(self.nct_id, number)
                except OddAnswerError as exc:
                    in_a_row += 1
                    if in_a_row == _MOST_IN_A_ROW:
                        raise
                    self._odd.add(number)
                    yield self._unreadable(exc)
                    continue
                in_a_row = 0
                if answer is None:
                    self._refused.add(number)
                else:
                    self._fetched.add(number)
                    self._came = True
                    self.odd = None
                    yield self._page(number, answer)
                self._tell()

    def _missing(self) -> list[int]:
        """Read the index; return the numbers of the versions to fetch, ascending."""
        self._entries = self.task.asking.index(self.nct_id)
        # Should the registry take versions back, their numbers will mean others.
        # What an earlier round fetched is not fetched again, nor what came with a file.
        listed = range(len(self._entries))
        self._fetched = {*self._fetched, *self.task.stored(self.nct_id)}.intersection(listed)
        self._tell()
        return [number for number in self._asked() if not self._is_over(number)]

    def _asked(self) -> list[int]:
        since = self.task.since or date.min
        return [entry.version for entry in self._entries if entry.date >= since]

    def _is_over(self, number: int) -> bool:
        return number in self._fetched or number in self._refused or number in self._odd

    def _tell(self) -> None:
        asked = self._asked()
        self.tell(sum(map(self._is_over, asked)), len(asked))

    def _backfill(self) -> Backfill:
        return Backfill(
            count=len(self._entries),
            fetched=ranges(self._fetched),
            lacking=ranges(self._refused),
        )

    def _ended(self) -> Backfill:
        """Return how the record's backfill ended; what could not be read is asked for again."""
        if self._odd:
            return replace(self._backfill(), failed_at=self.task.now())
        return replace(self._backfill(), since=self._left_out(), outcome=self._outcome())

    def _unreadable(self, exc: OddAnswerError) -> Page:
        """Return the page that quarantines an answer; the record comes last in the next round."""
        self.odd = self.odd or (None if self._came else exc)
        now = self.task.now()
        reading = Reading(
            source=self.task.source, place=self.task.asking.url(exc.path), now=lambda: now
        )
        known = replace(self._backfill() if self._entries else self._known, failed_at=now)
        return Page(
            found=(reading.refusal(exc.body, reason=exc.what),),
            subject=self.nct_id,
            state=known.as_state(),
        )

    def _read(self) -> tuple[str, ...]:
        """Return where the answer came from that no version is made of."""
        return (self.task.asking.index_url(self.nct_id),)

    def _outcome(self) -> BackfillOutcome:
        return BackfillOutcome.LACKING if self._refused else BackfillOutcome.DONE

    def _left_out(self) -> date | None:
        """Return since when all is fetched; None when that is all there is."""
        everything = all(self._is_over(entry.version) for entry in self._entries)
        return None if everything else self.task.since

    def _page(self, number: int, answer: Fetched) -> Page:
        found = RawVersion(
            content=answer.body,
            media="json",
            source=self.task.source,
            origin=answer.url,
            retrieved_at=self.task.now(),
            registry_version=number,
        )
        return Page(
            found=(found,),
            subject=self.nct_id,
            state=self._backfill().as_state(),
            cursor=f"{self.nct_id} version {number}",
            read=self._read(),
            announces_new_trials=False,
        )
