"""A memory that applies pages as the store does, in plain dictionaries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from monitor.model.record import RawVersion
from monitor.model.tracking import Presence, TrackedRecord
from monitor.sources.base import SourcePage
from monitor.sources.read_progress import Unreadable

SINCE = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(slots=True)
class Stored:
    """What a source knows of its past; ``found`` is all that its pages brought, in their order."""

    name: str = "lupus"
    states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rows: dict[str, TrackedRecord] = field(default_factory=dict)
    found: list[RawVersion | Unreadable] = field(default_factory=list)
    last: SourcePage | None = None
    pages: int = 0
    unreadable: set[str] = field(default_factory=set)

    def store(self, page: SourcePage) -> None:
        """Keep a page, as one transaction would."""
        # What is kept is text in the store: only JSON comes back.
        self.states[page.subject] = msgspec.json.decode(msgspec.json.encode(page.state))
        self.found += (*page.missed, *page.found)
        self.last = page
        self.pages += 1
        assert len({sight.nct_id for sight in page.sightings}) == len(page.sightings)
        origins = {one.origin for one in page.found if isinstance(one, Unreadable)}
        for sight in page.sightings:
            refused = any(origin.endswith(sight.nct_id) for origin in origins)
            (self.unreadable.add if refused else self.unreadable.discard)(sight.nct_id)
            known = self.rows.get(sight.nct_id)
            presence, into = sight.presence, sight.merged_into
            if known and presence is Presence.UNKNOWN:
                presence, into = known.presence, known.merged_into
            self.rows[sight.nct_id] = TrackedRecord(
                source=self.name,
                nct_id=sight.nct_id,
                presence=presence,
                merged_into=into,
                pass_number=max(page.pass_number, known.pass_number if known else 0),
                since=SINCE,
            )
        for nct_id in page.untracked:
            self.rows.pop(nct_id, None)

    # --- the protocol ---------------------------------------------------------------------------
    def state(self, subject: str = "") -> Mapping[str, Any] | None:
        """Return the state that the last stored page left."""
        return self.states.get(subject)

    def tracked_records(
        self,
        *,
        after: str = "",
        limit: int = 1_000,
        unseen_in: int | None = None,
        presence: Presence | None = None,
    ) -> list[TrackedRecord]:
        """Return followed records by ascending NCT ID."""
        fitting = (
            row
            for nct_id, row in sorted(self.rows.items())
            if nct_id > after
            and (unseen_in is None or row.pass_number < unseen_in)
            and (presence is None or row.presence is presence)
        )
        return [row for row, _ in zip(fitting, range(limit), strict=False)]

    def seen_in(self, pass_number: int) -> int:
        """Return how many records the pass saw."""
        return sum(
            row.pass_number == pass_number and row.presence is Presence.SHOWN
            for row in self.rows.values()
        )

    def suspects(self) -> list[str]:
        """Return nothing: no gate stands before this memory."""
        return []

    def hold_reason(self) -> None:
        """Return nothing, likewise."""

    def unread(self) -> list[str]:
        """Return the records whose last slice was no JSON."""
        return sorted(self.unreadable)

    # --- for tests ------------------------------------------------------------------------------
    def presences(self) -> dict[str, str]:
        """Return what each followed record is known as."""
        return {
            nct_id: row.presence.value + (f" into {row.merged_into}" if row.merged_into else "")
            for nct_id, row in sorted(self.rows.items())
        }

    def contents(self) -> list[Any]:
        """Return all that was found, as JSON."""
        return [msgspec.json.decode(one.content) for one in self.found]

    def absences(self) -> list[Any]:
        """Return the absences among what was found."""
        return [
            msgspec.json.decode(one.content)
            for one in self.found
            if isinstance(one, RawVersion) and one.media == "absence"
        ]


def ids_of(found: Iterable[RawVersion | Unreadable]) -> list[str]:
    """Return the NCT IDs of the studies among what was found; "?" for one without."""
    ids = []
    for one in found:
        if isinstance(one, RawVersion) and one.media == "json":
            protocol = msgspec.json.decode(one.content).get("protocolSection", {})
            names = protocol.get("identificationModule")
            ids.append(names["nctId"] if isinstance(names, dict) else "?")
    return ids
