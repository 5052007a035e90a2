"""A changed version end to end: in a row, one by one and in bulk."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import orjson
from deepdiff import DeepDiff

from monitor.ingest import ingest
from monitor.ingest.reclassify import Scope, reclassify
from monitor.settings import ThresholdSettings
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.bench.edits import later_version
from tests.bench.plain import keeping
from tests.bench.plan import Bench
from tests.bench.records import Content, found
from tests.bench.rows import Measurement, against, raced
from tests.bench.timing import Call, Race, Sample, best, timed

_PLAIN = (
    "Baseline: parsing, SHA-256, zstandard and an insert of the same records by plain code, in "
    "transactions of as many, into a new SQLite file."
)
# What a record's parsing, checks, events and indexes may cost on top; a half above today's figures.
_FIRST_LOAD = 6.5
_CHANGED = 16.0
_NOTHING = Sample(wall_s=0.0, cpu_s=0.0)


def measure(bench: Bench) -> list[Measurement]:
    """Measure the real changes against DeepDiff, two bulk ingests, and deriving events anew."""
    rows = [_in_a_row(bench), _one_by_one(bench), _first_load(bench)]
    return [*rows, *_later_versions(bench)]


def _in_a_row(bench: Bench) -> Measurement:
    pairs = bench.corpus.changes()
    baseline = partial(_one_after_another, [_deepdiff(old, new) for old, new in pairs])
    race = Race()
    for number in range(1, bench.plan.rounds + 1):
        bench.say(f"changed, in a row: round {number} of {bench.plan.rounds}")
        with open_store(_fresh(bench.folder / f"row-{number}.db")) as store:
            _prepare(bench, store)
            changes = [_passing(store, new, line) for line, (_, new) in enumerate(pairs, start=1)]
            race.run(partial(_one_after_another, changes), baseline)
    return raced(
        "changed", "changed version, end to end", race, "DeepDiff alone", target=0.15,
        count=len(pairs),
        note=f"{len(pairs)} changes of the series one after the other, each in an ingest pass and "
        "a transaction of its own: bytes to snapshot, changes, events and commit, into a SQLite "
        "file that holds the first contents of all trials. Baseline: DeepDiff(old, new, "
        "ignore_order=True) of the parsed records, one after the other. Best of "
        f"{bench.plan.rounds} rounds each, in turns.",
    )  # fmt: skip


def _one_by_one(bench: Bench) -> Measurement:
    pairs = bench.corpus.changes()
    races = [Race() for _ in pairs]
    for number in range(1, bench.plan.rounds + 1):
        bench.say(f"changed, one by one: round {number} of {bench.plan.rounds}")
        with open_store(_fresh(bench.folder / f"changed-{number}.db")) as store:
            _prepare(bench, store)
            for line, (race, (old, new)) in enumerate(zip(races, pairs, strict=True), start=1):
                race.run(_passing(store, new, line), _deepdiff(old, new))
    ours = sum((best(race.ours) for race in races), _NOTHING)
    baseline = sum((best(race.baseline) for race in races), _NOTHING)
    return against(
        "changed", "changed version, by itself", ours, baseline, "DeepDiff alone", target=0.15,
        count=len(pairs),
        note="The same, but change and DeepDiff take turns, each after a full garbage collection, "
        "which leaves little of either in the processor's caches. Best of "
        f"{bench.plan.rounds} rounds for each change, added up.",
    )  # fmt: skip


def _deepdiff(old: Content, new: Content) -> Call:
    return partial(
        DeepDiff, orjson.loads(old.content), orjson.loads(new.content), ignore_order=True
    )


def _one_after_another(calls: Iterable[Call]) -> None:
    for call in calls:
        call()


def _passing(store: StoreWriter, new: Content, line: int) -> Call:
    """Return an ingest pass that brings one change; ``line``: which of the changes it is."""
    raws = found([new.content], hours=line, origin="change")

    def run() -> None:
        report = ingest(raws, store, thresholds=ThresholdSettings())
        assert (report.stored, report.events > 0) == (1, True), report

    return run


def _prepare(bench: Bench, store: StoreWriter) -> None:
    firsts = [content.content for content in bench.corpus.firsts()]
    ingest(found(firsts), store, thresholds=ThresholdSettings())
    # The first of all changes would pay for what a running monitor has long loaded.
    stranger = [later_version(firsts[0], trial=0, version=n, nct_id="NCT99999999") for n in (0, 1)]
    for hours, version in enumerate(stranger, start=1):
        ingest(found([version], hours=hours), store, thresholds=ThresholdSettings())


def _first_load(bench: Bench) -> Measurement:
    contents = [content.content for content in bench.corpus.contents]
    race = Race()
    for number in range(1, bench.plan.bulk_rounds + 1):
        bench.say(f"changed: first load, round {number} of {bench.plan.bulk_rounds}")
        with open_store(_fresh(bench.folder / f"first-{number}.db")) as store:
            race.run(_bulk(store, contents), keeping(bench.folder / "plain.db", contents))
    return _against_plain(
        "bulk ingest, first load", race, contents,
        f"All {len(contents)} contents into an empty SQLite file.", target=_FIRST_LOAD,
    )  # fmt: skip


def _later_versions(bench: Bench) -> list[Measurement]:
    firsts = [content.content for content in bench.corpus.latest()]
    rounds = bench.plan.later_versions
    bench.say("changed: making later versions")
    contents = [
        later_version(first, trial=trial, version=version)
        for version in range(1, rounds + 1)
        for trial, first in enumerate(firsts)
    ]
    race, loaded, anew = Race(), list[Sample](), list[Sample]()
    for number in range(1, bench.plan.bulk_rounds + 1):
        bench.say(f"changed: later versions, round {number} of {bench.plan.bulk_rounds}")
        url = _fresh(bench.folder / f"later-{number}.db")
        with open_store(url) as store:
            loaded.append(timed(_bulk(store, firsts)))
            race.run(_bulk(store, contents), keeping(bench.folder / "plain.db", contents))
            bench.say(f"changed: derived anew, round {number} of {bench.plan.bulk_rounds}")
            anew.append(_reclassify(store, url, versions=len(firsts) + len(contents)))
    ingested = [one + other for one, other in zip(loaded, race.ours, strict=True)]
    bulk = _against_plain(
        "bulk ingest, changed versions", race, contents,
        f"{rounds} later versions of each of {len(firsts)} trials, all trials' second versions "
        "before any third, each edited in one to three places (status, enrollment, dates, sites, "
        "criteria, summary, contacts) and dated anew.", target=_CHANGED,
    )  # fmt: skip
    return [bulk, _against_ingest(best(anew), best(ingested), len(firsts) + len(contents))]


def _reclassify(store: StoreWriter, url: str, *, versions: int) -> Sample:
    """Derive all events anew, by thresholds that most changes of enrollment and dates meet."""
    others = ThresholdSettings(enrollment_percent_high=1.0, date_days_medium=1, date_days_high=2)

    def ours() -> None:
        report = reclassify(
            lambda: open_reader(url),
            store,
            Scope(),
            thresholds=others,
            on_estimate=lambda _: None,
            on_batch=lambda *_: None,
        )
        assert report.versions == versions, report
        assert report.changed, report

    return timed(ours)


def _against_ingest(ours: Sample, ingest_: Sample, versions: int) -> Measurement:
    return Measurement(
        name="bulk",
        what="events derived anew",
        ours=f"{versions / ours.wall_s:,.0f} versions/s",
        baseline=f"{versions / ingest_.wall_s:,.0f} versions/s ingested",
        ratio=ingest_.wall_s / ours.wall_s,
        cpu_ratio=ingest_.cpu_s / ours.cpu_s,
        target=0.5,
        at_least=True,
        note=f"`monitor reclassify` by other thresholds over all {versions} versions of the row"
        " above, first ones too, against ingesting the same in the same run. One process, one"
        " thread.",
    )


def _bulk(store: StoreWriter, contents: list[bytes]) -> Call:
    raws = found(contents)

    def ours() -> None:
        report = ingest(raws, store, thresholds=ThresholdSettings())
        assert report.stored == len(contents), report

    return ours


def _against_plain(
    what: str, race: Race, contents: list[bytes], note: str, *, target: float
) -> Measurement:
    ours, plain = (
        f"{len(contents) / best(samples).wall_s:,.0f} versions/s"
        for samples in (race.ours, race.baseline)
    )
    return Measurement(
        name="bulk",
        what=what,
        ours=ours,
        baseline=f"{plain} plain",
        ratio=race.ratio,
        cpu_ratio=race.cpu_ratio,
        target=target,
        note=f"{note} One process, one thread, batches of 200, best of {len(race.ours)} rounds "
        f"each, in turns. {_PLAIN}",
    )


def _fresh(path: Path) -> str:
    return f"sqlite:///{path}"
