"""A scripted registry: trials that evolve over data days, and the known list of what changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial

from tests.registry.catalogue import Alias, Document, RegistryVersion, Study
from tests.registry.days import as_date, data_days
from tests.registry.records import withheld
from tests.registry.synthetic.draw import mix
from tests.registry.synthetic.expected import Expected, Moment, Presence, kinds_between
from tests.registry.synthetic.plan import LEAST_GAP, Life, Pace, live
from tests.registry.synthetic.writing import document
from tests.registry.world import World

_FIRST_NUMBER = 9_000_001
_MERGED_SHARE = 0.01


class Script:
    """A catalogue of synthetic trials over ``days`` data dates, and what must be reported.

    The same arguments give the same script. ``sponsor_changes`` and ``registry_changes`` are
    means per trial over the whole script. Two moments of a trial lie at least LEAST_GAP data
    days apart. Documents are made on demand; only the states' few facts are kept.
    """

    def __init__(
        self,
        *,
        trials: int = 2_000,
        days: int = 250,
        first_day: date | str = "2026-01-05",
        seed: int = 1,
        sponsor_changes: float = 5.0,
        registry_changes: float = 2.0,
    ) -> None:
        self.days: tuple[date, ...] = tuple(data_days(as_date(first_day), days))
        pace = Pace(sponsor=sponsor_changes, registry=registry_changes)
        ids = [f"NCT{_FIRST_NUMBER + number:08d}" for number in range(trials)]
        self.lives: dict[str, Life] = {
            nct_id: live(nct_id, mix(seed, number) % 10**9, self.days, pace)
            for number, nct_id in enumerate(ids)
        }
        self._merge(seed)
        self._listed = lru_cache(maxsize=4)(self._list)

    @property
    def nct_ids(self) -> tuple[str, ...]:
        """All NCT IDs that are trials at some time, ascending."""
        return tuple(self.lives)

    def world(self) -> World:
        """Return a world that serves the script, on its first data date."""
        return World(self, day=self.days[0])

    # --- what must be reported ----------------------------------------------------------------
    def expected(self, reread: Callable[[date], bool] | None = None) -> list[Expected]:
        """Return what must be reported over the whole script, by data date and NCT ID.

        Of a client that reads on every data date what was updated, and all records whatever
        their date on the days that ``reread`` holds for (None: on every one). What begins
        without a new update date is seen on the next such day, or with the next update.
        """
        found = [
            one for nct_id in self.lives for one in self.expected_of(
                nct_id, self._latest_sightings(self.lives[nct_id], reread or (lambda _: True)))
        ]  # fmt: skip
        return sorted(found, key=lambda one: (one.day, one.nct_id))

    def expected_of(self, nct_id: str, seen: Sequence[date]) -> list[Expected]:
        """Return what must be reported of a trial that is seen on these data dates only."""
        found: list[Expected] = []
        before: Moment | None = None
        for day in seen:
            _, now = self.lives[nct_id].at(day)
            if now is None or (before is None and now.presence is not Presence.SHOWN):
                continue
            kinds = kinds_between(before, now) if now is not before else ()
            if kinds:
                found.append(Expected(nct_id=nct_id, day=day, kinds=kinds, target=now.target))
            before = now
        return found

    def expected_history(self, nct_id: str, day: date) -> list[Expected]:
        """Return what the trial's registry versions up to a day must yield, one item a version.

        The past versions state neither coordinates nor what the registry found, and their
        spelling of cities is taken as it was.
        """
        versions = [
            replace(moment, facts=replace(moment.facts, shifted=(), found=0, aliases=()))
            for moment in self._versions(nct_id, day)
        ]
        found = []
        for before, after in zip([None, *versions], versions, strict=False):
            kinds = kinds_between(before, after)
            found.append(Expected(nct_id=nct_id, day=after.facts.posted, kinds=kinds))
        return found

    def _latest_sightings(self, life: Life, reread: Callable[[date], bool]) -> list[date]:
        first, last = self.days[0], self.days[-1]
        seen = {first}
        for moment in life.moments:
            if first < moment.day <= last:
                at = self.days.index(moment.day)
                again = (day for day in self.days[at:] if not moment.silent or reread(day))
                seen.update(day for day in [next(again, None)] if day)
        return sorted(seen)

    # --- the catalogue ------------------------------------------------------------------------
    def listed(self, day: date) -> Sequence[str]:
        """Return the NCT IDs of all studies that lists contain on the day, ascending."""
        return [nct_id for nct_id, _ in self._listed(day)]

    def updated(self, low: date, high: date, day: date) -> list[str]:
        """Return those whose last update was posted between the dates, in their order."""
        found = [(posted, nct_id) for nct_id, posted in self._listed(day) if low <= posted <= high]
        return [nct_id for _, nct_id in sorted(found)]

    def find(self, nct_id: str, day: date) -> Study | Alias | None:
        """Return what an NCT ID stands for on the day; None when nothing is known of it."""
        life = self.lives.get(nct_id)
        if life is None:
            return None
        index, moment = life.at(day)
        if moment is None or moment.presence is Presence.ABSENT:
            return None
        if moment.presence is Presence.ALIAS:
            return Alias(str(moment.target))
        return Study(
            nct_id=nct_id,
            posted=_posted(moment).isoformat(),
            key=(nct_id, index),
            document=partial(_document, nct_id, moment),
        )

    def history(self, nct_id: str, day: date) -> list[RegistryVersion]:
        """Return the versions of a record that exist by the day: one for each update."""
        if nct_id not in self.lives:
            return []
        return [
            RegistryVersion(number=number, document=partial(document, nct_id, moment.facts))
            for number, moment in enumerate(self._versions(nct_id, day))
        ]

    def _versions(self, nct_id: str, day: date) -> Iterator[Moment]:
        for moment in self.lives[nct_id].moments:
            if moment.day <= day and moment.presence is Presence.SHOWN and not moment.silent:
                yield moment

    def _list(self, day: date) -> tuple[tuple[str, date], ...]:
        found = []
        for nct_id, life in self.lives.items():
            _, moment = life.at(day)
            if moment and moment.presence in {Presence.SHOWN, Presence.WITHHELD}:
                found.append((nct_id, _posted(moment)))
        return tuple(found)

    # --- aliases ------------------------------------------------------------------------------
    def _merge(self, seed: int) -> None:
        """Let some trials become aliases of others, each of another one."""
        steady = [
            life for life in self.lives.values()
            if all(moment.presence is Presence.SHOWN for moment in life.moments)
            and life.moments[0].day < self.days[0]
        ]  # fmt: skip
        steady.sort(key=lambda life: mix(seed, int(life.nct_id[3:])))
        pairs = int(len(self.lives) * _MERGED_SHARE)
        for gone, kept in list(zip(steady[::2], steady[1::2], strict=False))[:pairs]:
            self._merge_one(gone, kept, seed)

    def _merge_one(self, gone: Life, kept: Life, seed: int) -> None:
        taken = [
            at for at, day in enumerate(self.days)
            if any(moment.day == day for life in (gone, kept) for moment in life.moments)
        ]  # fmt: skip
        start = mix(seed, int(gone.nct_id[3:]), 1) % len(self.days)
        for at in (*range(start, len(self.days)), *range(1, start)):
            if all(abs(at - other) >= LEAST_GAP for other in (0, *taken)):
                break
        else:
            return
        day = self.days[at]
        _, last = gone.at(day)
        _, target = kept.at(day)
        if last is None or target is None:
            return
        gone.moments = [moment for moment in gone.moments if moment.day < day]
        gone.moments.append(
            replace(last, day=day, presence=Presence.ALIAS, target=kept.nct_id, silent=True)
        )
        named = replace(target.facts, aliases=(gone.nct_id,))
        kept.insert(replace(target, day=day, facts=named, silent=True))


def _posted(moment: Moment) -> date:
    withheld_now = moment.presence is Presence.WITHHELD
    return moment.day if withheld_now else moment.facts.posted


def _document(nct_id: str, moment: Moment) -> Document:
    whole = document(nct_id, moment.facts)
    return withheld(whole, moment.day) if moment.presence is Presence.WITHHELD else whole
