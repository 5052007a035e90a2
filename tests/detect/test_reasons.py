"""Why trials are stopped: the class that an expert gives a sponsor's words."""

import json
import time
from pathlib import Path

import pytest

from monitor.detect.rules.reasons import reason_class, reason_classes

# Every reason in the shared records and patches, in the registry's words, classed by hand.
_LINES = (Path(__file__).parent / "reasons.jsonl").read_text("utf-8").splitlines()
REAL: list[tuple[str, str]] = [tuple(json.loads(line)) for line in _LINES]
CLASSES = {
    "safety", "covid", "external_evidence", "efficacy", "regulatory", "accrual", "design",
    "business", "not_stated", "other",
}  # fmt: skip

TYPICAL = """
safety: Unacceptable toxicity
safety: Hepatotoxicity observed in preclinical studies
safety: Increased mortality in the treatment arm
efficacy: Unfavorable risk/benefit ratio
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
external_evidence: Negative results of a similar trial
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
covid: Study halted due to COVID-19
not_stated: Study was never started
not_stated: For reasons unrelated to safety
not_stated: Study completed early
not_stated: Recruiting or enrolling participants has halted prematurely but potentially will resume
safety: Study was not started due to safety concerns
safety: Toxicity was not acceptable
safety: Unacceptable toxicity; enrollment was slow too
covid: Because of COVID-19 no patients could be recruited
covid: Halted for the safety of participants during the coronavirus pandemic
external_evidence: Results of another trial made it obsolete
external_evidence: The study was merged into a larger trial
efficacy: Interim analysis
efficacy: The stopping rule was met
efficacy: Objectives met
efficacy: The benefit/risk profile does not support continuation
efficacy: The safety profile was favorable but efficacy insufficient
regulatory: IRB approval expired
accrual: Toxicity was acceptable but accrual slow
accrual: The treatment was well tolerated; poor recrutment
accrual: Despite a good safety profile, low enrollment
accrual: Not enough patients; toxicity manageable
accrual: No safety concerns, slow accrual
accrual: no safety concerns and slow enrollment
accrual: Slow accrual, not safety
accrual: Accrual goals were not met
accrual: Too few patients to meet the primary endpoint
accrual: Too many drop-outs
accrual: Inclusion rate was lower than expected
accrual: Lack of severe COVID-19 patients
design: The protocol was amended
design: No longer standard of care
business: PI left
business: Equipment failure
business: Not feasible
business: Product discontinued
business: Safety was never a concern; funding ended
business: No SAEs were observed; the sponsor ran out of funds
business: Not for lack of efficacy but for lack of funding
business: Business decision. Safety data did not contribute to it.
business: The grant was not approved
not_stated: Withdrawn prior to enrollment
not_stated: See detailed description
not_stated: Requested by the Data and Safety Monitoring Board
not_stated: Terminated for reasons other than safety
safety: The combination was not tolerable
safety: Complications were reported in three patients
external_evidence: Combined with our other study
external_evidence: See NCT01234567
external_evidence: The study was entered twice
accrual: Too few patients enrolled; continued as NCT01234567
efficacy: No significant differences were seen
efficacy: Treatment differences were not detected
efficacy: Higher rate of acute rejection in one group
regulatory: Unable to obtain approval
accrual: Participants did not want to be randomized
accrual: Inclusion criteria too stringent
design: The nature of the study was changed
design: Availability of newer agents or competing drugs
design: Modifications to the test device
business: The principal investigator, Dr. A. Miller, has moved to another hospital
business: No longer with the university
business: Unable to procure the supplement
business: Ran out of drug
business: The analyzer is not functioning properly
business: Pfizer decision
business: Non-safety related sponsor decision
business: No reimbursement by the insurance
not_stated: Study will not commence
not_stated: Recommended by the independent DSMB
not_stated: At the discretion of the PI
business: No complications were seen; the budget was cut
safety: Increased incidence of bradycardia
safety: Two participants developed a perforation
safety: Elevation of liver function in two participants
safety: No relief was seen; the second participant suffered severe vomiting
covid: Due to COVID-19 study visits were halted
covid: Quarantine of the ward
external_evidence: The companion study was terminated
external_evidence: The effect was seen in a different study
efficacy: The hypothesis that relief lasts longer was not confirmed
efficacy: The data no longer support continuation
efficacy: Stopped based on the findings of the first cohort
efficacy: Antitumor activity was considered insufficient
efficacy: All required data were already collected
efficacy: The data did not support endpoints for pain, based on an efficacy analysis
efficacy: No safety signals were seen,interim analysis for futility
accrual: The ethics committee recommended to close it, as too few patients came
regulatory: The CE mark was not granted
regulatory: Rules of data protection
regulatory: The IRB closed the study
accrual: The IRB closed the study because of low enrollment
accrual: Very slow enrollment; our resources go to other studies
accrual: Slow enrollment. The study goals could not be met.
accrual: Insufficient recruitment activity
accrual: Limited eligibility
accrual: Too few eligible; superior treatments are available
design: Changes in the standards of care
design: The comparison is no longer useful
design: The protocol is being redesigned in consultation with the FDA
design: No subjects have been enrolled; new study design
business: No subjects were enrolled; the company stopped the study
business: The investigator is not longer at the clinic
business: The budget was too small to complete recruitment
business: Funds ended after three patients were enrolled
business: Non-safety related prioritization; no patients were randomized
business: Not approved for funding
business: We focus on other studies
business: The supplier closed before the first participants could be enrolled
business: Lack of assistance
not_stated: The recruitment goal was met
not_stated: Enrollment of patients has stopped; no future patients will be enrolled
not_stated: Part A was completed, part B will not be opened
not_stated: Investigator's choice
not_stated: Stopped in September 2019
not_stated: The PI decided not to pursue the study and not to move forward
not_stated: Terminated prematurly upon the recommendation of the board
other: Registered in error
"""

# Words that give a class only where no plainer word does; none of them gives safety.
VAGUE = """
external_evidence: Competition
regulatory: Under review at the agency
efficacy: Variability of the scores
design: The technique was updated
accrual: Participants mentioned a headache
business: The clinic was sold
business: Difficult to complete
other: Fire
"""


@pytest.mark.parametrize("line", [*TYPICAL.strip().splitlines(), *VAGUE.strip().splitlines()])
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


def test_every_class_is_among_the_real_reasons() -> None:
    assert {known for known, _ in REAL} == CLASSES


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_no_reason_has_no_class(nothing: str | None) -> None:
    assert reason_class(nothing) is None


def test_a_reason_has_all_of_its_classes_the_leading_one_first() -> None:
    words = "Slow accrual, lack of funding and unacceptable toxicity"
    assert reason_classes(words) == ("safety", "accrual", "business")
    assert reason_classes("Low enrollment due to COVID-19") == ("covid", "accrual")


def test_a_vague_word_adds_no_class_to_a_plain_one() -> None:
    assert reason_classes("The clinic had no funding") == ("business",)
    assert reason_classes("Low enrollment at the clinic, by the results") == ("accrual",)


def test_a_sponsor_who_decides_is_no_second_class() -> None:
    assert reason_classes("The sponsor stopped the study for slow accrual") == ("accrual",)


@pytest.mark.parametrize(
    "words",
    ["principal ", "not due to ", "no ", "not ", "a ", "new ", "increased ", "PI ", "death of the ",
     "safety and ", "patients ", "enrolled ", "a", " ", "covid ", "results of "],
)  # fmt: skip
def test_a_hostile_reason_takes_no_time(words: str) -> None:
    started = time.process_time()
    reason_classes(words * 200_000)
    assert time.process_time() - started < 1
