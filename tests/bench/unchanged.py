"""An unchanged version: from its bytes to the decision that there is nothing new."""

from datetime import date, timedelta

import orjson

from monitor.detect.rules.base import Thresholds
from monitor.ingest import ingest
from monitor.store.writer import Store, open_store
from tests.bench.plan import Bench
from tests.bench.records import found, loaded_again
from tests.bench.rows import Row
from tests.bench.timing import Race, best, shown

_NOTE = (
    "Hashing, looking up, parsing where it is needed, fingerprint, touching what was seen and "
    "the commits of batches of 200, into a SQLite file that holds all contents. Baseline: "
    "`orjson.loads` of the same bytes, each result let go before the next. Best of {} rounds "
    "each, in turns, over {} records of {:.1f} KB in the mean."
)


def measure(bench: Bench) -> list[Row]:
    """Measure byte-equal slices, and records in which only the data-load stamp moved."""
    contents = [content.content for content in bench.corpus.contents]
    latest = [content.content for content in bench.corpus.latest()]
    same, stamped = Race(), Race()
    with open_store(f"sqlite:///{bench.folder / 'unchanged.db'}") as store:
        report = ingest(found(contents), store, thresholds=Thresholds())
        assert report.stored == len(contents), report
        for number in range(1, bench.plan.rounds + 1):
            bench.say(f"unchanged: round {number} of {bench.plan.rounds}")
            _round(store, same, contents, number)
            # Dates of loads after those of the series itself.
            loaded = (date(2026, 6, 1) + timedelta(days=number)).isoformat()
            _round(store, stamped, [loaded_again(one, loaded) for one in latest], number)
    return [
        _row("byte-equal", same, contents, 0.5, len(same.ours)),
        _row("only versionHolder moved", stamped, latest, 3.0, len(stamped.ours)),
    ]


def _round(store: Store, race: Race, contents: list[bytes], number: int) -> None:
    raws = found(contents, hours=number)

    def ours() -> None:
        report = ingest(raws, store, thresholds=Thresholds())
        assert report.unchanged == len(contents), report

    def baseline() -> None:
        for content in contents:
            orjson.loads(content)

    race.run(ours, baseline)


def _row(what: str, race: Race, contents: list[bytes], asked: float, rounds: int) -> Row:
    count = len(contents)
    return Row(
        name="unchanged",
        what=f"unchanged version, {what}",
        ours=shown(best(race.ours).wall_s / count),
        baseline=f"{shown(best(race.baseline).wall_s / count)} orjson.loads",
        ratio=race.ratio,
        cpu_ratio=race.cpu_ratio,
        asked=asked,
        note=_NOTE.format(rounds, count, sum(map(len, contents)) / count / 1000),
    )
