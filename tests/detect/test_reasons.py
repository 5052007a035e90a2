"""Why trials are stopped: the class that an expert gives a sponsor's words."""

import json
from pathlib import Path

import pytest

from monitor.detect.rules.reasons import REASON_CLASSES, reason_class

# Every reason in the shared records and patches, in the registry's words, classed by hand.
_LINES = (Path(__file__).parent / "reasons.jsonl").read_text("utf-8").splitlines()
REAL: list[tuple[str, str]] = [tuple(json.loads(line)) for line in _LINES]
CLASSES = {name for name, _ in REASON_CLASSES} | {"other"}

TYPICAL = """
safety: Unacceptable toxicity
safety: Hepatotoxicity observed in preclinical studies
safety: Increased mortality in the treatment arm
safety: Unfavorable risk/benefit ratio
safety: Two deaths occurred
safety: Increase in serious adverse events
safety: Clinical hold due to a safety signal
safety: DSMB recommended stopping for safety
safety: Death of a patient
safety: One participant died
safety: Deaths reported to the sponsor
safety: Safety was not demonstrated
safety: Excess mortality; the PI died
efficacy: safety and efficacy were demonstrated, study ended early
efficacy: Lack of efficacy
efficacy: no efficacy
efficacy: Terminated for lack of benefit
efficacy: Interim analysis showed futility
efficacy: Did not meet primary endpoint
efficacy: The study did not demonstrate sufficient efficacy
efficacy: Failed to show superiority over placebo
efficacy: Data safety monitoring board recommended stopping for futility
efficacy: The DMC concluded that the trial is unlikely to meet its primary endpoint
efficacy: Negative results of a similar trial
regulatory: FDA placed the study on clinical hold
regulatory: Ethics committee did not approve the amendment
regulatory: Not approved by the IRB
accrual: Low accrual
accrual: Too few patients
accrual: Only 3 patients could be recruited
accrual: Unable to find participants
accrual: Low inclusion rate
accrual: No participants enrolled
accrual: Not due to safety; slow enrollment
accrual: The study was not stopped for safety reasons but due to slow recruitment
business: Sponsor withdrew support
business: PI relocated
business: Death of PI
business: Investigator deceased
business: The principal investigator has passed away
business: Resources reallocated to mortality study
business: Investigator moved to another institution
business: Drug supply issues
business: Company went bankrupt
business: Lack of resources
business: No safety concerns. Business decision.
business: Sponsor decision without safety or efficacy concerns
business: Development program terminated; there were no safety issues
business: Neither safety nor efficacy was the reason; the portfolio changed
business: The decision was not related to safety or efficacy but to a strategic re-prioritization
business: Withdrawn prior to enrollment; sponsor decision
business: Strategic business decision; no patients were enrolled
business: Study terminated by sponsor. Termination is not a consequence of any safety concern.
business: Sponsor decision (non-safety related)
business: No safety or efficacy issues were identified, terminated for business reasons
efficacy: The study failed to show benefit
efficacy: Lack of effectiveness
regulatory: Did not obtain regulatory approval
other: Study halted due to COVID-19
other: Study was never started
other: For reasons unrelated to safety
other: Study completed early
other: Recruiting or enrolling participants has halted prematurely but potentially will resume
"""


@pytest.mark.parametrize("line", TYPICAL.strip().splitlines())
def test_a_typical_reason_has_its_class(line: str) -> None:
    expected, _, words = line.partition(": ")
    assert reason_class(words) == expected


def test_real_reasons_are_classed_as_an_expert_would() -> None:
    wrong = [(words, reason_class(words), known) for known, words in REAL
             if reason_class(words) != known]  # fmt: skip
    assert len(REAL) == 133
    assert len(wrong) <= 3, wrong


def test_no_denied_word_makes_a_class() -> None:
    denials = [words for _, words in REAL if "safety" in words and "not" in words.split()]
    assert len(denials) > 5
    assert not [words for words in denials if reason_class(words) == "safety"]


def test_every_real_class_is_one_of_the_six() -> None:
    assert {known for known, _ in REAL} == CLASSES


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_no_reason_has_no_class(nothing: str | None) -> None:
    assert reason_class(nothing) is None
