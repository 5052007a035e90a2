"""Eligibility criteria: what is taken apart, what is one in other words, and what it weighs."""

import csv
import gzip
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.detect.criteria import compare
from monitor.detect.outline import items
from monitor.detect.texts import wording
from monitor.model import fields
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.record import TrialRecord
from monitor.parsers.base import parse
from tests.detect.examples import compared, events, study, the, updated
from tests.parsers.raws import raw
from tests.records import record, snapshot_series

CRITERIA = "eligibilityModule.eligibilityCriteria"
HIGH, MEDIUM, LOW, NOISE = Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.NOISE


def weighed(before: str, after: str) -> Severity:
    found = events(study({CRITERIA: before}), updated({CRITERIA: after}))
    path = fields.dotted(fields.ELIGIBILITY_CRITERIA)
    return next((one.severity for one in found if one.path == path), NOISE)


def texts(text: str) -> list[str]:
    return [item.text for item in items(text)]


@pytest.mark.parametrize(
    "line",
    [
        "22.History of stroke. 23.Pregnant or lactating. 24.Smoking",
        "22. History of stroke.23.Pregnant or lactating.24.Smoking",
        "(1) History of stroke. (2) Pregnant or lactating. (3) smoking",
        "1) History of stroke. 2) Pregnant or lactating. 3) Smoking",
        "21.Gout\n22.History of stroke. 23.Pregnant or lactating.\n24.Smoking",
        "(a) History of stroke (b) pregnant or lactating (c) smoking",
        "• History of stroke • Pregnant or lactating • Smoking",
        "Exclusion Criteria: 1. History of stroke 2. Pregnant or lactating 3. Smoking",
    ],
    ids=[
        "dots",
        "glued",
        "parentheses",
        "half parentheses",
        "lines too",
        "letters",
        "bullets",
        "under a heading",
    ],
)
def test_items_that_run_on_in_one_line_are_taken_apart(line: str) -> None:
    found = [wording(text) for text in texts(line)]
    assert found[-3:] == ["history of stroke", "pregnant or lactating", "smoking"]


def test_a_heading_in_the_midst_of_a_line_begins_its_section() -> None:
    line = "Inclusion Criteria: 1. Asthma. 2. Gout. Exclusion Criteria: 1. Stroke. 2. Smoking"
    assert [(item.section, item.text) for item in items(line)] == [
        ("inclusion", "Asthma."),
        ("inclusion", "Gout."),
        ("exclusion", "Stroke."),
        ("exclusion", "Smoking"),
    ]
    (item,) = items("Does not meet the Inclusion Criteria: asthma")
    assert item.section == ""


@pytest.mark.parametrize(
    "line",
    [
        "1. Toxicity of grade 2. Patients with grade 3. Toxicity are excluded",
        "1. Angina of NYHA 2 (3) or stroke",
        "Bleeding 2.5. Times the norm",
        "Seen at visit 1. Patients of visit 2. Are excluded",
        "Infection with HIV 1. Other viruses",
    ],
)
def test_a_number_that_counts_no_items_parts_none(line: str) -> None:
    (item,) = texts(line)
    assert re.findall(r"\d", item) == re.findall(r"\d", re.sub(r"^1\. ", "", line))


def test_a_label_without_a_space_is_no_word_of_the_item() -> None:
    assert texts("1.Asthma\n2.Patients who smoke") == ["Asthma", "Patients who smoke"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("* A stroke. Severe asthma. Gout of the hand.",
         "* A stroke.\n* Severe asthma.\n* Gout of the hand."),
        ("1. History of stroke\n2. Severe asthma", "3. History of stroke. 4. Severe asthma"),
        ("* Women and men\n* Gout of the hand and severe asthma",
         "* Women and men\n* Gout of the hand\n* Severe asthma"),
        ("Contraindications: stroke, severe asthma, gout",
         "* Contraindications: stroke\n* severe asthma\n* gout"),
        ("* Lupus. Severe asthma.\n* Gout.", "* Lupus.\n* Severe asthma. Gout."),
    ],
    ids=["sentences", "run-ins", "joined", "listed", "sentences that change items"],
)  # fmt: skip
def test_items_that_are_joined_or_parted_are_no_change(one: str, other: str) -> None:
    assert not compare(one, other)
    assert not compare(other, one)
    assert weighed(one, other) is NOISE


