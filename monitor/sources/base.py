"""The contract of a followed source; files are read by ``files.read_paths``.

``monitor.ingest.page_storage`` takes the pages of a pass one after the other and stores each
(docs/decisions/2026-11-22-pages-and-legs.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from monitor.model.record import RawVersion
from monitor.model.tracking import Presence, Sighting, TrackedRecord
from monitor.sources.read_progress import Limits, ReadProgress, Unreadable

__all__ = [
    "FollowedSource",
    "Limits",
    "ReadProgress",
    "SourcePage",
    "SourceState",
    "State",
    "Unreadable",
]

State = Mapping[str, Any]
"""What a source keeps between pages: an object of JSON that only the source understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """What one answer of a followed source brought; stored in one transaction.

    ``state`` replaces the source's state for ``subject`` ("" for the source as a whole, an NCT
    ID for one record's backfill): after a crash the source goes on from there. A page may bring
    only a state. ``sightings`` are noted as of pass ``pass_number``. ``untracked``: records that
    are not followed any more, once the gate has decided about them; what is stored of them stays.
    ``announces_new_trials`` False: the source only begins to follow what the page brings, so the
    first version of a trial sends no alert. ``data_timestamp`` and ``cursor`` (both for
    people and for ``status``) are None where they stay as they were. ``total``: how many records
    the whole pass is expected to bring, where the source says so. ``missed``: absences of records
    that were there so far; they count once the gate says so. ``is_judged``: the records are the
    newest of what is followed on, requested whole, and the gate judges them; ``is_final``: they
    were suspects before, and all else of the pass is stored. ``load``: which of the registry's data
    the page shows. ``read``: the origins of answers that were read and of which nothing is found.
    """

    found: tuple[RawVersion | Unreadable, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    untracked: tuple[str, ...] = ()
    # Example: a new search that finds 5,000 trials must not send 5,000 alerts of registrations.
    announces_new_trials: bool = True
    pass_number: int = 0
    subject: str = ""
    state: State
    data_timestamp: str | None = None
    cursor: str | None = None
    total: int | None = None
    missed: tuple[RawVersion, ...] = ()
    is_judged: bool = False
    is_final: bool = False
    load: str = ""
    read: tuple[str, ...] = ()


# Sources never see the store: these methods are all that they may call of it, so a test can give
# each of them a dictionary.
class SourceState(Protocol):
    """What a source may read about its own past; all is as of the last stored page."""

    def state(self, subject: str = "") -> State | None:
        """Return the state that the last stored page of the subject left; None before any."""
        ...

    def tracked_records(
        self,
        *,
        after: str = "",
        limit: int = 1_000,
        unseen_in: int | None = None,
        presence: Presence | None = None,
    ) -> list[TrackedRecord]:
        """Return followed records by ascending NCT ID, those behind ``after``.

        ``unseen_in``: only those whose last pass is before that number; ``presence``: only
        those shown so.
        """
        ...

    def seen_in(self, pass_number: int) -> int:
        """Return how many followed records were last noted in that pass as SHOWN."""
        ...

    def suspects(self) -> list[str]:
        """Return the NCT IDs of the gate's suspects; they are fetched before the pass ends."""
        ...

    def hold_reason(self) -> str | None:
        """Return why records are held once all of the pass is seen; None when none is."""
        ...

    def unread(self) -> list[str]:
        """Return the NCT IDs of the followed records that could not be read when last seen."""
        ...


class FollowedSource(Protocol):
    """A source that is polled and continues from where it was."""

    @property
    def name(self) -> str:
        """What the versions of this source are marked with."""
        ...

    # A generator, because a pass may take an hour: what came is stored while the rest is still to
    # be fetched, and a kill loses one page at most.
    def pages(self, source_state: SourceState) -> Iterator[SourcePage]:
        """Yield one pass, page by page; each must be stored before the next is asked for.

        SourceError when the source cannot be read; what was yielded before stays stored. A
        pass in which nothing changed may yield nothing.
        """
        ...
