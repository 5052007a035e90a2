"""One pass over the registry: what all its stages share.

A stage requests through ``walk`` and yields through ``emit_page``; both check that the data stay
the same (docs/decisions/2026-11-22-pages-and-legs.md).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitor.errors import HeldError, SourceError
from monitor.model.record import RawVersion
from monitor.model.tracking import Sighting, TrackedRecord
from monitor.settings import CtgovSourceSettings
from monitor.sources.base import SourcePage, SourceState
from monitor.sources.ctgov.checkpoint import Checkpoint, Finished, PassProgress, finish, since
from monitor.sources.ctgov.membership import Membership, Memberships
from monitor.sources.ctgov.query import search_parameters
from monitor.sources.ctgov.registry import STUDIES, Registry, StudiesResponse, TokenRefusedError
from monitor.sources.ctgov.studies import Study
from monitor.sources.read_progress import Reading, Unreadable

# A token that comes again and again leads in a circle: the walk ends, and the count tells what is
# missing.
_USES_OF_A_TOKEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Sizes of requests.

    ``page``: studies in an answer (API v2 gives 1,000 at most). ``batch``: IDs in a request, so
    that its URL is taken everywhere. ``check``: pages between two questions for the version.
    """

    # A page is held as long as it is stored, and twice while it is cut: 1,000 studies take some
    # 30 MB more at the peak (docs/benchmarks.md). More than 1,000 is cut down to them with status
    # 200 and no word of it. 200 IDs make a URL of some 2,800 characters, and many servers and
    # proxies refuse one of more than 8,000.
    page: int = 500
    batch: int = 200
    check: int = 20


OnCrawlEvent = Callable[[str, Mapping[str, object]], None]
"""Called with what happens besides pages: a constant name and its facts, for a log."""


class DataMovedError(SourceError):
    """Another data load is served than the one that the pass reads."""

    def __init__(self, timestamp: str) -> None:
        super().__init__(f"the registry's data moved to {timestamp} while they were being read")
        self.timestamp = timestamp


