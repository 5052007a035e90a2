"""A poll of watched records that have not changed: from the request to the commit."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from monitor.app import App
from monitor.app.polling import Poller, PollReport
from monitor.sources.http import Client, HttpSettings
from tests.bench.plan import Bench
from tests.bench.rows import Measurement
from tests.bench.timing import Race, best, shown
from tests.registry.process import ReplicaProcess
from tests.registry.synthetic import Population

_SOURCE = "watched"
_BATCH = 200
_NOTE = (
    "{what} A whole pass as the daemon makes it, in one process: asking for the version, "
    "{requests} requests for {count:,} watched NCT IDs, HTTP, gunzip, cutting, hashing, looking "
    "up, noting the sights, commits into a SQLite file that holds all records. Baseline: "
    "`orjson.loads` of the same answers, already unpacked, each result let go before the next. "
    "The ratio of CPU times of this process (both threads) counts; the registry's replica is a "
    "process of its own. Best of {rounds} rounds each, in turns, records of {size:.1f} KB in the "
    "mean."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCase:
    """One way in which the registry loads its data again."""

    what: str
    note: str
    race: Race = field(default_factory=Race)


def measure(bench: Bench) -> list[Measurement]:
    """Follow so many records by their IDs, then poll them again and again."""
    count = bench.plan.watched
    population = Population(size=count, daily=0)
    nct_ids = [population.nct_id(index) for index in range(count)]
    stamped = PollCase(
        what="only versionHolder moved",
        note="A new data load: its stamp moves in every record and nothing else does.",
    )
    equal = PollCase(
        what="byte-equal",
        note="The timestamp of the data moves and no byte of a record does.",
    )
    with ReplicaProcess("--whole", str(count), "--daily", "0") as replica:
        passes = _passes(bench.folder, replica.base_url, nct_ids)
        bench.say(f"poll: first pass over {count:,} records")
        first, bodies = _poll(passes), list[bytes]()
        assert first.report.stored == count, first
        for number in range(bench.plan.poll_rounds):
            bench.say(f"poll: round {number + 1} of {bench.plan.poll_rounds}")
            replica.tell("advance")
            bodies = _answers(replica.base_url, nct_ids)
            _round(passes, stamped, bodies, count)
            replica.tell("reload")  # the day is the same, and so is every byte
            _round(passes, equal, bodies, count)
        size = sum(map(len, bodies)) / count / 1000
    return [_row(case, count, size) for case in (stamped, equal)]


def _passes(folder: Path, base_url: str, nct_ids: list[str]) -> Poller:
    config = folder / "monitor.toml"
    listed = ", ".join(f'"{nct_id}"' for nct_id in nct_ids)
    config.write_text(
        f'[store]\nurl = "sqlite:///{folder / "poll.db"}"\n'
        "[http]\nrequests_per_minute = 6000\n"
        f'[[source]]\nname = "{_SOURCE}"\ntype = "ctgov"\nevery = "1h"\n'
        f'base_url = "{base_url}"\nnct_ids = [{listed}]\n',
        encoding="utf-8",
    )
    passes = Poller(app=App.configured(config, environ={}))
    passes.app.upgrade()
    return passes


def _poll(passes: Poller) -> PollReport:
    report = passes.poll(_SOURCE, stop=threading.Event())
    assert report.outcome == "ok", report
    return report


def _round(passes: Poller, case: PollCase, bodies: list[bytes], count: int) -> None:
    def ours() -> None:
        report = _poll(passes)
        assert report.report.unchanged == count, report

    def baseline() -> None:
        for body in bodies:
            orjson.loads(body)

    case.race.run(ours, baseline)


def _answers(base_url: str, nct_ids: list[str]) -> list[bytes]:
    """Return the bodies that a poll reads."""
    settings = HttpSettings(requests_per_minute=6_000)
    with Client(settings, base_url=base_url) as client:
        return [
            client.get(
                "/api/v2/studies",
                {"filter.ids": "|".join(nct_ids[at : at + _BATCH]), "pageSize": "1000"},
            ).body
            for at in range(0, len(nct_ids), _BATCH)
        ]


def _row(case: PollCase, count: int, size: float) -> Measurement:
    race = case.race
    return Measurement(
        name="poll",
        what=f"poll of {count:,} watched records, {case.what}",
        ours=f"{shown(best(race.ours).cpu_s)} CPU",
        baseline=f"{shown(best(race.baseline).cpu_s)} CPU orjson.loads",
        ratio=race.cpu_ratio,
        target=1.0,
        note=_NOTE.format(
            what=case.note,
            requests=-(-count // _BATCH),
            count=count,
            rounds=len(race.ours),
            size=size,
        ),
    )