def test_a_sentence_more_is_an_edit_of_its_item() -> None:
    (edit,) = compare(
        "* Severe asthma.\n* Gout", "* Severe asthma. Mild asthma is allowed.\n* Gout"
    ).edited
    assert (edit.before.text, edit.after.text) == (
        "Severe asthma.", "Severe asthma. Mild asthma is allowed.",
    )  # fmt: skip


def test_what_is_new_among_joined_items_is_told_alone() -> None:
    found = compare("* A stroke.\n* Severe asthma.", "* A stroke. Severe asthma. Gout of the hand.")
    assert [item.text for item in found.added] == ["Gout of the hand."]
    assert found.count == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Has history of pneumonitis that required steroids or has current pneumonitis",
         "Has any history of pneumonitis irrespective of steroid use, or current pneumonitis"),
        ("Known praechromocytome", "Known phaeochromocytoma"),
        ("Subjects who smoke tobacco", "Tobacco smoking by the participant"),
    ],
    ids=["reworded", "misspelt", "other order"],
)  # fmt: skip
def test_an_item_in_other_words_is_edited(one: str, other: str) -> None:
    found = compare(f"* {one}\n* Gout", f"* Gout\n* {other}")
    assert (len(found.edited), found.count) == (1, 1)


def test_a_shorter_item_that_a_longer_one_says_was_not_dropped() -> None:
    assert not compare("* Severe asthma\n* Severe asthma or eczema", "* Severe asthma or eczema")


def test_an_item_that_a_longer_one_only_mentions_was_dropped() -> None:
    found = compare("* Pregnancy\n* Negative pregnancy test", "* Negative pregnancy test")
    assert [item.text for item in found.dropped] == ["Pregnancy"]
    found = compare("* Active HIV\n* Pregnancy", "* A negative pregnancy test and an HIV test")
    assert found.count >= len(["Active HIV", "Pregnancy"])


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        ("Age of 18 years", "Age of 16 years", HIGH),
        ("HbA1c > 7 %", "HbA1c ≥ 7 %", HIGH),
        ("Steroids within 4 weeks", "Steroids within two weeks", HIGH),
        ("Prior NIV", "Prior NIV in the last 14 days", HIGH),
        ("Prior surgery is allowed", "Prior surgery is not allowed", HIGH),
        ("Severe asthma\n* Gout", "Severe asthma\n* Gout\n* Pre-stroke mRS score ≥ 4", HIGH),
        ("Severe asthma", "Severe allergic asthma", MEDIUM),
        ("Severe asthma\n* Gout", "Severe asthma", MEDIUM),
        ("Toxicity by CTCAE version 4", "Toxicity by CTCAE version 5", MEDIUM),
        ("HER2 negative cancer", "Growth factor receptor (HER) 2 negative cancer", MEDIUM),
        ("ECOG1 by the doctor", "ECOG 2 by a doctor", HIGH),
        ("Steroids within 4 weeks", "Steroids within 4 months", HIGH),
        ("Steroids every week", "Steroids every single week", MEDIUM),
        ("Age >= 18 years", "Age of at least 18 years", MEDIUM),
        ("Aged 18 to 65 years", "Age 18-65 years", MEDIUM),
        ("Age 18-65 years", "Age 18-75 years", HIGH),
        ("No more than 2 relapses", "Two relapses or less", MEDIUM),
        ("No more than 2 relapses", "More than 2 relapses", HIGH),
        ("Severe asthma, gout", "severe asthma gout.", NOISE),
    ],
    ids=["age", "comparison", "wash-out", "time added", "turned round", "limit added", "word",
         "item dropped", "version", "name written out", "another stage",
         "unit of time", "unit kept", "comparison in words", "range in words", "range",
         "number in words", "comparison turned round", "marks"],
)  # fmt: skip
def test_a_change_weighs_what_it_does(before: str, after: str, severity: Severity) -> None:
    assert weighed(f"* {before}", f"* {after}") is severity


