"""The gate in front of the store: which records of a page are stored, suspects, or held.

A suspicious record becomes a suspect until all of the pass is seen, since pages differ in size and
order. Then the source fetches the suspects again, on pages that are ``is_final``: those whose
causes are widespread are held until they come whole or the operator accepts the cause; the others
are stored. ``page_storage`` makes a ``Gate`` for each pass, ``gate_rules`` has the rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from functools import cached_property

from monitor.ingest.gate_rules import causes_of, widespread_causes
from monitor.ingest.suspects import Miss, StoredSuspect, Suspects, missing_suspect
from monitor.ingest.timeline_entry import Observation
from monitor.model import fields
from monitor.model.gate import GONE, Cause, GateState, HeldRecords, missing_value
from monitor.model.record import RawVersion, TrialRecord
from monitor.model.tracking import Presence, Sighting
from monitor.settings import IngestSettings
from monitor.sources.base import SourcePage
from monitor.store.reader import Reader
from monitor.store.writer import Transaction

# A module that is renamed takes many fields along; the command that the reason names shows all.
_NAMED = 2


class GateDecision(Enum):
    """What becomes of a record; ACCEPT: stored whatever it lacks, as the operator decided."""

    STORE = auto()
    ACCEPT = auto()
    SUSPECT = auto()


class Gate:
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
        self.suspects = Suspects(source, reader)
        self._fetched: set[str] = set()
        self._held_causes: set[Cause] | None = None

    # Read lazily, and once: a pass over unchanged data needs none of it.
    @cached_property
    def state(self) -> GateState:
        """What was held so far, as of the last stored page."""
        with self._reader() as reader:
            return GateState.from_state(reader.sources.state(GateState.state_key(self._source)))

    @cached_property
    def accepted(self) -> dict[Cause, bool]:
        """The causes that the operator accepted, and whether silently."""
        with self._reader() as reader:
            stored = reader.sources.state(GateState.acceptance_key(self._source)) or {}
        return {str(cause): bool(silent) for cause, silent in stored.items()}

    def suspects_to_fetch(self) -> list[str]:
        """Return the NCT IDs to ask for before the pass ends; none twice in one run."""
        return sorted(self.suspects.by_nct_id.keys() - self._fetched)

    def count_judged(self) -> int:
        """Return how many known records the pass has judged so far, with the suspects."""
        entries, state = self.suspects.by_nct_id.values(), self.state
        # No page of a pass was stored by this program yet: there is nothing to count against.
        if state.began is None:
            return len(entries)
        with self._reader() as reader:
            seen = reader.sources.seen_in(
                self._source, state.pass_number, followed_before=state.began
            )
        # A suspect of an earlier pass that was not fetched in this one has no sighting in it.
        return seen + sum(one.is_known and one.pass_number != state.pass_number for one in entries)

    def held_causes(self) -> set[Cause]:
        """Return the causes that are held: the widespread ones, and those whose hold is not over.

        They are determined once, when all of the pass is seen, and last until no record has them.
        """
        if self._held_causes is None:
            self._held_causes = self._find_held_causes()
        return self._held_causes & self.suspects.causes

    def _find_held_causes(self) -> set[Cause]:
        entries = self.suspects.by_nct_id
        if not entries:
            return set()
        limits = self._settings
        found = widespread_causes(
            entries.values(), self.count_judged(), min_records=limits.hold_min_records,
            percent=limits.hold_percent,
        )  # fmt: skip
        # What was held stays held below the threshold too: when 30 % become 15 % overnight, those
        # 15 % are still the registry's fault, not changes of the trials.
        still = {one.cause for one in self.state.causes}
        return (found | still) - self.accepted.keys()

    def for_page(self, page: SourcePage) -> "PageGate":
        """Return the gate of one page; reads the store, so no transaction may be open."""
        return PageGate(
            page=page,
            gate=self,
            # Before the final pages the count is not complete, and no cause may be called
            # widespread.
            held_causes=frozenset(self.held_causes()) if page.is_final else frozenset(),
        )

    def begin_pass(self, tx: Transaction, pass_number: int, *, at: datetime) -> None:
        """Record the beginning of a pass, when its first page is stored."""
        if pass_number and pass_number != self.state.pass_number:
            self._store_state(tx, replace(self.state, pass_number=pass_number, began=at), at=at)

    def mark_fetched(self, nct_ids: Iterable[str]) -> None:
        """Record which suspects need not be fetched again before the pass ends."""
        self._fetched.update(nct_ids)

    # --- what is held ------------------------------------------------------------------------

    def held_state(self) -> GateState | None:
        """Return the state at the end of a pass; None when no record is held."""
        held_causes = self.held_causes()
        entries = self.suspects.by_nct_id.items()
        held = [nct_id for nct_id, one in entries if held_causes.intersection(one.causes)]
        if not held:
            return None
        causes = [HeldRecords.of(cause, self.suspects.with_cause(cause)) for cause in held_causes]
        causes.sort(key=lambda one: (-one.count, one.cause))
        judged = self.count_judged()
        named = [one.description for one in causes[:_NAMED]]
        if more := len(causes) - len(named):
            named.append(f"and {more} more cause{'s' if more > 1 else ''}")
        reason = f"{len(held)} of {judged} known records are held: " + "; ".join(
            [*named, f'see `monitor source show "{self._source}"`']
        )
        return replace(
            self.state, reason=reason, records=len(held), judged=judged, causes=tuple(causes)
        )

    def state_without_records(self, *, reason: str = "") -> GateState:
        """Return the state of a source of which no record is held; ``reason``: all of it is."""
        since = self.state.since if reason else None
        return replace(self.state, reason=reason, records=0, judged=0, causes=(), since=since)

    def end_pass(self, tx: Transaction, held: GateState, *, at: datetime) -> None:
        """Store what is held after a pass, and since when."""
        since = (held.since or at) if held.reason else None
        self._store_state(tx, replace(held, since=since), at=at)

    def _store_state(self, tx: Transaction, state: GateState, *, at: datetime) -> None:
        tx.sources.put_state(GateState.state_key(self._source), "", state.as_state(), at=at)
        self.state = state


@dataclass(frozen=True, slots=True)
class PageJudgment:
    """The gate's judgement of a page, before the transaction that stores it.

    ``known_causes``: what known records of the page lost.
    """

    suspects: Mapping[str, StoredSuspect]
    known_causes: frozenset[Cause]
    silent: frozenset[str]


@dataclass(slots=True, kw_only=True)
class PageGate:
    """Judges the records of one page; ``silent``: NCT IDs that are stored without an alert."""

    page: SourcePage
    gate: Gate
    held_causes: frozenset[Cause]
    silent: set[str] = field(default_factory=set)
    _suspects: dict[str, StoredSuspect] = field(default_factory=dict)
    _known_causes: set[Cause] = field(default_factory=set)

    @property
    def judgment(self) -> PageJudgment:
        """What was judged so far."""
        return PageJudgment(
            suspects=dict(self._suspects),
            known_causes=frozenset(self._known_causes),
            silent=frozenset(self.silent),
        )

    # A transaction may run several times (`derivations`): what it judged the first time would be
    # counted twice.
    def restore(self, judgment: PageJudgment) -> None:
        """Return to an earlier judgment, since the transaction runs anew."""
        self._suspects.clear()
        self._suspects.update(judgment.suspects)
        self._known_causes.clear()
        self._known_causes.update(judgment.known_causes)
        self.silent.clear()
        self.silent.update(judgment.silent)

    def absences(self) -> Iterator[RawVersion]:
        """Yield the absences that count now: missed in an earlier load too, and not held.

        Each is dated by the first miss.
        """
        for raw, nct_id in zip(self.page.missed, self._missed_ids, strict=True):
            entry = self.gate.suspects.by_nct_id.get(nct_id)
            day = raw.data_date or raw.retrieved_at.date()
            now = Miss(load=self.page.load, day=day, at=raw.retrieved_at)
            # The first miss dates the absence: the record was gone by then, whenever that is
            # believed.
            first = (entry and entry.miss) or now
            # "Another load" is another timestamp of `/version`. Asking the same load twice proves
            # nothing.
            is_confirmed = (
                self.page.is_final and first.load != now.load and GONE not in self.held_causes
            )
            if is_confirmed or self._is_accepted((GONE,), nct_id):
                yield replace(raw, data_date=first.day, retrieved_at=first.at)
            else:
                self._suspects[nct_id] = missing_suspect(
                    first, self.page.pass_number, leaves=entry is not None and entry.leaves
                )

    @property
    def _missed_ids(self) -> list[str]:
        return [raw.origin.rpartition("/")[2] for raw in self.page.missed]

    def judge(self, seen: Observation, newest: TrialRecord | None) -> GateDecision:
        """Decide what becomes of a record; ``newest``: as its last stored version has it."""
        nct_id = seen.record.nct_id
        if not self.page.is_judged and nct_id not in self.gate.suspects.by_nct_id:
            return GateDecision.STORE
        # With what known records lost before it, in this pass and in earlier ones: a new record
        # that lacks the renamed module too has the same cause.
        causes = causes_of(seen.record, newest, met=self.gate.suspects.causes | self._known_causes)
        if not causes:
            return GateDecision.STORE
        if self._is_accepted(causes, nct_id):
            return GateDecision.ACCEPT
        if self.page.is_final and not self.held_causes.intersection(causes):
            return self._accept_or_store(causes, nct_id)
        self._suspects[nct_id] = StoredSuspect(
            causes=causes, is_known=newest is not None, pass_number=self.page.pass_number
        )
        if newest is not None:
            self._known_causes.update(causes)
        return GateDecision.SUSPECT

    def _is_accepted(self, causes: Sequence[Cause], nct_id: str) -> bool:
        accepted = self.gate.accepted
        if not all(cause in accepted for cause in causes):
            return False
        if any(accepted[cause] for cause in causes):
            self.silent.add(nct_id)
        return True

    def _accept_or_store(self, causes: Sequence[Cause], nct_id: str) -> GateDecision:
        """Decide what becomes of a suspect that is not held, but may have accepted causes too.

        It is accepted with the others, whatever else it changed, if it has what every record has
        but for what was accepted.
        """
        accepted = [cause for cause in causes if cause in self.gate.accepted]
        others = set(causes).difference(accepted)
        if not accepted or others.intersection(map(missing_value, fields.REQUIRED)):
            return GateDecision.STORE
        self._is_accepted(accepted, nct_id)
        return GateDecision.ACCEPT

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """The page's sightings; of a record that is missed for the first time UNKNOWN."""
        # The sighting would say GONE, and `monitor status` with it, a load before any alert does.
        unconfirmed = {nct_id for nct_id, one in self._suspects.items() if one.miss}
        if not unconfirmed:
            return self.page.sightings
        return tuple(
            Sighting(nct_id=one.nct_id, presence=Presence.UNKNOWN)
            if one.nct_id in unconfirmed
            else one
            for one in self.page.sightings
        )

    @property
    def decided_sightings(self) -> tuple[Sighting, ...]:
        """The sightings of the records that are not suspects."""
        return tuple(one for one in self.page.sightings if one.nct_id not in self._suspects)

    @property
    def untracked(self) -> tuple[str, ...]:
        """The records that are not followed any more, as of before this page is stored.

        Those that the page names, but for those yet to be decided, and those that waited for that.
        """
        entries = self.gate.suspects.by_nct_id
        decided = (one.nct_id for one in self.decided_sightings)
        waited = [one for one in decided if one in entries and entries[one].leaves]
        return (*(one for one in self.page.untracked if not self._is_missed(one)), *waited)

    def _is_missed(self, nct_id: str) -> bool:
        entry = self.gate.suspects.by_nct_id.get(nct_id)
        return entry is not None and entry.miss is not None

    def store(self, tx: Transaction, *, at: datetime) -> None:
        """Store which records became suspects, and which are none any more."""
        gate, page = self.gate, self.page
        gate.begin_pass(tx, page.pass_number, at=at)
        entries = gate.suspects.by_nct_id
        if not (self._suspects or entries):
            return
        untracked = self.untracked
        waiting = set(page.untracked).difference(untracked)
        leaving = {nct_id: replace(entries[nct_id], leaves=True) for nct_id in waiting}
        gate.suspects.store(tx, {**self._suspects, **leaving}, at=at)
        gate.suspects.remove(tx, [*(one.nct_id for one in self.decided_sightings), *untracked])
        gate.mark_fetched(
            nct_id
            for nct_id, one in self._suspects.items()
            if one.miss and one.miss.load == page.load
        )
