"""Eligibility criteria, item by item."""

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.criteria import compare
from monitor.detect.outline import Criterion, items
from monitor.detect.texts import plain
from monitor.model import fields
from tests.detect.examples import shuffled
from tests.records import record, sample

RECORDS = 60
HEADING_WORDS = {"inclusion", "exclusion", "excluded", "criteria", "key", "main", "general"}
LINES = st.lists(
    st.sampled_from(
        ["Inclusion Criteria:", "Exclusion Criteria:", "Age >= 18 years", "Age >= 65 years",
         "Pregnancy", "Pregnancy or lactation", "Asthma for one year", "Smoking", ""]
    ),
    max_size=12,
).map("\n* ".join)  # fmt: skip


def list_items(text: str) -> list[tuple[str, str]]:
    return [(item.section, item.text) for item in items(text)]


def test_headings_set_the_section_and_markers_do_not_count() -> None:
    text = "Inclusion Criteria:\n\n* 18 years\n1. Asthma\n\nExclusion Criteria:\n\n- Smoking"
    assert list_items(text) == [
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
        ("Excluded:", "exclusion"),
        ("Not eligible:", "exclusion"),
        ("Ineligible:", "exclusion"),
        ("Eligible:", "inclusion"),
    ],
)
def test_a_bare_heading_is_no_item(heading: str, section: str) -> None:
    assert list_items(f"{heading}\n* One") == [(section, "One")]


@pytest.mark.parametrize(
    ("line", "section", "item"),
    [
        ("Exclusion criteria: pregnancy", "exclusion", "pregnancy"),
        ("Inclusion Criteria for Part C", "inclusion", "Inclusion Criteria for Part C"),
        ("Cohort B specific exclusion criteria:", "exclusion",
         "Cohort B specific exclusion criteria:"),
        ("Exclusion Criteria (Controls):", "exclusion", "Exclusion Criteria (Controls):"),
        ("Exclusion: pregnancy", "exclusion", "pregnancy"),
        *(
            (line, section, line)
            for section, line in (
                ("inclusion", "Patients will be included if they have:"),
                ("inclusion", "Participants must meet all the following criteria to be eligible:"),
                ("exclusion", "Patients will be excluded if they have:"),
                ("exclusion", "A subject will not be eligible for inclusion if any apply:"),
                ("exclusion", "Women were ineligible if they:"),
                ("exclusion", "Subjects with any of the following will NOT be eligible:"),
                ("exclusion", "Any of the following would exclude the subject from the study:"),
            )
        ),
    ],
)  # fmt: skip
def test_a_heading_that_says_more_keeps_its_words(line: str, section: str, item: str) -> None:
    assert list_items(f"{line}\n* One") == [(section, item), (section, "One")]


@pytest.mark.parametrize(
    "line",
    [
        "Other protocol-defined exclusion criteria may apply.",
        "Does not meet inclusion criteria",
        "Note: See exclusion criterion #11",
        "Inclusion in another trial",
        "Exclusion of pregnancy by a test",
        "Patients with asthma are excluded if:",
        "Children under the age of 18 will be excluded",
    ],
)
def test_a_sentence_about_criteria_is_an_item(line: str) -> None:
    assert list_items(f"Inclusion Criteria:\n* {line}\n* One") == [
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
    # What stood under no heading may stand under "inclusion" now; what stands in a longer item of
    # the other side was not dropped.
    left, right = (Counter(item.text for item in side) for side in (old, new))
    assert all(_within(text, items(after)) for text in (left - right))
    assert all(_within(text, items(before)) for text in (right - left))


def _within(text: str, others: list[Criterion]) -> bool:
    return any(text in other.text and text != other.text for other in others)


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


def test_an_item_that_goes_on_is_edited_however_much_it_says_then() -> None:
    # As NCT00324311 and NCT01495702 did.
    before = "Study treatment of perineal and/or genital burns"
    after = (
        f"{before} (A patient with these wounds may be enrolled but the wounds may not be "
        "designated as target wounds)"
    )
    found = compare(f"* {before},\n* Asthma", f"* Asthma\n* {after},")
    (edit,) = found.edited
    assert (edit.before.text, edit.after.text) == (f"{before},", f"{after},")
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


_HALVES = "{0}\n\n* Lupus\n* {2}\n\n{1}\n\n* HIV\n* {3}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("* At least one of the following:", "* All of the following:"),
        ("Einschlusskriterien:", "Ausschlusskriterien:"),
        ("Inclusion criteria for part A", "Inclusion criteria for part B"),
        ("Inclusion Criteria:\n\nCohort A:", "Cohort B:"),
    ],
)
def test_an_item_that_comes_to_stand_under_another_line_has_moved(one: str, other: str) -> None:
    before = _HALVES.format(one, other, "Asthma\n* Gout", "Age")
    found = compare(before, _HALVES.format(one, other, "Gout", "Asthma\n* Age"))
    (moved,) = found.moved
    assert moved.after.text == "Asthma"
    assert moved.before.under[0] in one
    assert moved.after.under[0] in other
    assert [found.added, found.dropped, found.edited] == [[], [], []]


def test_lines_that_change_places_move_what_stands_under_them() -> None:
    before, after = "One of:\n* X\n* Y\nAll of:\n* Z", "All of:\n* X\n* Y\nOne of:\n* Z"
    assert {edit.after.text for edit in compare(before, after).moved} == {"X", "Y", "Z"}