class Crawl:
    """One pass: where it is (``at``), what it follows, and what its stages share.

    ``deferred_before``: the records that it had deferred when it was broken off. ``is_final``: it
    fetches the gate's suspects.
    """

    def __init__(
        self,
        *,
        following: CtgovSourceSettings,
        registry: Registry,
        source_state: SourceState,
        finished: Finished | None,
        at: PassProgress,
        sizes: Sizes,
        on_step: OnCrawlEvent,
    ) -> None:
        self.following = following
        self.registry = registry
        self.source_state = source_state
        self.at = at
        self.deferred_before = at.aside
        self.is_final = False
        self.sizes = sizes
        self.memberships = Memberships(following, finished, source_state)
        self._finished = finished
        self._on_step = on_step
        self._failure: SourceError | None = None
        self._stamps = {at.data_date.isoformat()}

    def report(self, event: str, **facts: object) -> None:
        """Report an event of the pass, for the log."""
        self._on_step(event, {"source": self.following.name, "pass": self.at.number, **facts})

    def advance(self, **changed: Any) -> None:
        """Move the progress; it is stored with the next page."""
        self.at = replace(self.at, **changed)

    # --- requests -----------------------------------------------------------------------------
    def restrict_to_updates(self, search: Mapping[str, str]) -> dict[str, str]:
        """Return the search for updates since the cursor; as it is when all is read again."""
        day = None if self.at.reread else since(self._finished)
        if day is None:
            return dict(search)
        # Not all that changes bears a new date (status UNKNOWN, coordinates): a reread finds the
        # rest. The user's own expression is put into brackets, or an OR in it would let everything
        # through.
        updated = f"AREA[LastUpdatePostDate]RANGE[{day},MAX]"
        own = search.get("filter.advanced")
        return {**search, "filter.advanced": f"({own}) AND {updated}" if own else updated}

    def walk(
        self, search: Mapping[str, str], token: str | None = None
    ) -> Iterator[StudiesResponse]:
        """Yield the pages of a search from a token on.

        Ends before the last page when a token is refused or handed out again and again. Raises
        as ``check_load_date``.
        """
        uses: Counter[str] = Counter()
        while True:
            try:
                response = self.registry.studies(search, token)
            except TokenRefusedError as exc:
                self.check_data()
                self.report("page_token_refused", reason=str(exc), page=self.at.page + 1)
                return
            self.check_load_date(response.page.studies)
            token = response.page.token
            yield response
            del response  # or a page's bytes would stay while the next one is fetched
            if token is None:
                return
            uses[token] += 1
            if uses[token] > _USES_OF_A_TOKEN:
                self.report("page_token_repeated", page=self.at.page)
                return

    def check_load_date(self, studies: Sequence[Study]) -> None:
        """Check the load date of studies; DataMovedError when the registry's data moved.

        The version endpoint decides: a stamp that differs for another reason stops nothing.
        """
        # Every study bears the date of the load that it was served from. A server of the registry
        # that was switched to the next load in the middle of a pass is seen here first.
        strange = {one.loaded for one in studies if one.loaded} - self._stamps
        if strange:
            self.check_data()
            self._stamps |= strange
            self.report("other_data_date", dates=sorted(strange))

    def check_data(self) -> None:
        """Raise DataMovedError when the registry's data are not those of the pass any more."""
        timestamp = self.registry.version()
        if timestamp != self.at.timestamp:
            raise DataMovedError(timestamp)

    def tracked_record(self, nct_id: str) -> TrackedRecord | None:
        """Return the tracked record of an NCT ID; None when it was never followed."""
        # The protocol lists the records behind an ID, so one record is read by the ID just before
        # it.
        before = f"NCT{int(nct_id[3:]) - 1:08d}"
        rows = self.source_state.tracked_records(after=before, limit=1)
        return rows[0] if rows and rows[0].nct_id == nct_id else None

    # --- pages --------------------------------------------------------------------------------
    def emit_page(
        self,
        studies: Sequence[Study],
        *,
        membership: Membership,
        retrieved_at: datetime,
        origin: str | None = None,
        absences: Sequence[RawVersion] = (),
        missed: Sequence[RawVersion] = (),
        sights: Sequence[Sighting] = (),
        **progress: Any,
    ) -> Iterator[SourcePage]:
        """Yield a page of what was found, with the progress that the pass then has.

        ``membership``: of what was requested; ``absences`` count at once, those of what was
        ``missed`` when the gate says so. Every ``sizes.check`` pages the version is requested after
        it.
        """
        page = self.at.page + 1
        self.advance(page=page, newest=self._newest(studies), **progress)
        shown = dict.fromkeys(one.nct_id for one in studies if one.nct_id)
        found = [self._to_item(one, origin or _origin(one), retrieved_at) for one in studies]
        seen = (*sights, *(Sighting(nct_id=nct_id) for nct_id in shown))
        yield SourcePage(
            found=(*absences, *found),
            # A record that is no longer to be followed must stay unseen until then: so it is found.
            sightings=() if membership is Membership.LEAVING and not self.is_final else seen,
            pass_number=self.at.number,
            state=self._checkpoint().as_state(),
            announces_new_trials=membership is Membership.STAYING,
            total=self._total(),
            missed=tuple(missed),
            is_judged=membership is Membership.STAYING,
            is_final=self.is_final,
            load=self.at.timestamp,
        )
        if unnamed := sum(one.nct_id is None for one in studies):
            self.report("records_without_id", count=unnamed, page=page)
        if page % self.sizes.check == 0:
            self.check_data()

    def _to_item(self, one: Study, place: str, retrieved_at: datetime) -> RawVersion | Unreadable:
        reading = Reading(source=self.following.name, place=place, now=lambda: retrieved_at)
        if one.problem is None:
            return reading.version(one.content, is_whole=True)
        return reading.unreadable(one.content, reason=one.problem)

    def emit_untracked(self, nct_ids: Sequence[str]) -> SourcePage:
        """Return a page that stops following records."""
        self.advance(page=self.at.page + 1)
        return SourcePage(
            untracked=tuple(nct_ids),
            pass_number=self.at.number,
            state=self._checkpoint().as_state(),
        )

    def defer(self, nct_id: str, why: SourceError, left: tuple[str, ...]) -> SourcePage:
        """Return a page that leaves a record for later; ``left`` are still absent.

        ``retry_failed`` fetches it in the next pass, and ``end`` raises ``why``. A record that is
        no longer to be followed is not fetched again, and fails no pass.
        """
        self.report("record_deferred", nct_id=nct_id, reason=str(why))
        if self.memberships.of(nct_id) is Membership.LEAVING:
            self.advance(absent=left)
        else:
            self._failure = self._failure or why
            self.advance(absent=left, aside=(*self.at.aside, nct_id))
        self.advance(page=self.at.page + 1)
        return SourcePage(pass_number=self.at.number, state=self._checkpoint().as_state())

    def end(self) -> Iterator[SourcePage]:
        """Yield the page that finishes the pass, if the data are still the same.

        HeldError is raised instead when the gate holds something, then the first of the failures
        that concerned one record alone.
        """
        # The last question counts most: were the data replaced during the last pages, a finished
        # pass would say that it has read the new load.
        self.check_data()
        if held := self.source_state.hold_reason():
            raise HeldError(held)
        if self._failure is not None:
            raise self._failure
        finished = finish(self.at, self.following, self._finished)
        yield SourcePage(
            pass_number=self.at.number,
            state=Checkpoint(number=self.at.number, finished=finished).as_state(),
            data_timestamp=finished.timestamp,
            cursor=finished.cursor,
        )

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(number=self.at.number, finished=self._finished, current=self.at)

    def _newest(self, studies: Sequence[Study]) -> str | None:
        """Return the latest update so far; a date beyond the data's own is a typing error."""
        # A date ahead of the load would put the cursor there, and the next questions would find
        # nothing.
        posted = [one.posted for one in studies if one.posted and one.posted <= self.at.data_date]
        latest = max(posted).isoformat() if posted else None
        return max(filter(None, (latest, self.at.newest)), default=None)

    def _total(self) -> int | None:
        if search_parameters(self.following) is None:
            return len(self.following.nct_ids)
        return None if self.at.total is None else self.at.total + len(self.following.nct_ids)


def _origin(one: Study) -> str:
    """Return the origin of a study of a list: the same one on whatever page it came."""
    return f"{STUDIES}/{one.nct_id}" if one.nct_id else f"{STUDIES}, without an NCT ID"
