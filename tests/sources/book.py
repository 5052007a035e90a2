"""A memory that keeps pages as the store does: each is stored before the next is asked for."""

import json
from collections.abc import Iterator
from itertools import islice

from monitor.model.record import RawVersion
from monitor.model.tracking import Presence, TrackedRecord
from monitor.sources.base import FollowedSource, SourcePage, State, Unreadable


class Book:
    """What was stored of a source; the Memory of its next pass."""

    def __init__(self) -> None:
        self.pages: list[SourcePage] = []
        self._states: dict[str, str] = {}

    def state(self, subject: str = "") -> State | None:
        """Return the last stored state of the subject."""
        kept = self._states.get(subject)
        return None if kept is None else dict(json.loads(kept))

    def tracked_records(
        self,
        *,
        after: str = "",
        limit: int = 1_000,
        unseen_in: int | None = None,
        presence: Presence | None = None,
    ) -> list[TrackedRecord]:
        """Return nothing: this source follows no records."""
        del after, limit, unseen_in, presence
        return []

    def seen_in(self, pass_number: int) -> int:
        """Return 0: this source follows no records."""
        del pass_number
        return 0

    def suspects(self) -> list[str]:
        """Return nothing: no gate stands before this memory."""
        return []

    def hold_reason(self) -> None:
        """Return nothing, likewise."""

    def unread(self) -> list[str]:
        """Return nothing: this source follows no records."""
        return []

    def store(self, page: SourcePage) -> None:
        """Store a page; its state goes through JSON."""
        self.pages.append(page)
        self._states[page.subject] = json.dumps(page.state)

    def run(self, source: FollowedSource, *, pages: int | None = None) -> list[SourcePage]:
        """Store a pass, or only its first pages; return what was stored."""
        before = len(self.pages)
        for page in islice(source.pages(self), pages):
            self.store(page)
        return self.pages[before:]

    def found(self) -> Iterator[RawVersion]:
        """Yield the versions of all stored pages."""
        for page in self.pages:
            yield from (one for one in page.found if isinstance(one, RawVersion))

    def refusals(self) -> list[Unreadable]:
        """Return what could not be read, of all stored pages."""
        return [one for page in self.pages for one in page.found if isinstance(one, Unreadable)]

    def numbers(self) -> list[int | None]:
        """Return the version numbers in the order in which they were stored."""
        return [one.registry_version for one in self.found()]
