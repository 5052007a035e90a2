"""All questions, put to the monitor on each part of the labelled data."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.meaning import outcomes, reasons
from tests.meaning.labels import (
    COVID_REASONS,
    HALVES,
    OUTCOME_CHANGES,
    OUTCOME_PAIRS,
    PARTS,
    STOP_REASONS,
    Part,
    Row,
    in_half,
    part,
    read,
)
from tests.meaning.scores import Judged, Score, Share, Spread


@dataclass(frozen=True, slots=True)
class Result:
    """The score of one question on one part of the data, or how it differs from half to half.

    Of a share, that alone.
    """

    group: str
    question: str
    part: Part | Literal["halves"]
    score: Score | Share | Spread


def _parted(rows: Iterable[Row], key: str) -> dict[Part, list[Row]]:
    found: dict[Part, list[Row]] = {name: [] for name in PARTS}
    for row in rows:
        found[part(row[key])].append(row)
    return {name: own for name, own in found.items() if own}


def _scored(
    group: str, question: str, keys: Sequence[str], judged: Sequence[Judged]
) -> Iterator[Result]:
    """Score judgements on each part, and over random halves that no trial or text is split by."""
    rows = list(zip(keys, judged, strict=True))
    for name in PARTS:
        if own := [one for key, one in rows if part(key) == name]:
            yield Result(group, question, name, Score.of(own))
    halves = [
        Score.of(one for key, one in rows if in_half(key, number)) for number in range(HALVES)
    ]
    if spread := Spread.of(halves):
        yield Result(group, question, "halves", spread)


def outcome_changes(folder: Path) -> Iterator[Result]:
    """Score the verdicts on changed primary outcomes."""
    rows = list(read(folder, OUTCOME_CHANGES))
    keys = [row["nct_id"] for row in rows]
    for question, judged in outcomes.judge_changes(rows).items():
        yield from _scored("primary outcomes", question, keys, judged)


def outcome_pairs(folder: Path) -> Iterator[Result]:
    """Score whether two phrases are taken for one outcome."""
    rows = list(read(folder, OUTCOME_PAIRS))
    keys = [row["one"] for row in rows]
    yield from _scored("two phrases", "same outcome", keys, outcomes.judge_pairs(rows))


def stop_reasons(folder: Path) -> Iterator[Result]:
    """Score the classes of reasons for stopping."""
    for name, rows in _parted(read(folder, STOP_REASONS), "text").items():
        pairs = [reasons.judged(row) for row in rows]
        yield Result("reasons for stopping", "accuracy", name, reasons.accuracy(pairs))
        classless = sum(reasons.told_class(row["text"]) == "other" for row in rows)
        other = Share(classless, len(rows))
        yield Result("reasons for stopping", "classified other", name, other)
        for question, judged in reasons.by_class(pairs):
            yield Result("reasons for stopping", question, name, Score.of(judged))


def reasons_read(folder: Path) -> Iterator[Result]:
    """Score the classes of reasons for stopping that a reader judged."""
    for name, rows in _parted(read(folder, STOP_REASONS), "text").items():
        for question, share in reasons.judge_read(rows):
            yield Result("reasons for stopping, read", question, name, share)


def covid_reasons(folder: Path) -> Iterator[Result]:
    """Score whether COVID-19 is found as a reason."""
    for name, rows in _parted(read(folder, COVID_REASONS), "text").items():
        judged = Score.of(reasons.judge_covid(rows))
        yield Result("reasons of the pandemic's years", "covid", name, judged)


MEASUREMENTS = {
    "outcomes": outcome_changes,
    "pairs": outcome_pairs,
    "reasons": stop_reasons,
    "read": reasons_read,
    "covid": covid_reasons,
}


def measure(folder: Path, names: Iterable[str] = MEASUREMENTS) -> list[Result]:
    """Return the results of the named measurements, both parts of a question side by side."""
    found = [result for name in names for result in MEASUREMENTS[name](folder)]
    places: dict[tuple[str, str], int] = {}
    for result in found:
        places.setdefault((result.group, result.question), len(places))
    return sorted(found, key=lambda one: places[one.group, one.question])
