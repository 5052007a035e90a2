"""A changed version end to end, one by one and in bulk."""

from pathlib import Path

import orjson
from deepdiff import DeepDiff

from monitor.detect.rules.base import Thresholds
from monitor.ingest import ingest
from monitor.store.writer import Store, open_store
from tests.bench.edits import later_version
from tests.bench.plan import Bench
from tests.bench.records import found
from tests.bench.rows import Row
from tests.bench.timing import Race, Sample, best, shown, timed

_ASKED_PER_SECOND = 500
_NOTHING = Sample(wall_s=0.0, cpu_s=0.0)


def measure(bench: Bench) -> list[Row]:
    """Measure the real changes against DeepDiff, then two bulk ingests."""
    return [_one_by_one(bench), _first_load(bench), _later_versions(bench)]


def _one_by_one(bench: Bench) -> Row:
    pairs = bench.corpus.changes()
    races = [Race() for _ in pairs]
    for number in range(1, bench.plan.rounds + 1):
        bench.say(f"changed: round {number} of {bench.plan.rounds}")
        with open_store(_fresh(bench.folder / f"changed-{number}.db")) as store:
            _prepare(bench, store)
            for line, (race, (old, new)) in enumerate(zip(races, pairs, strict=True), start=1):
                _one_change(store, race, old.content, new.content, line)
    ours = sum((best(race.ours) for race in races), _NOTHING)
    baseline = sum((best(race.baseline) for race in races), _NOTHING)
    return Row(
        name="changed",
        what="changed version, end to end",
        ours=shown(ours.wall_s / len(pairs)),
        baseline=f"{shown(baseline.wall_s / len(pairs))} DeepDiff alone",
        ratio=ours.wall_s / baseline.wall_s,
        cpu_ratio=ours.cpu_s / baseline.cpu_s,
        asked=0.1,
        note=f"{len(pairs)} changes of the series, each in an ingest pass and a transaction of "
        "its own: bytes to snapshot, changes, events and commit, into a SQLite file that holds "
        "the first contents of all trials. Baseline: DeepDiff(old, new, ignore_order=True) of "
        "the parsed records. Best of "
        f"{bench.plan.rounds} rounds for each change, in turns, added up.",
    )


def _prepare(bench: Bench, store: Store) -> None:
    firsts = [content.content for content in bench.corpus.firsts()]
    ingest(found(firsts), store, thresholds=Thresholds())
    # The first of all changes would pay for what a running monitor has long loaded.
    stranger = [later_version(firsts[0], trial=0, version=n, nct_id="NCT99999999") for n in (0, 1)]
    for hours, version in enumerate(stranger, start=1):
        ingest(found([version], hours=hours), store, thresholds=Thresholds())


def _one_change(store: Store, race: Race, old: bytes, new: bytes, line: int) -> None:
    raws = found([new], hours=line, origin="change")
    before, after = orjson.loads(old), orjson.loads(new)

    def ours() -> None:
        report = ingest(raws, store, thresholds=Thresholds())
        assert (report.stored, report.events > 0) == (1, True), report

    race.run(ours, lambda: DeepDiff(before, after, ignore_order=True))


def _first_load(bench: Bench) -> Row:
    contents = [content.content for content in bench.corpus.contents]
    samples = []
    for number in range(1, bench.plan.bulk_rounds + 1):
        bench.say(f"changed: first load, round {number} of {bench.plan.bulk_rounds}")
        with open_store(_fresh(bench.folder / f"first-{number}.db")) as store:
            samples.append(_bulk(store, contents))
    return _per_second(
        "bulk ingest, first load", samples, contents,
        f"All {len(contents)} contents into an empty SQLite file, best of {len(samples)} rounds.",
    )  # fmt: skip


def _later_versions(bench: Bench) -> Row:
    firsts = [content.content for content in bench.corpus.latest()]
    rounds = bench.plan.later_versions
    bench.say("changed: making later versions")
    contents = [
        later_version(first, trial=trial, version=version)
        for version in range(1, rounds + 1)
        for trial, first in enumerate(firsts)
    ]
    samples = []
    for number in range(1, bench.plan.bulk_rounds + 1):
        bench.say(f"changed: later versions, round {number} of {bench.plan.bulk_rounds}")
        with open_store(_fresh(bench.folder / f"later-{number}.db")) as store:
            _bulk(store, firsts)
            samples.append(_bulk(store, contents))
    return _per_second(
        "bulk ingest, changed versions", samples, contents,
        f"{rounds} later versions of each of {len(firsts)} trials, all trials' second versions "
        "before any third, each edited in one to three places (status, enrollment, dates, sites, "
        f"criteria, summary, contacts) and dated anew. Best of {len(samples)} rounds.",
    )  # fmt: skip


def _bulk(store: Store, contents: list[bytes]) -> Sample:
    raws = found(contents)

    def ours() -> None:
        report = ingest(raws, store, thresholds=Thresholds())
        assert report.stored == len(contents), report

    return timed(ours)


def _per_second(what: str, samples: list[Sample], contents: list[bytes], note: str) -> Row:
    took = best(samples)
    wall, cpu = (len(contents) / seconds for seconds in (took.wall_s, took.cpu_s))
    return Row(
        name="bulk",
        what=what,
        ours=f"{wall:,.0f} versions/s",
        baseline=f"{_ASKED_PER_SECOND} versions/s asked",
        ratio=wall / _ASKED_PER_SECOND,
        cpu_ratio=cpu / _ASKED_PER_SECOND,
        asked=1.0,
        at_least=True,
        note=note + " One process, one thread, batches of 200.",
    )


def _fresh(path: Path) -> str:
    return f"sqlite:///{path}"
