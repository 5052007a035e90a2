"""Codes of the registry are put into words where they can be nothing else."""

from itertools import pairwise

import pytest

from monitor.model import fields
from monitor.render.code_words import code_words, pair_words, phase_words, plain_codes, plain_value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Phase: PHASE1, PHASE2 → PHASE3", "Phase: Phase 1, Phase 2 → Phase 3"),
        ("Phase: PHASE4 → NA", "Phase: Phase 4 → no phase"),
        ("Allocation: NA → NON_RANDOMIZED", "Allocation: not applicable → non-randomized"),
        ("Masking: NONE → DOUBLE", "Masking: none → double"),
        ("Enrollment 99 · ESTIMATED → ACTUAL", "Enrollment 99 · estimated → actual"),
        ("2 added (CARE_PROVIDER; INVESTIGATOR)", "2 added (care provider; INVESTIGATOR)"),
        ("Lead sponsor class: UNKNOWN → INDUSTRY", "Lead sponsor class: unknown → industry"),
        ("1 × (none) → RECRUITING", "1 × (none) → recruiting"),
        (
            "Interventions: 2 added, 1 removed (DRUG, X-1; DIETARY_SUPPLEMENT, oil; OTHER, wait)",
            "Interventions: 2 added, 1 removed (drug X-1; dietary supplement oil; wait)",
        ),
    ],
)
def test_a_code_that_can_be_nothing_else_is_put_into_words(text: str, words: str) -> None:
    assert plain_codes(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Keywords: 1 added (ALL)",
        "Conditions: ALL → AML",
        "First seen: EFFECT OF DRUG, DEVICE AND NO ON THE LUNG (MIP_NSCLC)",
        "Secondary IDs: PHASE12 → XPHASE1",
        "Sponsor: UNKNOWN → (none)",
    ],
)
def test_what_may_be_a_name_stays(text: str) -> None:
    assert plain_codes(text) == text


@pytest.mark.parametrize("values", fields.ENUMERATIONS.values(), ids=lambda one: one[0])
def test_no_list_of_values_is_left_as_codes(values: tuple[str, ...]) -> None:
    for before, after in pairwise(values):
        for code, words in zip((before, after), pair_words(before, after), strict=True):
            assert words != code or code == "NIH"
            assert "_" not in words
    assert not any("_" in code_words(code) for code in values if plain_value(code) == code)


def test_phases_are_named_and_never_trusted() -> None:
    assert phase_words(("PHASE1", "PHASE2")) == "Phase 1/Phase 2"
    assert phase_words(("\x1b[2J" + "x" * 100,)) == "␛[2J" + "x" * 56
    assert phase_words(()) == "no phase stated"
