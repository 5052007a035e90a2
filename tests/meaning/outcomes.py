"""Changes of primary outcomes, and whether two phrases name one outcome, against people's word."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from monitor.detect.classify import classify
from monitor.detect.diff import diff
from monitor.detect.likeness import Bag
from monitor.detect.rules.base import Context
from monitor.detect.rules.outcome_pairs import OutcomeWords
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.record import TrialRecord
from monitor.settings import ThresholdSettings
from tests.meaning.labels import Row
from tests.meaning.scores import Judged

DEMOTED, PROMOTED = ChangeKind.PRIMARY_OUTCOME_DEMOTED, ChangeKind.PRIMARY_OUTCOME_PROMOTED
DROPPED = ChangeKind.PRIMARY_OUTCOME_DROPPED
PRIMARY = frozenset({
    DEMOTED, PROMOTED, DROPPED, ChangeKind.PRIMARY_OUTCOME_ADDED, ChangeKind.PRIMARY_OUTCOME_EDITED,
})  # fmt: skip
_MOVES = {"primary_to_secondary": DEMOTED, "primary_from_secondary": PROMOTED}
_MOST = 0.8
_NCT = "NCT00000000"
_START, _BEFORE, _AFTER = "2000-01-01", "2010-01-01", "2011-01-01"

Outcomes = Sequence[dict[str, Any]]
Lists = Mapping[str, Outcomes]


def record(outcomes: Lists, updated: str, *, has_results: bool = False) -> TrialRecord:
    """Return a started trial that has these outcomes, by the names of the module's lists."""
    status = {
        "overallStatus": "ACTIVE_NOT_RECRUITING",
        "startDateStruct": {"date": _START, "type": "ACTUAL"},
        "lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"},
    }
    if has_results:
        status["resultsFirstPostDateStruct"] = {"date": updated, "type": "ACTUAL"}
    document = {
        "protocolSection": {
            "identificationModule": {"nctId": _NCT, "briefTitle": "A trial"},
            "statusModule": status,
            "outcomesModule": {name: list(items) for name, items in outcomes.items() if items},
        },
        "hasResults": has_results,
    }
    return TrialRecord(nct_id=_NCT, document=document)


def told(before: Lists, after: Lists, *, results_came: bool = False) -> tuple[ChangeEvent, ...]:
    """Return what the monitor says of the primary outcomes of two versions, noise left out."""
    old, new = record(before, _BEFORE), record(after, _AFTER, has_results=results_came)
    context = Context(
        old=old,
        new=new,
        version_date=date.fromisoformat(_AFTER),
        first_start_date=old.start_date,
        thresholds=ThresholdSettings(),
    )
    events = classify(diff(old, new), context)
    return tuple(e for e in events if e.kind in PRIMARY and e.severity is not Severity.NOISE)


def judge_changes(rows: Iterable[Row]) -> dict[str, list[Judged]]:
    """Return by the name of the question what the monitor and the raters say of each row."""
    found: dict[str, list[Judged]] = {}
    for row in rows:
        events = told(*sides(row), results_came=row["results_just_posted"])
        for question, judged in _answers(row, events):
            found.setdefault(question, []).append(judged)
    return found


def sides(row: Row) -> Iterator[Lists]:
    """Yield the outcome lists before and after the change."""
    for side in ("before", "after"):
        yield {f"{name}Outcomes": row[f"{name}_{side}"] for name in ("primary", "secondary")}


def _answers(row: Row, events: Sequence[ChangeEvent]) -> Iterator[tuple[str, Judged]]:
    worst = max((event.severity.rank for event in events), default=0)
    kinds = {event.kind for event in events}
    text = ", ".join(sorted(kind.removeprefix("primary_outcome_") for kind in kinds)) or "nothing"
    labels = ", ".join(row["labels"]) or "nothing"
    for question, least, expected in (
        ("major change", Severity.HIGH, row["major"]),
        ("critical", Severity.CRITICAL, row["major"]),
        ("any change", Severity.MEDIUM, row["any"]),
    ):
        is_told = worst >= least.rank
        cause = f"{text}: {cause_of(row)}" if is_told else f"was {labels}"
        yield question, Judged(expected, is_told, cause)
    for label, kind in _MOVES.items():
        name = kind.removeprefix("primary_outcome_")
        yield name, Judged(label in row["labels"], kind in kinds, f"told {text}")


def judge_pairs(rows: Iterable[Row]) -> list[Judged]:
    """Return for each pair of phrases whether it is one outcome: to the annotator, to the monitor.

    Each phrase is the only primary outcome of a version; they are one where none was dropped.
    """
    found = []
    for row in rows:
        one, other = ({"primaryOutcomes": [{"measure": row[side]}]} for side in ("one", "other"))
        is_one = all(event.kind is not DROPPED for event in told(one, other))
        found.append(Judged(row["same"], is_one, "other words" if row["same"] else "alike"))
    return found


def cause_of(row: Row) -> str:
    """Return what the two sides of a change differ in, in a word."""
    before, after = row["primary_before"], row["primary_after"]
    if len(before) != len(after):
        return "split or joined" if before else "none before"
    words = OutcomeWords(before, after)
    ours, theirs = (
        Bag({word: weight for one in side for word, weight in words.measure(one).weights.items()})
        for side in (before, after)
    )
    if ours.weights.keys() == theirs.weights.keys():
        return "the same content words"
    shares = ours.share_in(theirs), theirs.share_in(ours)
    if max(shares) > _MOST:
        return "said at more or less length"
    whole = [Bag({word: 1.0 for one in side for word in words.whole(one).weights})
             for side in (before, after)]  # fmt: skip
    if ours.share_in(whole[1]) > _MOST or theirs.share_in(whole[0]) > _MOST:
        return "moved to or from the description"
    return "other words"