def test_an_item_that_leaves_an_indented_list_has_moved() -> None:
    before = "* One of the following:\n    * ANA\n    * dsDNA\n* SLEDAI\n* Consent"
    after = "* One of the following:\n    * ANA\n* SLEDAI\n* Consent\n* dsDNA"
    (moved,) = compare(before, after).moved
    assert (moved.before.under, moved.after.under) == (("One of the following:",), ())


@pytest.mark.parametrize(
    "after",
    [
        "One of:\n* Y\n* X\nAll of:\n* Z",
        "One of:\n    1. X\n    2. Y\n\nAll of:\n    1. Z",
        "All of:\n* Z\nOne of:\n* X\n* Y",
        "* One of:\n* X\n* Y\n* All of\n* Z",
        "One of\nX\nY\nAll of\nZ",
    ],
)
def test_another_order_or_layout_below_one_line_moves_nothing(after: str) -> None:
    assert not compare("* One of:\n    * X\n    * Y\n* All of:\n    * Z", after)


def test_a_line_put_above_items_or_reworded_moves_none_of_them() -> None:
    before = "One of these:\n* X\n* Y\n* Z"
    assert not compare(before, "Any one of these:\n* Y\n* X\n* Z").moved
    assert not compare(before, "One of these:\n* X\nAll of these:\n* Z\n* Y").moved


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Age:\n\n18\\) to 65 years", "Age:\n\n16\\) to 65 years"),
        ("Age:\n18. or older\nx", "Age:\n21. or older\nx"),
        ("1. A\n2. B\nStage:\nb) or higher", "1. A\n2. B\nStage:\nc) or higher"),
        ("BMI:\n18.5) to 25", "BMI:\n19.5) to 25"),
    ],
)
def test_a_number_that_counts_no_items_is_part_of_one(before: str, after: str) -> None:
    assert len(compare(before, after).edited) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the patient's 'own' choice", "the patient\u2019s \u2018own\u2019 choice"),
        ('a "known" allergy', "a \u201cknown\u201d allergy"),
        ("Age >= 18", "Age \u226518"), ("BMI <= 30 kg / m2", "BMI \u2264 30kg/m2"),
        ("10 mg / kg", "10mg/kg"), ("18-65 years", "18 \u2013 65 years"), ("> 5 %", ">5%"),
        ("T-score > -2.5", "T\u2010score > \u22122.5"),
    ],
)  # fmt: skip
def test_other_typography_changes_no_item(one: str, other: str) -> None:
    assert not compare(f"* {one}", f"* {other}")
    assert not compare(f"* {other}", f"* {one}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Age < 18", "Age \u2264 18"), ("Age >= 18", "Age > 18"), ("10 mg", "100 mg"),
        ("10 mg", "10 g"), ("> -2.5", "> 2.5"), ("1 0 mg", "10 mg"), ("HER2-", "HER2+"),
    ],
)  # fmt: skip
def test_another_sign_number_or_unit_changes_the_item(one: str, other: str) -> None:
    assert compare(f"* {one} at screening", f"* {other} at screening").edited


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


LISTED = (
    "Inclusion Criteria:\n\n* Age \\>= 18 years\n* Asthma for a year\n* Signed consent\n\n"
    "Exclusion Criteria:\n\n* Pregnancy\n* Smoking"
)


@pytest.mark.parametrize(
    ("inclusion", "exclusion"),
    [
        (
            "Inclusion Criteria: 1. Age >= 18 years 2. Asthma for a year 3. Signed consent ",
            "Exclusion criteria: 1. Pregnancy 2. Smoking",
        ),
        (
            "Inclusion Criteria: - Age >= 18 years - Asthma for a year - Signed consent ",
            "Exclusion Criteria: - Pregnancy - Smoking",
        ),
        (
            "INCLUSION CRITERIA a. Age >= 18 years b. Asthma for a year c. Signed consent ",
            "EXCLUSION CRITERIA a. Pregnancy b. Smoking",
        ),
        (
            "Inclusion: a) Age >= 18 years b) Asthma for a year c) Signed consent. ",
            "Exclusion: a) Pregnancy b) Smoking",
        ),
        (
            "Inclusion Criteria:\n1)Age >= 18 years, 2)asthma for a year, 3) Signed consent\n",
            "Exclusion Criteria:\n(1) Pregnancy, (2) Smoking",
        ),
        (
            "# Inclusion Criteria\n+ Age >= 18 years\n+ Asthma for a year\n+ Signed consent\n",
            "# Exclusion Criteria\n\u2212 Pregnancy\n\u2212 Smoking",
        ),
    ],
)
def test_any_way_to_run_items_and_sections_into_lines_changes_no_criterion(
    inclusion: str, exclusion: str
) -> None:
    assert not compare(LISTED, inclusion + exclusion)
    assert not compare(inclusion + exclusion, LISTED)


@pytest.mark.parametrize(
    "line",
    [
        "Patients who meet any of the Exclusion Criteria: none",
        "ANC > 1.5 * ULN - Upper limit",
        "Hepatitis (e.g. B. or C.), i.e. Patients with grade 2. Patients of week 4. Others",
        "Vitamin D. Patients on 5 mg a. Others",
    ],
)
def test_what_only_looks_like_a_list_is_one_item(line: str) -> None:
    assert [item.text for item in items(line)] == [line]
