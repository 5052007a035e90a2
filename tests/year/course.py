"""The course of a scripted year: day after day, fault after fault, kill after kill."""

import random
import time
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from monitor.errors import StoreError
from monitor.model.messages import MessageState
from monitor.model.tracking import SourceRow
from monitor.store.reader import Reader, open_reader
from tests.registry import Fault, Replica, ReplicaServer
from tests.registry.synthetic import Script
from tests.registry.synthetic.expected import Presence
from tests.year.faults import inject_faults, mislead
from tests.year.followers import YearFollower
from tests.year.holding import hold_load, hold_records
from tests.year.ledger import Ledger
from tests.year.masses import ACCEPTED, AHEAD, Masses, masses
from tests.year.mishaps import PlannedBackup, back_up, excursion, outage, restore
from tests.year.outcome import YearOutcome, named, outcome
from tests.year.plan import SOURCE, SOURCES, YearPlan, configuration
from tests.year.receiver import ChangeReceiver, YearReceipt
from tests.year.spells import ODD_HISTORIES, Spells, spells

Say = Callable[[int, date, "Year"], None]
_FIRST_DAY = "2025-01-06"  # long ago: the registry is not ahead of the clock
_LOOK_S = 0.02
_MISLED_EVERY = 10
_ODD = len(ODD_HISTORIES)
_WATCHED_EVERY = 25
_HISTORY_DAYS, _RESTORED_AFTER = 2, 3
_AFTER_REQUESTS, _WITHIN_S, _SOONEST_S, _LATEST_S = 14, 0.25, 2.5, 4.0
_UNDER_WAY = {MessageState.WAITING, MessageState.SENDING}


