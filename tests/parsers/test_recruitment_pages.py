"""Pages of a recruiting site: everyday words become the registry's."""

import pytest

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.record import TrialRecord
from tests.parsers.raws import NCT_ID, page, parse_page

TAIL = "Step 1 Get in touch with the nearest study center\n\nFAQs\n\nWhat is a clinical trial?"


def read(
    *facts: str, overview: str = "About it.", eligibility: str = "Adults.", details: str = ""
) -> TrialRecord:
    details = details or f"    Lupus\n    Myositis\n\n{NCT_ID}\n\nA Company\n\n7 August 2025"
    top = "\n".join(["Image", "", "A Study", "", "A Study", "", *facts])
    return parse_page(
        f"{top}\n\nOverview\n\n{overview}\n\nEligibility\n\n{eligibility}\n\n"
        f"Study details\n{details}\n\n{TAIL}"
    )


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("Recruiting", "RECRUITING"),
        ("Not yet recruiting", "NOT_YET_RECRUITING"),
        ("Active, not recruiting", "ACTIVE_NOT_RECRUITING"),
        ("Enrolling by invitation", "ENROLLING_BY_INVITATION"),
        ("Unknown status", "UNKNOWN"),
    ],
)
def test_status_words_become_the_registrys(words: str, value: str) -> None:
    assert read(words).overall_status == value


@pytest.mark.parametrize(
    ("words", "phases"),
    [
        ("Phase 1", ("PHASE1",)),
        ("Early Phase 1", ("EARLY_PHASE1",)),
        ("Phase 1/2", ("PHASE1", "PHASE2")),
        ("Phase 2 / Phase 3", ("PHASE2", "PHASE3")),
    ],
)
def test_phase_words_become_the_registrys(words: str, phases: tuple[str, ...]) -> None:
    assert read(words).phases == phases


@pytest.mark.parametrize(
    ("words", "lowest", "highest"),
    [
        ("18-69 years", "18 Years", "69 Years"),
        ("1 - 6 months", "1 Month", "6 Months"),
        ("18+ years", "18 Years", None),
    ],
)
def test_ages_become_the_registrys(words: str, lowest: str, highest: str | None) -> None:
    record = read(words, "Female")
    assert record.get(fields.MINIMUM_AGE) == lowest
    assert record.get(fields.MAXIMUM_AGE) == highest
    assert record.get(fields.SEX) == "FEMALE"


def test_words_of_the_page_that_are_no_facts_state_nothing() -> None:
    record = read("Powered by AI")
    assert record.title == "A Study"
    for path in (fields.OVERALL_STATUS, fields.PHASES, fields.SEX, fields.MINIMUM_AGE):
        assert not record.coverage.states(path)


def test_plain_text_gets_the_registrys_escapes_and_lists_stay_lists() -> None:
    record = read(
        overview="ECOG < 2 [see below].",
        eligibility="Inclusion Criteria:\n\n  1. Age ≥ 18 & < 70\n  2. BMI > 20\n  • Other",
    )
    assert record.get(fields.BRIEF_SUMMARY) == "ECOG \\< 2 \\[see below\\]."
    assert record.get(fields.ELIGIBILITY_CRITERIA) == (
        "Inclusion Criteria:\n\n1. Age ≥ 18 \\& \\< 70\n2. BMI \\> 20\n* Other"
    )


def test_details_are_conditions_sponsor_and_date() -> None:
    record = read()
    assert record.conditions == ("Lupus", "Myositis")
    assert not record.coverage.run_in
    assert record.lead_sponsor == "A Company"
    assert record.get(fields.LAST_UPDATE_POST) == "2025-08-07"
    cut_off = read(details=f"Lupus\n{NCT_ID}")
    assert cut_off.conditions == ("Lupus",)
    assert not cut_off.coverage.states(fields.LEAD_SPONSOR)
    assert not cut_off.coverage.states(fields.LAST_UPDATE_POST)


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ("Lupus\n\nA Company\n\n7 August 2025", "the page does not state its NCT ID"),
        (f"{NCT_ID}\nNCT07654321\n\n7 August 2025", "the page states two NCT IDs"),
        ("NCT12\n\n7 August 2025", "'NCT12', which is not an NCT ID"),
    ],
)
def test_a_page_needs_exactly_one_id(details: str, sentence: str) -> None:
    with pytest.raises(RecordError, match=sentence):
        read(details=details)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the input is empty"),
        (" \n\n\t", "the input is empty"),
        ("<html><body>A page</body></html>", "this is an HTML or XML page"),
        (f"A blog about {NCT_ID}\n\nNCT ID: {NCT_ID}\n\nText.", "none of the known layouts"),
        (f"Overview\n\nText.\n\n{NCT_ID}", "none of the known layouts"),
        ('{"protocolSection": {}}', "none of the known layouts"),
    ],
)
def test_a_text_of_another_site_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(RecordError, match=sentence):
        parse_page(text)


def test_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    text = page("NCT07085104")
    expected = parse_page(text)
    assert parse_page("\ufeff" + text.replace("\n", "\r\n")) == expected
