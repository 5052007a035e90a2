"""An unchanged version: from its bytes to the decision that there is nothing new."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import orjson

from monitor.ingest import ingest
from monitor.settings import ThresholdSettings
from monitor.store.writer import StoreWriter, open_store
from tests.bench.plan import Bench
from tests.bench.records import found, loaded_again
from tests.bench.rows import Measurement, raced
from tests.bench.timing import Race

_NOTE = (
    "{steps}; into a SQLite file that holds all contents, in transactions of 200. Baseline: "
    "`orjson.loads` of the same bytes, each result let go before the next. Best of {rounds} "
    "rounds each, in turns, over {count:,} records of {size:.1f} KB in the mean."
)
# Loads after those of the series itself, none of them twice.
_FIRST_LOAD = date(2026, 6, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchangedCase:
    """One way in which a version comes again. ``again`` gives its bytes in a round."""

    what: str
    steps: str
    target: float | None
    contents: list[bytes]
    again: Callable[[bytes, int], bytes]
    race: Race = field(default_factory=Race)


def measure(bench: Bench) -> list[Measurement]:
    """Measure byte-equal slices, and records in which only the data-load stamp moved."""
    rows = []
    contents = [content.content for content in bench.corpus.contents]
    for number, case in enumerate(_cases(bench)):
        bench.say(f"unchanged: {case.what}")
        with open_store(f"sqlite:///{bench.folder / f'unchanged-{number}.db'}") as store:
            report = ingest(found(contents), store, thresholds=ThresholdSettings())
            assert report.stored == len(contents), report
            for load in range(bench.plan.rounds):
                _round(store, case, load)
        rows.append(_row(case))
    return rows


def _cases(bench: Bench) -> list[UnchangedCase]:
    # An earlier content under a later stamp would be a change back to it.
    latest = [content.content for content in bench.corpus.latest()]
    return [
        UnchangedCase(
            what="byte-equal",
            steps="Hashing, looking up, noting when it was seen, commit",
            target=0.5,
            contents=[content.content for content in bench.corpus.contents],
            again=lambda content, _: content,
        ),
        UnchangedCase(
            what="only versionHolder moved",
            steps="Hashing, looking up, comparing with the newest version, extending its "
            "interval, noting when it was seen, commit; as the registry writes it, so that it "
            "need not be parsed",
            target=3.0,
            contents=latest,
            again=lambda content, number: loaded_again(content, _load(number)),
        ),
        UnchangedCase(
            what="versionHolder moved, white space added",
            steps="The same of records that another program wrote: hashing, looking up, parsing "
            "with all checks, canonical form, fingerprint, extending the interval, commit",
            target=None,
            contents=latest,
            again=lambda content, number: _spaced(loaded_again(content, _load(number))),
        ),
    ]


def _round(store: StoreWriter, case: UnchangedCase, number: int) -> None:
    contents = [case.again(content, number) for content in case.contents]
    raws = found(contents, hours=number + 1)

    def ours() -> None:
        report = ingest(raws, store, thresholds=ThresholdSettings())
        assert report.unchanged == len(contents), report

    def baseline() -> None:
        for content in contents:
            orjson.loads(content)

    case.race.run(ours, baseline)


def _load(number: int) -> str:
    return (_FIRST_LOAD + timedelta(days=number)).isoformat()


def _spaced(content: bytes) -> bytes:
    """Return the record as Python's own json module writes it."""
    return json.dumps(orjson.loads(content), ensure_ascii=False).encode()


def _row(case: UnchangedCase) -> Measurement:
    count, race = len(case.contents), case.race
    size = sum(map(len, case.contents)) / count / 1000
    return raced(
        "unchanged",
        f"unchanged version, {case.what}",
        race,
        "orjson.loads",
        target=case.target,
        count=count,
        note=_NOTE.format(steps=case.steps, rounds=len(race.ours), count=count, size=size),
    )