@dataclass(slots=True, kw_only=True)
class Year:
    """A year under way: the registry, who follows it, who is told, and what is known so far.

    ``read``: the data days that the store has read whole; ``reread``: those on which all was
    read; ``lost``: those that a restored backup does not know, with the day of the restore;
    ``reported``: those of which all was told, lost ones too. ``mishaps``: what befell the monitor.
    ``noticed``: records that were in the quarantine.
    """

    plan: YearPlan
    folder: Path
    script: Script
    replica: Replica
    receiver: ChangeReceiver
    masses: Masses
    base_url: str
    make: Callable[[Path], YearFollower]
    read: set[date] = field(default_factory=set)
    reread: set[date] = field(default_factory=set)
    lost: dict[date, date] = field(default_factory=dict)
    reported: set[date] = field(default_factory=set)
    mishaps: Counter[str] = field(default_factory=Counter)
    noticed: set[str] = field(default_factory=set)
    ledger: Ledger = field(default_factory=Ledger)
    watched: list[str] = field(init=False)
    pasts: list[str] = field(init=False)
    spells: Spells = field(init=False)
    follower: YearFollower = field(init=False)
    draw: random.Random = field(init=False)
    _received: int = 0

    def __post_init__(self) -> None:
        self.draw = random.Random(self.plan.seed)  # noqa: S311 - a plan, no secret
        self.watched = watched(self.script)
        self.pasts = pasts(self.script, self.plan.histories, self.watched)
        self.spells = Spells(
            all=spells(
                self.script,
                self.plan.spells,
                draw=self.draw,
                by_id=[*self.watched, *self.pasts[_ODD:]],
                apart=self.pasts[:_ODD],
                kinds=self.plan.kinds,
                busy=self.masses.days(),
                daily=self.plan.daily,
            ),
            histories=tuple(self.pasts[:_ODD]),
        )
        self.spells.befall(self.replica, until=self.odd_until)
        self.configure(self.base_url)
        self.follower = self.make(self.config)

    @property
    def config(self) -> Path:
        """The configuration that the monitor goes by."""
        return self.folder / "year.toml"

    @property
    def odd_until(self) -> date:
        """The last day on which histories are odd."""
        return self.script.days[:_HISTORY_DAYS][-1]

    @property
    def store_url(self) -> str:
        """Where the monitor keeps what it has seen."""
        return f"sqlite:///{self.folder / 'year.db'}"

    def configure(self, base_url: str) -> None:
        """Write the configuration, with the registry at this place."""
        text = configuration(
            self.plan, self.folder, base_url, self.receiver.url, self.watched, self.pasts
        )
        new = self.config.with_suffix(".new")
        new.write_text(text)
        new.replace(self.config)

    # --- the days ---------------------------------------------------------------------------
    def run(self, say: Say) -> None:
        """Let all data days pass; each begins once the data of the one before are told."""
        planned = self._planned()
        backup: PlannedBackup | None = None
        waiting: Counter[str] = Counter()
        for number, day in enumerate(self.script.days):
            waiting.update({name: times[number] for name, times in planned.items()})
            if self.replica.world.day > day:
                continue  # it went by while the one before was read; what was planned still comes
            if backup is not None and number >= backup.number + _RESTORED_AFTER:
                restore(self, backup, number)
                backup = None
            self.replica.world.go_to(day)
            if waiting["backup"] and backup is None and self.masses.on(day) is None:
                waiting["backup"] -= 1
                backup = back_up(self, number)
            self._befall(waiting, day)
            if number % _MISLED_EVERY == 0:
                mislead(self.replica, self.script.nct_ids, self.draw)
            self.finish_or_hold()
            if day == self.odd_until:
                self.until(lambda _: self._has_odd_histories())
            self.look_at_the_quarantine()  # what is read well since is no longer there
            say(number + 1, day, self)
        self._fill_in_the_past()
        self.look_at_the_quarantine()

    def _befall(self, waiting: Counter[str], day: date) -> None:
        """Let happen what waits for this day."""
        for _ in range(waiting.pop("drip", 0)):
            self.replica.faults.add(Fault.DRIP, when=lambda asked: not asked.is_history)
            self.receiver.drips += 1
        if self.masses.on(day) is None:
            for _ in range(waiting.pop("outage", 0)):
                outage(self)
            for _ in range(waiting.pop("excursion", 0)):
                excursion(self)
        for _ in range(waiting.pop("kill", 0)):
            self.follower.kill(self.moment())

    def _planned(self) -> Mapping[str, Counter[int]]:
        """Return how often what happens on which day."""
        plan, starts = self.plan, self.plan.starts()
        return {
            "kill": self._drawn(plan.kills, first=-(-plan.kills // 20)),
            "outage": self._drawn(plan.outages),
            "drip": self._spread(plan.drips),
            "excursion": Counter(starts["excursion"]),
            "backup": Counter(starts["backup"]),
        }

    def _drawn(self, times: int, *, first: int = 0) -> Counter[int]:
        """Draw days for something, so many times the first one: its load is worth more."""
        return Counter([0] * first + self.draw.choices(range(self.plan.days), k=times - first))

    def _spread(self, times: int) -> Counter[int]:
        """Return days for something, far from one another and from both ends."""
        assert self.plan.days > 10 * times
        return Counter((2 * at + 1) * self.plan.days // (2 * times) for at in range(times))

    def finish_or_hold(self) -> None:
        """Finish the day; what many records have in common is held first."""
        mass = self.masses.on(self.replica.world.day)
        if mass is None:
            self.finish()
        elif mass.kind == AHEAD:
            hold_load(self)
            self.finish()
        elif mass.kind == ACCEPTED and self.replica.world.day != mass.days[0]:
            self.finish()
        else:
            hold_records(self, mass)

    def finish(self) -> None:
        """Follow until the store has the data that the registry shows now, and all is told."""
        while True:
            self.until_read()
            self.until(lambda _: self.is_told())
            with open_reader(self.store_url) as reader:
                states = [reader.sources.state(name) or {} for name in self.sources()]
                is_told = _is_told(reader)
            receipts = list(self.receiver.receipts)
            timestamps = {state["finished"]["timestamp"] for state in states}
            if is_told and timestamps == {self.replica.world.load.timestamp}:
                break
        day = date.fromisoformat(timestamps.pop()[:10])
        reread = date.fromisoformat(states[0]["finished"]["reread"][:10])
        self.note(receipts, day, reread=reread)

    def note(self, receipts: Sequence[YearReceipt], day: date, *, reread: date) -> None:
        """Note that a day is read, but for what is held, and told."""
        self.read.add(day)
        self.reported.add(day)
        self.reread.add(reread)
        self.ledger.note(receipts[self._received :], day)
        self._received = len(receipts)

    def hidden(self, nct_id: str) -> Container[date]:
        """Return the days on which a record cannot be read, or is held."""
        return {*self.spells.hidden(nct_id), *self.masses.hidden(nct_id)}

    def until_read(self, *names: str) -> None:
        """Follow until the store has the data that the registry shows now, of all sources."""
        for name in names or self.sources():
            self.until(lambda row: row.data_timestamp == self.replica.world.load.timestamp, of=name)

    def until(self, holds: Callable[[SourceRow], bool], *, of: str = SOURCE) -> None:
        """Follow until it holds of a source; TimeoutError when it does not in time."""
        until = time.monotonic() + self.plan.patience_s
        row = self._row(of)
        while row is None or not holds(row):
            if time.monotonic() > until:
                raise TimeoutError(
                    f"{self.replica.world.load.timestamp}: still {row}\n{self.follower.end()}"
                )
            self.follower.step()
            row = self._row(of)

    def look_at_the_quarantine(self) -> None:
        """Note which records are in the quarantine, before a restore takes them out of it."""
        with open_reader(self.store_url) as reader:
            self.noticed |= {one for entry in reader.quarantine() if (one := named(entry.origin))}

    def _has_odd_histories(self) -> bool:
        """Return whether all odd histories were quarantined, or their day has passed."""
        self.look_at_the_quarantine()
        return self.noticed.issuperset(self.spells.histories) or (
            self.replica.world.day > self.odd_until
        )

    def is_told(self) -> bool:
        """Return whether nothing waits to be told."""
        with open_reader(self.store_url) as reader:
            return _is_told(reader)

    def sources(self) -> tuple[str, ...]:
        """Return the names of the sources."""
        return SOURCES if self.pasts else SOURCES[:1]

    def _row(self, name: str) -> SourceRow | None:
        if not (self.folder / "year.db").exists():
            return None
        try:
            with open_reader(self.store_url) as reader:
                return reader.sources.get(name)
        except StoreError:
            if self.read:
                raise
            return None  # its tables are being made

    def moment(self) -> Callable[[], None]:
        """Draw an instant: after some request or other and a little while, or at the start."""
        if self.draw.random() < 0.15:
            soon = self.draw.uniform(0, _SOONEST_S)
            return lambda: time.sleep(soon)
        requests = len(self.replica.log) + self.draw.randrange(1, _AFTER_REQUESTS)
        while_s = self.draw.uniform(0, _WITHIN_S)
        until = time.monotonic() + _LATEST_S

        def moment() -> None:
            while len(self.replica.log) < requests and time.monotonic() < until:
                time.sleep(_LOOK_S)
            time.sleep(while_s)

        return moment

    def _fill_in_the_past(self) -> None:
        """Follow until the past of all records is there for which it was asked."""
        if not self.pasts:
            return
        self.replica.faults.clear()
        self.follower.end()
        self.follower.begin()
        self.until(lambda _: self._has_pasts())

    def _has_pasts(self) -> bool:
        with open_reader(self.store_url) as reader:
            return all(
                any(version.registry_version == 0 for version in reader.versions(nct_id))
                for nct_id in self.pasts  # it is the last that is fetched
            )


def _is_told(reader: Reader) -> bool:
    return not reader.outbox.counts().keys() & _UNDER_WAY


def watched(script: Script) -> list[str]:
    """Return the records that are followed by their IDs: some of those in no merger.

    They are read every day, and with them the record that one of them was merged into.
    """
    return _apart(script)[::_WATCHED_EVERY]


def pasts(script: Script, count: int, taken: list[str]) -> list[str]:
    """Return records whose past is asked for: such as the first day shows, and have a past."""
    found = [
        nct_id
        for nct_id in _apart(script)
        if nct_id not in taken
        and script.lives[nct_id].at(script.days[0])[0] > 0
        and all(one.presence is Presence.SHOWN for one in script.lives[nct_id].moments)
        and _is_quiet(script, nct_id)
    ]
    found.sort(key=lambda nct_id: (script.lives[nct_id].at(script.days[0])[0], nct_id))
    return found[:count]


def _is_quiet(script: Script, nct_id: str) -> bool:
    """Return whether a record does not change while its past is filled in."""
    last = script.days[min(4 * _HISTORY_DAYS, len(script.days) - 1)]
    return not any(script.days[0] <= one.day <= last for one in script.lives[nct_id].moments)


def _apart(script: Script) -> list[str]:
    return [
        nct_id
        for nct_id, life in script.lives.items()
        if not any(one.facts.aliases or one.target for one in life.moments)
    ]


def live(
    plan: YearPlan, folder: Path, make: Callable[[Path], YearFollower], say: Say
) -> YearOutcome:
    """Let a year pass in a folder and return what came of it.

    TimeoutError, RuntimeError: the monitor did not get through a day, or ended by itself.
    """
    script = Script(
        trials=plan.trials,
        days=plan.days,
        first_day=_FIRST_DAY,
        seed=plan.seed,
        sponsor_changes=min(5.0, plan.days / 22),
        registry_changes=min(2.0, plan.days / 50),
    )
    befalls = masses(
        script, plan.masses, [plan.starts()[kind][0] for kind in plan.masses],
        length=plan.mass_days, apart=pasts(script, plan.histories, watched(script)),
    )  # fmt: skip
    replica = Replica(befalls.world(script), tokens_die=True)
    inject_faults(replica, plan, last=script.days[-1], steady=befalls.steady(script))
    with ReplicaServer(replica) as server, ChangeReceiver(plan.seed) as receiver:
        year = Year(
            plan=plan, folder=folder, script=script, replica=replica, receiver=receiver,
            masses=befalls, base_url=server.base_url, make=make,
        )  # fmt: skip
        try:
            year.run(say)
        finally:
            year.follower.end()
        return outcome(year)
