"""The gate in front of the store: what of a page is stored, and what is set aside or held.

What is suspicious is set aside until all of the pass is seen, since pages differ in size and order.
Then the source asks for it again, on pages that are ``is_final``: what is no mass goes on; what is,
is held, until it comes whole or the operator lets its cause through.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from functools import cached_property

from monitor.ingest.gate_rules import causes_of, mass_causes
from monitor.ingest.set_aside import Aside, Entry, Miss, missed_entry
from monitor.ingest.timeline_entry import Observation
from monitor.model import fields
from monitor.model.gate import GONE, Cause, GateState, Held, missing_value
from monitor.model.record import RawVersion, TrialRecord
from monitor.model.tracking import Presence, Sighting
from monitor.settings import IngestSettings
from monitor.sources.base import Page
from monitor.store.reader import Reader
from monitor.store.writer import Transaction

# A module that is renamed takes many fields along; the command that the reason names shows all.
_NAMED = 2


class GateDecision(Enum):
    """What becomes of a record; LET_THROUGH: the operator said so, whatever it lacks."""

    GOES_ON = auto()
    LET_THROUGH = auto()
    SET_ASIDE = auto()


class Gatekeeper:
    """Judges the pages of one pass over a source; made anew for every pass."""

    def __init__(
        self,
        source: str,
        reader: Callable[[], AbstractContextManager[Reader]],
        settings: IngestSettings,
    ) -> None:
        self._source = source
        self._reader = reader
        self._settings = settings
        self.aside = Aside(source, reader)
        self._asked: set[str] = set()
        self._found: set[Cause] | None = None

    # Read when it is first asked for, and once: a pass over unchanged data asks for nothing of
    # this.
    @cached_property
    def state(self) -> GateState:
        """What was held so far, as of the last stored page."""
        with self._reader() as reader:
            return GateState.from_state(reader.sources.state(GateState.kept_by(self._source)))

    @cached_property
    def accepted(self) -> dict[Cause, bool]:
        """The causes that the operator lets through, and whether silently."""
        with self._reader() as reader:
            kept = reader.sources.state(GateState.accepted_by(self._source)) or {}
        return {str(cause): bool(silent) for cause, silent in kept.items()}

    def to_ask(self) -> list[str]:
        """Return the NCT IDs to ask for before the pass ends; none twice in one run."""
        return sorted(self.aside.entries.keys() - self._asked)

    def judged(self) -> int:
        """Return how many known records the pass has judged so far, with those set aside."""
        entries, state = self.aside.entries.values(), self.state
        # No page of a pass was stored by this program yet: there is nothing to count against.
        if state.began is None:
            return len(entries)
        with self._reader() as reader:
            seen = reader.sources.seen_in(
                self._source, state.pass_number, followed_before=state.began
            )
        # What was set aside in an earlier pass and not asked for in this one has no sight in it.
        return seen + sum(one.is_known and one.pass_number != state.pass_number for one in entries)

    def masses(self) -> set[Cause]:
        """Return the causes that are held: those of a mass, and those whose hold is not over.

        They are found once, when all of the pass is seen, and hold until no record has them.
        """
        if self._found is None:
            self._found = self._find()
        return self._found & self.aside.causes

    def _find(self) -> set[Cause]:
        entries = self.aside.entries
        if not entries:
            return set()
        limits = self._settings
        found = mass_causes(
            entries.values(), self.judged(), min_records=limits.hold_min_records,
            percent=limits.hold_percent,
        )  # fmt: skip
        # What was held stays held below the threshold too: when 30 % become 15 % overnight, those
        # 15 % are still the registry's fault and no news.
        still = {one.cause for one in self.state.causes}
        return (found | still) - self.accepted.keys()

    def page(self, page: Page) -> "PageGate":
        """Return what judges a page; asks the store, so that no transaction may be open."""
        return PageGate(
            page=page,
            keeper=self,
            # Before the final pages the count is not complete, and nothing may be called a mass.
            masses=frozenset(self.masses()) if page.is_final else frozenset(),
        )

    def begin_pass(self, tx: Transaction, pass_number: int, *, at: datetime) -> None:
        """Note when the first page of a pass is stored."""
        if pass_number and pass_number != self.state.pass_number:
            self._put(tx, replace(self.state, pass_number=pass_number, began=at), at=at)

    def note_asked(self, nct_ids: Iterable[str]) -> None:
        """Note which were first missed in this load and run: to ask them once is enough."""
        self._asked.update(nct_ids)

    # --- what is held ------------------------------------------------------------------------

    def held(self) -> GateState | None:
        """Return what is held at the end of a pass; None when nothing is."""
        masses = self.masses()
        entries = self.aside.entries.items()
        held = [nct_id for nct_id, one in entries if masses.intersection(one.causes)]
        if not held:
            return None
        causes = [Held.of(cause, self.aside.having(cause)) for cause in masses]
        causes.sort(key=lambda one: (-one.count, one.cause))
        judged = self.judged()
        named = [one.words for one in causes[:_NAMED]]
        if more := len(causes) - len(named):
            named.append(f"and {more} more cause{'s' if more > 1 else ''}")
        reason = f"{len(held)} of {judged} known records are held: " + "; ".join(
            [*named, f'see `monitor source show "{self._source}"`']
        )
        return replace(
            self.state, reason=reason, records=len(held), judged=judged, causes=tuple(causes)
        )

    def nothing_held(self, *, reason: str = "") -> GateState:
        """Return the state of a source of which no record is held; ``reason``: all of it is."""
        since = self.state.since if reason else None
        return replace(self.state, reason=reason, records=0, judged=0, causes=(), since=since)

    def conclude(self, tx: Transaction, held: GateState, *, at: datetime) -> None:
        """Note what is held after a pass."""
        since = (held.since or at) if held.reason else None
        self._put(tx, replace(held, since=since), at=at)

    def _put(self, tx: Transaction, state: GateState, *, at: datetime) -> None:
        tx.sources.put_state(GateState.kept_by(self._source), "", state.as_state(), at=at)
        self.state = state


@dataclass(frozen=True, slots=True)
class Judged:
    """What a gate has judged of a page, before the transaction that goes on with it."""

    set_aside: Mapping[str, Entry]
    met: frozenset[Cause]
    silent: frozenset[str]


@dataclass(slots=True, kw_only=True)
class PageGate:
    """Judges the records of one page; ``silent``: those that are let through without a word."""

    page: Page
    keeper: Gatekeeper
    masses: frozenset[Cause]
    silent: set[str] = field(default_factory=set)
    _set_aside: dict[str, Entry] = field(default_factory=dict)
    _met: set[Cause] = field(default_factory=set)

    @property
    def judged(self) -> "Judged":
        """What was judged so far."""
        return Judged(dict(self._set_aside), frozenset(self._met), frozenset(self.silent))

    # A transaction may run several times (`derivations`): what it judged the first time would be
    # counted twice.
    def restart(self, judged: "Judged") -> None:
        """Forget what was judged since: the transaction runs anew."""
        self._set_aside.clear()
        self._set_aside.update(judged.set_aside)
        self._met.clear()
        self._met.update(judged.met)
        self.silent.clear()
        self.silent.update(judged.silent)

    def absences(self) -> Iterator[RawVersion]:
        """Yield the absences that count now: missed in an earlier load too, and no mass.

        Each is dated by the first miss.
        """
        for raw, nct_id in zip(self.page.missed, self._missed_ids, strict=True):
            entry = self.keeper.aside.entries.get(nct_id)
            day = raw.data_date or raw.retrieved_at.date()
            now = Miss(load=self.page.load, day=day, at=raw.retrieved_at)
            # The first miss dates the absence: the record was gone by then, whenever that is
            # believed.
            first = (entry and entry.miss) or now
            # "Another load" is another timestamp of `/version`. Asking the same load twice proves
            # nothing.
            is_told = self.page.is_final and first.load != now.load and GONE not in self.masses
            if is_told or self._is_accepted((GONE,), nct_id):
                yield replace(raw, data_date=first.day, retrieved_at=first.at)
            else:
                self._set_aside[nct_id] = missed_entry(
                    first, self.page.pass_number, leaves=entry is not None and entry.leaves
                )

    @property
    def _missed_ids(self) -> list[str]:
        return [raw.origin.rpartition("/")[2] for raw in self.page.missed]

    def verdict(self, seen: Observation, newest: TrialRecord | None) -> GateDecision:
        """Say what becomes of a record; ``newest``: as its last stored version has it."""
        nct_id = seen.record.nct_id
        if not self.page.is_judged and nct_id not in self.keeper.aside.entries:
            return GateDecision.GOES_ON
        # With what known records lost before it, in this pass and in earlier ones: a new record
        # that lacks the renamed module too is of the same mass.
        causes = causes_of(seen.record, newest, met=self.keeper.aside.causes | self._met)
        if not causes:
            return GateDecision.GOES_ON
        if self._is_accepted(causes, nct_id):
            return GateDecision.LET_THROUGH
        if self.page.is_final and not self.masses.intersection(causes):
            return self._beside_accepted(causes, nct_id)
        self._set_aside[nct_id] = Entry(
            causes=causes, is_known=newest is not None, pass_number=self.page.pass_number
        )
        if newest is not None:
            self._met.update(causes)
        return GateDecision.SET_ASIDE

    def _is_accepted(self, causes: Sequence[Cause], nct_id: str) -> bool:
        accepted = self.keeper.accepted
        if not all(cause in accepted for cause in causes):
            return False
        if any(accepted[cause] for cause in causes):
            self.silent.add(nct_id)
        return True

    def _beside_accepted(self, causes: Sequence[Cause], nct_id: str) -> GateDecision:
        """Say what becomes of a record that is in no mass, but may lack what was accepted too.

        It is let through with the others, whatever else it changed, if it has what every record has
        but for that.
        """
        accepted = [cause for cause in causes if cause in self.keeper.accepted]
        others = set(causes).difference(accepted)
        if not accepted or others.intersection(map(missing_value, fields.REQUIRED)):
            return GateDecision.GOES_ON
        self._is_accepted(accepted, nct_id)
        return GateDecision.LET_THROUGH

    @property
    def sights(self) -> tuple[Sighting, ...]:
        """The page's sights; of what is kept unsaid only that it was asked for."""
        # The sight would say GONE, and `monitor status` with it, a load before anybody is told.
        unsaid = {nct_id for nct_id, one in self._set_aside.items() if one.miss}
        if not unsaid:
            return self.page.sights
        return tuple(
            Sighting(nct_id=one.nct_id, presence=Presence.UNKNOWN) if one.nct_id in unsaid else one
            for one in self.page.sights
        )

    @property
    def decided(self) -> tuple[Sighting, ...]:
        """The sights of what is not set aside."""
        return tuple(one for one in self.page.sights if one.nct_id not in self._set_aside)

    @property
    def left(self) -> tuple[str, ...]:
        """What is not followed any more, as of before this page is noted.

        What the page says, but for what is yet to be decided, and what waited for its decision.
        """
        entries = self.keeper.aside.entries
        decided = (one.nct_id for one in self.decided)
        waited = [one for one in decided if one in entries and entries[one].leaves]
        return (*(one for one in self.page.left if not self._is_missed(one)), *waited)

    def _is_missed(self, nct_id: str) -> bool:
        entry = self.keeper.aside.entries.get(nct_id)
        return entry is not None and entry.miss is not None

    def note(self, tx: Transaction, *, at: datetime) -> None:
        """Note what is set aside, and what is no longer."""
        keeper, page = self.keeper, self.page
        keeper.begin_pass(tx, page.pass_number, at=at)
        entries = keeper.aside.entries
        if not (self._set_aside or entries):
            return
        left = self.left
        waiting = set(page.left).difference(left)
        leaving = {nct_id: replace(entries[nct_id], leaves=True) for nct_id in waiting}
        keeper.aside.put(tx, {**self._set_aside, **leaving}, at=at)
        keeper.aside.drop(tx, [*(one.nct_id for one in self.decided), *left])
        keeper.note_asked(
            nct_id
            for nct_id, one in self._set_aside.items()
            if one.miss and one.miss.load == page.load
        )