def test_many_items_weigh_more_than_few() -> None:
    names = ["Asthma", "Lupus", "Gout", "Eczema", "Smoking"]
    assert weighed("* Stroke", "\n* ".join(["* Stroke", *names[:4]])) is MEDIUM
    assert weighed("* Stroke", "\n* ".join(["* Stroke", *names])) is HIGH


def test_many_items_in_another_tense_weigh_no_more_than_one() -> None:
    names = ["severe asthma", "active lupus", "acute gout", "atopic eczema", "a smoking habit"]
    one, other = (
        "\n* ".join(["* Stroke", *(f"{words} {name}" for name in names)])
        for words in ("Patients have", "Participants had")
    )
    assert weighed(one, other) is MEDIUM


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Inclusion criteria for part A", "Inclusion criteria for cohort A"),
        ("Disease characteristics:", "Characteristics of the disease:"),
        ("Cardiac:", ""),
    ],
)
def test_headings_are_no_criteria(one: str, other: str) -> None:
    found = compare(f"{one}\n* Severe asthma", f"{other}\n* Severe asthma")
    assert found
    assert not found.count
    assert weighed(f"{one}\n* Severe asthma", f"{other}\n* Severe asthma") is LOW


def test_a_line_that_says_how_the_others_count_is_a_criterion() -> None:
    assert compare("One of the following:\n* X\n* Y", "All of the following:\n* X\n* Y").count == 1


def _case(shared_data: Path, name: str) -> tuple[TrialRecord, TrialRecord]:
    folder = shared_data / "cases" / name
    one, other = (parse(raw((folder / f"v{n}.json").read_bytes())) for n in (1, 2))
    return one, other


def _eligibility(found: tuple[ChangeEvent, ...]) -> ChangeEvent:
    return the(ChangeKind.ELIGIBILITY_CHANGED, found)


def test_capitals_a_sign_and_breaks_are_at_most_one_edit(shared_data: Path) -> None:
    event = _eligibility(compared(*_case(shared_data, "21-criteria-run-in"))[1])
    assert [event.facts[name] for name in ("added", "dropped", "moved")] == [[], [], []]
    (edit,) = event.facts["edited"]
    assert edit["after"].endswith("lymph node, the short diameter was > 1.5cm.")


def test_the_reworded_lung_criterion_is_an_edit(shared_data: Path) -> None:
    one, other = snapshot_series(shared_data)["NCT06203210"][:2]
    pairs = [_case(shared_data, "20-letter-case-in-arms"), (record(one), record(other))]
    for old, new in pairs:
        facts = _eligibility(compared(old, new)[1]).facts
        assert facts["dropped"] == []
        assert any("ILD" in edit["before"] and "ILD" in edit["after"] for edit in facts["edited"])


def _versions(shared_data: Path) -> Iterator[tuple[str, str]]:
    path = shared_data / "ctgov" / "history" / "cthist_versions_140_trials.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for one, other in pairwise(csv.DictReader(lines)):
            if one["nctid"] == other["nctid"] and one["criteria"] != other["criteria"]:
                yield _text(one["criteria"]), _text(other["criteria"])


def _text(criteria: str) -> str:
    return "\n".join(json.loads(criteria)) if criteria.startswith("[") else criteria


def test_nothing_that_still_stands_is_told_as_dropped_or_added(shared_data: Path) -> None:
    status = []
    pairs = list(_versions(shared_data))
    for before, after in pairs:
        found = compare(before, after)
        for some, text in ((found.dropped, after), (found.added, before)):
            output = " ".join(re.findall(r"\w+", text.casefold()))
            words = (" ".join(re.findall(r"\w+", item.text.casefold())) for item in some)
            status += [one for one in words if f" {one} " in f" {output} "]
    assert len(pairs) == 63
    assert status == []
