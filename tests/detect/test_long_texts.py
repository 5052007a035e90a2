"""Texts of any length are compared in a time that grows with them, not with their square."""

import copy
import math
import time
from collections.abc import Callable
from random import Random

import pytest

from monitor.detect.classify import classify
from monitor.detect.diff import diff
from monitor.detect.rules.base import Context
from monitor.model.record import TrialRecord
from monitor.model.text_diff import text_diff
from monitor.settings import ThresholdSettings
from tests.detect.examples import NCT, STUDY, VERSION_DATE, Document

_CHARACTERS = 40_000
_TIMES = 4
_LINEAR_WITH_NOISE = 2.0 * _TIMES  # a quadratic comparison takes 16 times as long
_SOON_S = 0.15
_ROUNDS = 6  # what else the machine does costs one measurement, not the least of some
_LONGER = 40  # each round's texts are longer by this: nothing of the last one's is remembered
_WORDS = [
    "patients",
    "with",
    "tumor",
    "not",
    "and",
    "history",
    "of",
    "the",
    "prior",
    "therapy",
    "within",
    "28",
    "days",
    "stage",
    "III",
    "adequate",
    "renal",
    "function",
    ">=",
    "10",
    "mg/dL",
    "following:",
]

Shape = Callable[[int], tuple[str, str]]


def words(characters: int, seed: int = 1) -> list[str]:
    random = Random(seed)  # noqa: S311 - a fixed series
    return [random.choice(_WORDS) for _ in range(characters // 7)]


def edited(all_words: list[str]) -> list[str]:
    return [f"other{n}" if n % 7 == 0 else word for n, word in enumerate(all_words)]


def repeated_words(characters: int) -> tuple[str, str]:
    before = words(characters)
    return " ".join(before), " ".join(edited(before))


def unique_words(characters: int) -> tuple[str, str]:
    before = [f"w{n}" for n in range(characters // 7)]
    return " ".join(before), " ".join(edited(before))


def one_word(characters: int) -> tuple[str, str]:
    return "a" * characters, "b" + "a" * (characters - 2) + "c"


def items(characters: int) -> tuple[str, str]:
    sides = (words(characters, seed) for seed in (1, 2))
    one, other = (
        "\n".join(f"* {' '.join(side[n : n + 6])}" for n in range(0, len(side), 6))
        for side in sides
    )
    return one, other


def labels_of_no_list(characters: int) -> tuple[str, str]:
    return "17) x\n" * (characters // 6), "18) x\n" * (characters // 6)


def headings(characters: int) -> tuple[str, str]:
    lines = characters // 20
    return "Inclusion Criteria:\n" * lines, "Exclusion Criteria:\n" * lines


def marks(characters: int) -> tuple[str, str]:
    return "> " * (characters // 2), "< " * (characters // 2)


SHAPES = (
    repeated_words, unique_words, one_word, items, labels_of_no_list, headings, marks
)  # fmt: skip
PLACES = {
    "eligibility criteria": ("eligibilityModule", "eligibilityCriteria"),
    "brief summary": ("descriptionModule", "briefSummary"),
    "primary outcome": ("outcomesModule", "primaryOutcomes", 0, "measure"),
    "arm": ("armsInterventionsModule", "armGroups", 0, "description"),
    "facility": ("contactsLocationsModule", "locations", 0, "facility"),
}


def seconds(place: tuple[str | int, ...], before: str, after: str) -> float:
    """Return the CPU seconds of comparing two versions that differ in one text."""
    old, new = record(place, before, "2026-02-12"), record(place, after, "2026-02-19")
    context = Context(
        old=old,
        new=new,
        version_date=VERSION_DATE,
        first_start_date=None,
        thresholds=ThresholdSettings(),
    )
    began = time.process_time()
    assert classify(diff(old, new), context)
    return time.process_time() - began


def record(place: tuple[str | int, ...], text: str, updated: str) -> TrialRecord:
    document: Document = copy.deepcopy(STUDY)
    status = document["protocolSection"]["statusModule"]
    status["lastUpdatePostDateStruct"] = {"date": updated, "type": "ACTUAL"}
    holder = document["protocolSection"]
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = text
    return TrialRecord(nct_id=NCT, document=document)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__.replace("_", " "))
def test_a_text_four_times_as_long_takes_four_times_as_long(place: str, shape: Shape) -> None:
    short_s = long_s = math.inf
    for number in range(_ROUNDS):
        characters = _CHARACTERS + number * _LONGER
        short_s = min(short_s, seconds(PLACES[place], *shape(characters)))
        long_s = min(long_s, seconds(PLACES[place], *shape(_TIMES * characters)))
        if long_s < max(_SOON_S, _LINEAR_WITH_NOISE * short_s):
            return
    pytest.fail(f"{short_s:.3f} s, {long_s:.3f} s")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__.replace("_", " "))
def test_the_words_of_a_text_of_half_a_megabyte_are_compared_within_seconds(shape: Shape) -> None:
    before, after = shape(560_000)
    began = time.process_time()
    segments = text_diff(before, after)
    assert time.process_time() - began < 5
    assert "".join(text for op, text in segments if op != "added") == before
    assert "".join(text for op, text in segments if op != "removed") == after


def test_one_edited_line_of_the_longest_criteria_that_the_registry_takes_is_an_edit() -> None:
    before, _ = unique_words(19_000)
    assert [op for op, _ in text_diff(before, f"{before} too")] == ["same", "added"]
