"""What texts have in common by their content words."""

import pytest

from monitor.detect.contradictions import contradict
from monitor.detect.likeness import WordWeights
from monitor.detect.stems import stem

ALONE = WordWeights()


def likeness(one: str, other: str, vocabulary: WordWeights = ALONE) -> float:
    return vocabulary.bag(one).likeness(vocabulary.bag(other))


@pytest.mark.parametrize(
    "words",
    [
        "toxicity toxicities toxic",
        "progression progressing progressed",
        "randomization randomisation randomised",
        "death deaths died deceased",
        "tumor tumour tumors",
        "anemia anaemia",
        "response responses responders",
        "relapse relapses recurrence",
    ],
)
def test_forms_of_a_word_have_one_stem(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 1


@pytest.mark.parametrize(
    "pair", ["mortality morbidity", "renal retinal", "week0 week8", "hip hips1"]
)
def test_other_words_have_other_stems(pair: str) -> None:
    one, other = pair.split()
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The primary efficacy endpoint is the proportion of patients with relapse", "Relapse"),
        ("Number of participants with a stroke", "Incidence of strokes among the subjects"),
        ("Progression-free survival", "PFS"),
        ("Pain on the visual analogue scale", "VAS pain"),
        ("Survival without stroke", "Stroke: survival, without"),
    ],
)
def test_what_is_counted_and_how_it_is_said_makes_no_difference(one: str, other: str) -> None:
    assert likeness(one, other) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Overall survival", "Progression-free survival"),
        ("Disease-free survival", "Progression-free survival"),
        ("Body height", "Body mass index"),
        ("Pain at rest", "Walking distance"),
    ],
)
def test_other_outcomes_have_little_in_common(one: str, other: str) -> None:
    assert likeness(one, other) < 0.35


def test_an_abbreviation_means_what_the_record_says() -> None:
    assert likeness("Rate of XYZ", "Xenon yield zone") == 0
    spelled = WordWeights((), glossary=["The xenon yield zone (XYZ) is read twice."])
    assert likeness("Rate of XYZ", "Xenon yield zone", spelled) == 1


def test_a_word_of_many_texts_of_a_record_tells_less() -> None:
    texts = [
        f"Antibody level against {virus}" for virus in ("measles", "mumps", "rubella", "polio")
    ]
    among_many = WordWeights(texts)
    assert likeness(texts[0], texts[1], among_many) < likeness(texts[0], texts[1])


def test_a_text_of_counting_words_alone_is_told_by_them() -> None:
    assert likeness("Overall number of subjects", "Overall number of subjects") == 1
    assert likeness("", "Pain") == 0


def test_how_much_of_a_text_stands_in_another() -> None:
    part, whole = ALONE.bag("Knee pain"), ALONE.bag("Knee pain and stiffness of the hip")
    assert part.share_in(whole) == 1
    assert 0.4 < whole.share_in(part) < 0.6
    assert ALONE.bag("").share_in(whole) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Patients with elevated ALT", "Patients with elevated AST"),
        ("R0 resection rate", "R1 resection rate"),
        ("Complete response rate", "Partial response rate"),
        ("Pain of the left knee", "Pain of the right knee"),
        ("Survival", "Survival without progression"),
        ("Objective response", "Duration of objective response"),
        ("Time from relapse to death", "Time from death to relapse"),
        ("Grade 3 events, week 12", "Week 3 events, grade 12"),
        ("Peak FEV1", "Trough FEV1"),
    ],
)
def test_measures_that_name_different_things_contradict(one: str, other: str) -> None:
    assert contradict(one, other)
    assert contradict(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Overall survival", "OVERALL SURVIVAL (OS)"),
        ("Death or myocardial infarction", "Death or MI (CEC)"),
        ("R0 resection rate", "Rate of R0 resections"),
        ("Time to relapse", "Relapse: time to it"),
        ("Adverse events and MTD", "Treatment-emergent adverse events (TEAEs)"),
        ("Recovery rate (ACPR) after 28 days", "Recovery rate at D28"),
        ("Sickness absence", "Sick leave"),
        ("Whether or not a recipient responded", "Response of recipients"),
    ],
)
def test_measures_in_other_words_do_not_contradict(one: str, other: str) -> None:
    assert not contradict(one, other)
