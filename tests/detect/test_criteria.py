"""Eligibility criteria, item by item."""

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.criteria import Criterion, compare, items
from monitor.detect.texts import plain
from monitor.model import fields
from tests.detect.examples import shuffled
from tests.records import record, sample

RECORDS = 60
HEADING_WORDS = {"inclusion", "exclusion", "criteria", "key", "main", "general"}
LINES = st.lists(
    st.sampled_from(
        ["Inclusion Criteria:", "Exclusion Criteria:", "Age >= 18 years", "Age >= 65 years",
         "Pregnancy", "Pregnancy or lactation", "Asthma for one year", "Smoking", ""]
    ),
    max_size=12,
).map("\n* ".join)  # fmt: skip


def said(text: str) -> list[tuple[str, str]]:
    return [(item.section, item.text) for item in items(text)]


def test_headings_set_the_section_and_markers_do_not_count() -> None:
    text = "Inclusion Criteria:\n\n* 18 years\n1. Asthma\n\nExclusion Criteria:\n\n- Smoking"
    assert said(text) == [
        ("inclusion", "18 years"),
        ("inclusion", "Asthma"),
        ("exclusion", "Smoking"),
    ]


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("Inclusion Criteria:", "inclusion"),
        ("EXCLUSION CRITERIA", "exclusion"),
        ("Key Inclusion Criteria :", "inclusion"),
        ("- Main exclusion criteria", "exclusion"),
        ("Exclusion:", "exclusion"),
        ("Non-inclusion criteria:", "exclusion"),
        ("Patient Exclusion Critieria:", "exclusion"),
    ],
)
def test_a_bare_heading_is_no_item(heading: str, section: str) -> None:
    assert said(f"{heading}\n* One") == [(section, "One")]


@pytest.mark.parametrize(
    ("line", "section", "item"),
    [
        ("Exclusion criteria: pregnancy", "exclusion", "pregnancy"),
        ("Inclusion Criteria for Part C", "inclusion", "Inclusion Criteria for Part C"),
        ("Cohort B specific exclusion criteria:", "exclusion",
         "Cohort B specific exclusion criteria:"),
        ("Exclusion Criteria (Controls):", "exclusion", "Exclusion Criteria (Controls):"),
    ],
)  # fmt: skip
def test_a_heading_that_says_more_keeps_its_words(line: str, section: str, item: str) -> None:
    assert said(f"{line}\n* One") == [(section, item), (section, "One")]


@pytest.mark.parametrize(
    "line",
    [
        "Other protocol-defined exclusion criteria may apply.",
        "Does not meet inclusion criteria",
        "Note: See exclusion criterion #11",
        "Inclusion in another trial",
        "Exclusion of pregnancy by a test",
    ],
)
def test_a_sentence_about_criteria_is_an_item(line: str) -> None:
    assert said(f"Inclusion Criteria:\n* {line}\n* One") == [
        ("inclusion", line),
        ("inclusion", "One"),
    ]


@given(LINES, LINES)
def test_what_was_there_less_what_went_is_what_is_there_less_what_came(
    before: str, after: str
) -> None:
    found = compare(before, after)
    old, new = sorted(items(before)), sorted(items(after))
    for item in [*found.dropped, *(edit.before for edit in found.edited + found.moved)]:
        old.remove(item)
    for item in [*found.added, *(edit.after for edit in found.edited + found.moved)]:
        new.remove(item)
    # What stood under no heading may stand under "inclusion" now.
    assert sorted(item.text for item in old) == sorted(item.text for item in new)


@given(LINES)
def test_items_in_another_order_are_not_a_change(text: str) -> None:
    head, *lines = text.split("\n")
    if not any("clusion" in line for line in lines):
        assert not compare(text, "\n".join([head, *shuffled(lines, 1)]))


def test_an_edited_item_tells_the_words_that_changed() -> None:
    (edit,) = compare("* Age >= 18 years\n* Asthma", "* Asthma\n* Age >= 65 years").edited
    assert edit.words == (
        ("same", "Age >= "), ("removed", "18"), ("added", "65"), ("same", " years"),
    )  # fmt: skip


def test_each_item_finds_the_one_most_like_itself() -> None:
    old = "* HbA1c above 7.5 % at screening\n* LDL above 100 mg/dl at screening"
    new = "* LDL above 130 mg/dl at screening\n* HbA1c above 7.0 % at screening"
    found = compare(old, new)
    assert {(edit.before.text[:3], edit.after.text[:3]) for edit in found.edited} == {
        ("HbA", "HbA"),
        ("LDL", "LDL"),
    }
    assert not found.added
    assert not found.dropped


def test_items_of_nothing_in_common_are_dropped_and_added() -> None:
    found = compare("* Asthma", "* Written informed consent")
    assert found.dropped == [Criterion("", "Asthma")]
    assert found.added == [Criterion("", "Written informed consent")]
    assert not found.edited


def test_an_item_that_changes_sides_has_moved() -> None:
    found = compare(
        "Inclusion Criteria:\n* Smoking\nExclusion Criteria:\n* Age",
        "Inclusion Criteria:\nExclusion Criteria:\n* Age\n* Smoking",
    )
    assert [(edit.before.section, edit.after.section) for edit in found.moved] == [
        ("inclusion", "exclusion")
    ]


def test_a_heading_put_above_the_first_items_moves_none() -> None:
    assert not compare("* Asthma\n* Age", "Inclusion Criteria:\n* Asthma\n* Age")


@pytest.mark.parametrize(
    "after",
    ["* known asthma, treated\n* Age > 1.5 years", "* Known asthma treated.\n* Age > 1.5 years;"],
)
def test_a_capital_or_a_moved_comma_changes_no_item(after: str) -> None:
    assert not compare("* Known asthma treated\n* Age > 1.5 years", after)


@pytest.mark.parametrize("after", ["* Age > 15 years", "* Age < 1.5 years", "* Age > 1,5 years"])
def test_a_sign_or_a_point_in_a_number_changes_the_item(after: str) -> None:
    assert compare("* Age > 1.5 years", after).edited


def test_an_item_stated_twice_and_then_once_was_dropped_once() -> None:
    assert compare("* One\n* One", "* One").dropped == [Criterion("", "One")]


def test_no_word_of_a_real_text_is_lost(shared_data: Path) -> None:
    for document in sample(shared_data, RECORDS):
        text = record(document).text(fields.ELIGIBILITY_CRITERIA) or ""
        words = re.findall(r"\w+", plain(text).casefold())
        kept = re.findall(r"\w+", " ".join(item.text for item in items(text)).casefold())
        lost = Counter(word for word in words if len(word) > 2) - Counter(kept)
        assert set(lost) <= HEADING_WORDS


def test_a_real_text_does_not_differ_from_itself(shared_data: Path) -> None:
    for document in sample(shared_data, RECORDS):
        text = record(document).text(fields.ELIGIBILITY_CRITERIA) or ""
        assert not compare(text, "\n".join(text.split("\n")))


def test_long_texts_that_change_throughout_take_no_seconds() -> None:
    words = [f"word{number}" for number in shuffled(range(800), 1)]
    lines = [" ".join(shuffled(words, seed)[:25]) for seed in range(300)]
    others = [line.replace("word1", "other") for line in lines]
    started = time.process_time()
    assert compare("\n".join(lines), "\n".join(others))
    assert compare(" ".join(lines), " ".join(others))
    assert time.process_time() - started < 15
