"""What an event says in one line shows the words that changed: never two halves that look alike."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.rules.values import arrow, replacement_text
from monitor.detect.texts import same_words
from tests.detect.examples import events, study, updated

ARROW = " → "
WORDS = [
    "participants", "receive", "the", "study", "drug", "once", "a", "day", "by", "mouth", "in",
    "morning", "after", "light", "meal", "and", "are", "seen", "until", "progression", "death",
]  # fmt: skip
QUOTED = re.compile("“([^“”]*)”" + ARROW + "“([^“”]*)”")


def halves(summary: str) -> list[tuple[str, str]]:
    """Return what stands before and behind each arrow."""
    if "“" in summary:
        return QUOTED.findall(summary)
    before, arrow_, after = summary.partition(ARROW)
    return [(before, after)] if arrow_ else []


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(" ".join)
small = st.sampled_from(
    [".", ",", " -", "s", "2", " not", "é", "\u200b", " (a)", "µ", "μ", ">=", "≥"]
)


@given(texts, st.integers(0, 600), small, st.integers(0, 3))
def test_an_edit_of_a_letter_or_mark_is_seen(text: str, at: int, more: str, less: int) -> None:
    place = min(at, len(text))
    other = text[:place] + more + text[place + less :]
    for output in (arrow(text, other), replacement_text(text, other)):
        assert len(output) < 420
        for before, after in halves(output) if text != other else ():
            assert before != after
            assert not same_words(before, after) or same_words(text, other)


@given(st.text("ab", min_size=150, max_size=300), st.sampled_from("xyz"))
def test_one_letter_of_a_word_without_end_is_seen(text: str, letter: str) -> None:
    for other in (f"{text}{letter}", f"{text[:-1]}{letter}", f"{text[:140]}{letter}{text[140:]}"):
        output = arrow(f"see {text}", f"see {other}")
        one, _, two = output.partition(ARROW)
        assert letter in output
        assert one != two


@pytest.mark.parametrize(
    ("before", "after"),
    [("240", 240), (True, "yes"), (None, "(none)"), (["a", "b"], ["a, b"]), (1, True),
     ({"name": "A", "n": 1}, {"name": "A", "n": 2}), ("A  B", "A B"), ("A\u200bB", "AB")],
    ids=str,
)  # fmt: skip
def test_values_that_are_written_alike_are_told_apart(before: Any, after: Any) -> None:
    one, _, two = arrow(before, after).partition(ARROW)
    assert one != two


BEGINNING = f"{' '.join(WORDS)} {' '.join(WORDS[::-1])}"


def _paths(shared_data: Path) -> list[str]:
    """Return all text fields of the registry's own document, but enumerations and dates."""
    with (shared_data / "ctgov/spec/study_fields_2.0.5.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    return [
        row["path"]
        for row in rows
        if row["type"] == "string" and not (row["enum"] or row["format"] or row["schema"])
    ]


# What is told by how many there are, with the words behind it.
COUNTED = ("Results: ", "Contacts changed: ", "Eligibility criteria: ", "1 study document ")
_OF_COUNTRIES = {"site_removed", "country_removed"}


def _with(path: str, text: str) -> dict[str, Any]:
    """Return the made-up trial with one text; a list on the way has one item, named by it alone."""
    document = updated() if text.endswith("zebra") else study()
    place: Any = document
    *way, last = path.split(".")
    for name in way:
        inner = place.setdefault(name.removesuffix("[]"), [{}] if name.endswith("[]") else {})
        place = inner[0] if name.endswith("[]") else inner
    place[last.removesuffix("[]")] = [text] if last.endswith("[]") else text
    return document


def test_every_text_of_the_registry_shows_the_words_that_changed(shared_data: Path) -> None:
    paths = _paths(shared_data)
    assert len(paths) > 100
    failed = []
    for path in paths:
        found = events(_with(path, f"{BEGINNING} horse"), _with(path, f"{BEGINNING} zebra"))
        for event in found:
            pairs = halves(event.summary)
            if any(before == after for before, after in pairs):
                failed.append(f"{path}: {event.summary}")
            counted = event.summary.startswith(COUNTED)
            is_shown = "zebra" in event.summary or "changed)" in event.summary or counted
            if not (is_shown or event.severity == "noise" or event.kind in _OF_COUNTRIES):
                failed.append(f"{path}: {event.summary}")
    assert failed == []
