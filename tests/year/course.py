"""The course of a scripted year: day after day, fault after fault, kill after kill."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from monitor.model.following import SourceRow
from monitor.store.reader import Reader, open_reader
from tests.registry import NO_SUCH_HOST, Replica, ReplicaServer, closed_port
from tests.registry.synthetic import Expected, Script
from tests.year.followers import Follower
from tests.year.known import Differences, by_read_days, compare, known_history, stored_history
from tests.year.plan import SOURCE, Plan, configuration
from tests.year.weather import SPOILT_STUDY, let_it_rain, mislead

Say = Callable[[int, date, "Year"], None]
OUTAGES = ("DNS failure", "closed port")
_LOOK_S = 0.02
_MISLED_EVERY = 10
_WATCHED_EVERY = 25
_AFTER_REQUESTS, _WITHIN_S, _SOONEST_S, _LATEST_S = 14, 0.25, 2.5, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a year; true when it is as it must be.

    ``read``: how many of the data days were read whole. ``unreadable``: why answers are in the
    quarantine that the registry had not spoilt.
    """

    differences: Differences
    days: int
    read: int
    requests: int
    faults: Counter[str]
    kills: int
    outages: Counter[str]
    versions: int
    events: int
    unreadable: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.differences and not self.unreadable


@dataclass(slots=True, kw_only=True)
class Year:
    """A year under way: the registry, who follows it, and what is known so far.

    ``read``: the data days that were read whole; ``reread``: those on which all was read.
    """

    plan: Plan
    folder: Path
    script: Script
    replica: Replica
    base_url: str
    make: Callable[[Path], Follower]
    read: set[date] = field(default_factory=set)
    reread: set[date] = field(default_factory=set)
    outages: Counter[str] = field(default_factory=Counter)
    watched: list[str] = field(init=False)
    follower: Follower = field(init=False)
    draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.plan.seed)  # noqa: S311 - a plan, no secret
        self.watched = watched(self.script)
        self._configure(self.base_url)
        self.follower = self.make(self._config)

    @property
    def _config(self) -> Path:
        return self.folder / "year.toml"

    @property
    def store_url(self) -> str:
        """Where the monitor keeps what it has seen."""
        return f"sqlite:///{self.folder / 'year.db'}"

    # --- the days ---------------------------------------------------------------------------
    def run(self, say: Say) -> None:
        """Let all data days pass; each begins once the data of the one before are stored."""
        days = self.script.days
        planned = self._planned(self.plan.kills), self._planned(self.plan.outages)
        kills = outages = 0
        for number, day in enumerate(days):
            kills, outages = kills + planned[0][number], outages + planned[1][number]
            if self.replica.world.day > day:
                continue  # it went by while the one before was read; what was planned still comes
            self.replica.world.go_to(day)
            for _ in range(outages):
                self._outage()
            for _ in range(kills):
                self.follower.kill(self._moment())
            kills = outages = 0
            if number % _MISLED_EVERY == 0:
                mislead(self.replica, self.script.nct_ids, self.draw)
            self._finish()
            say(number + 1, day, self)

    def _planned(self, times: int) -> Counter[int]:
        """Return how often something happens on which day; the first load is worth more."""
        days = self.plan.days
        first = -(-times // 20)
        return Counter([0] * first + self.draw.choices(range(days), k=times - first))

    def _finish(self) -> None:
        """Follow until the store has the data that the registry shows now."""
        self._until(lambda row: row.data_timestamp == self.replica.world.load.timestamp)
        with open_reader(self.store_url) as reader:
            finished = (reader.sources.state(SOURCE) or {})["finished"]
        self.read.add(date.fromisoformat(finished["timestamp"][:10]))
        self.reread.add(date.fromisoformat(finished["reread"][:10]))

    def _until(self, holds: Callable[[SourceRow], bool]) -> None:
        until = time.monotonic() + self.plan.patience_s
        row: SourceRow | None = None
        while row is None or not holds(row):
            if time.monotonic() > until:
                raise TimeoutError(
                    f"{self.replica.world.load.timestamp}: still {row}\n{self.follower.end()}"
                )
            self.follower.step()
            row = self._row()

    def _row(self) -> SourceRow | None:
        if not (self.folder / "year.db").exists():
            return None
        with open_reader(self.store_url) as reader:
            return reader.sources.get(SOURCE)

    # --- what befalls it --------------------------------------------------------------------
    def _moment(self) -> Callable[[], None]:
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

    def _outage(self) -> None:
        """Let the registry's name, or its port, not be there until a pass has failed."""
        if self.draw.random() < 0.5:
            self.outages[OUTAGES[1]] += 1
            with closed_port() as base_url:
                self._fail_at(base_url, base_url.removeprefix("http://"))
        else:
            self.outages[OUTAGES[0]] += 1
            self._fail_at(NO_SUCH_HOST, "cannot be resolved")

    def _fail_at(self, base_url: str, reason: str) -> None:
        self._configure(base_url)
        self.follower.read_again()
        self._until(lambda row: row.failures > 0 and reason in (row.last_reason or ""))
        self._configure(self.base_url)
        self.follower.read_again()

    def _configure(self, base_url: str) -> None:
        text = configuration(self.plan, self.folder, base_url, self.watched)
        new = self._config.with_suffix(".new")
        new.write_text(text)
        new.replace(self._config)

    # --- the end ----------------------------------------------------------------------------
    def outcome(self) -> Outcome:
        """Compare what is stored with what is known."""
        with open_reader(self.store_url) as reader:
            return self._compared(reader)

    def _expected(self) -> list[Expected]:
        """Return the known list of a monitor that read what this one read."""
        daily, seldom = self.script.expected(), self.script.expected(self.reread.__contains__)
        ours = set(self.watched)
        return [one for one in daily if one.nct_id in ours] + [
            one for one in seldom if one.nct_id not in ours
        ]

    def _compared(self, reader: Reader) -> Outcome:
        days = self.script.days
        known = known_history(self._expected())
        stored = stored_history(reader, self.script.nct_ids)
        told = by_read_days(stored.told, days, self.read)
        return Outcome(
            differences=compare(by_read_days(known, days, self.read), stored.as_told(told)),
            days=len(days),
            read=len(self.read),
            requests=len(self.replica.log),
            faults=Counter(line.fault for line in self.replica.log if line.fault),
            kills=self.follower.kills,
            outages=self.outages,
            versions=stored.versions,
            events=stored.events,
            unreadable=_unreadable(reader),
        )


def watched(script: Script) -> list[str]:
    """Return the records that are followed by their IDs: some of those in no merger.

    They are read every day, and with them the record that one of them was merged into.
    """
    apart = [
        nct_id
        for nct_id, life in script.lives.items()
        if not any(one.facts.aliases or one.target for one in life.moments)
    ]
    return apart[::_WATCHED_EVERY]


def _unreadable(reader: Reader) -> tuple[str, ...]:
    entries = (reader.quarantined(entry.id) for entry in reader.quarantine())
    return tuple(
        f"{one.origin}: {one.reason}" for one in entries if one and one.content != SPOILT_STUDY
    )


def live(plan: Plan, folder: Path, make: Callable[[Path], Follower], say: Say) -> Outcome:
    """Let a year pass in a folder and return what came of it.

    TimeoutError, RuntimeError: the monitor did not get through a day, or ended by itself.
    """
    script = Script(
        trials=plan.trials,
        days=plan.days,
        seed=plan.seed,
        sponsor_changes=min(5.0, plan.days / 22),
        registry_changes=min(2.0, plan.days / 50),
    )
    replica = Replica(script.world(), tokens_die=True)
    let_it_rain(replica, plan, last=script.days[-1])
    with ReplicaServer(replica) as server:
        year = Year(
            plan=plan, folder=folder, script=script, replica=replica,
            base_url=server.base_url, make=make,
        )  # fmt: skip
        try:
            year.run(say)
        finally:
            year.follower.end()
        return year.outcome()
