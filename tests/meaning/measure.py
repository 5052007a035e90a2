"""All questions, put to the monitor on each part of the labelled data."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.meaning import outcomes, reasons
from tests.meaning.labels import (
    COVID_REASONS,
    OUTCOME_CHANGES,
    OUTCOME_PAIRS,
    PARTS,
    STOP_REASONS,
    Part,
    Row,
    part,
    read,
)
from tests.meaning.scores import Score, Share


@dataclass(frozen=True, slots=True)
class Result:
    """The score of one question on one part of the data; of a share, that alone."""

    group: str
    question: str
    part: Part
    score: Score | Share


def _parted(rows: Iterable[Row], key: str) -> dict[Part, list[Row]]:
    found: dict[Part, list[Row]] = {name: [] for name in PARTS}
    for row in rows:
        found[part(row[key])].append(row)
    return {name: own for name, own in found.items() if own}


def outcome_changes(folder: Path) -> Iterator[Result]:
    """Score the verdicts on changed primary outcomes."""
    for name, rows in _parted(read(folder, OUTCOME_CHANGES), "nct_id").items():
        for question, judged in outcomes.judge_changes(rows).items():
            yield Result("primary outcomes", question, name, Score.of(judged))


def outcome_pairs(folder: Path) -> Iterator[Result]:
    """Score whether two phrases are taken for one outcome."""
    for name, rows in _parted(read(folder, OUTCOME_PAIRS), "one").items():
        yield Result("two phrases", "same outcome", name, Score.of(outcomes.judge_pairs(rows)))


def stop_reasons(folder: Path) -> Iterator[Result]:
    """Score the classes of reasons for stopping."""
    for name, rows in _parted(read(folder, STOP_REASONS), "text").items():
        pairs = [reasons.judged(row) for row in rows]
        yield Result("reasons for stopping", "accuracy", name, reasons.accuracy(pairs))
        classless = sum(reasons.told_class(row["text"]) == "other" for row in rows)
        other = Share(classless, len(rows))
        yield Result("reasons for stopping", "told other", name, other)
        for question, judged in reasons.by_class(pairs):
            yield Result("reasons for stopping", question, name, Score.of(judged))


def covid_reasons(folder: Path) -> Iterator[Result]:
    """Score whether COVID-19 is found as a reason."""
    for name, rows in _parted(read(folder, COVID_REASONS), "text").items():
        judged = Score.of(reasons.judge_covid(rows))
        yield Result("reasons of the pandemic's years", "covid", name, judged)


MEASUREMENTS = {
    "outcomes": outcome_changes,
    "pairs": outcome_pairs,
    "reasons": stop_reasons,
    "covid": covid_reasons,
}


def measure(folder: Path, names: Iterable[str] = MEASUREMENTS) -> list[Result]:
    """Return the results of the named measurements, both parts of a question side by side."""
    found = [result for name in names for result in MEASUREMENTS[name](folder)]
    places: dict[tuple[str, str], int] = {}
    for result in found:
        places.setdefault((result.group, result.question), len(places))
    return sorted(found, key=lambda one: places[one.group, one.question])
