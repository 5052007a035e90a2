"""The five saved pages of the seeds: every fact that they state reaches its field."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.parsers.base import parse
from monitor.parsers.saved_pages import mirror_sections
from tests.parsers.raws import GOLDEN, SEED_PAGES, page, parse_page, raw

NO_RESULTS = (
    "The study team has not published outcome measurements, participant flow, or safety data "
    "for this trial yet. Check back later for updates."
)
# Labels and phrases of the pages that are not themselves facts of the record.
LABELS = {
    "Recruitment Status", "Clinical Phase", "Total Enrollment", "Study Classification",
    "Study Start Date", "Study Completion Date", "Allocation Method", "Intervention Model",
    "Primary Study Purpose", "Blinding Strategy", "Minimum Eligible Age",
    "Maximum Eligible Age", "Eligible Sex", "Accepts Healthy Volunteers", "Identifier Type: -",
    "Site Status", "Results pending", "Image", "Powered by AI", "Overview", "Eligibility",
    "Study details", NO_RESULTS,
}  # fmt: skip
WORDING = re.compile(
    r"(NCT ID: |Last Updated: |Group Type |Intervention Type |Site Status |Sponsor Role lead"
    r"|Responsibility Role |Role: primary|Role: |Phone: |Email: \[email.protected\]"
    r"|Identifier Source: org_study_id)"
)
# What the pages word otherwise than the registry does.
REWORDED = {
    "Inclusion Criteria": "Inclusion Criteria:", "Exclusion Criteria": "Exclusion Criteria:",
    "PHASE1/PHASE2": "PHASE2", "No": "False", "Recruiting": "RECRUITING", "All": "ALL",
    "Phase 1": "PHASE1", "18-69 years": "69 Years", "7 August 2025": "2025-08-07",
    "Manatí, , Puerto Rico": "Puerto Rico", "United States Puerto Rico": "Puerto Rico",
    "144 participants": "144", "150 participants": "150", "50 participants": "50",
}  # fmt: skip


def test_there_are_five_seed_pages() -> None:
    assert len(SEED_PAGES) == 5


@pytest.mark.parametrize("path", SEED_PAGES, ids=lambda path: path.stem)
def test_a_seed_page_gives_the_record_that_was_checked_by_eye(path: Path) -> None:
    expected = json.loads((GOLDEN / f"{path.stem}.json").read_text(encoding="utf-8"))
    record = parse(raw(path.read_bytes(), "text"))
    assert record.document == expected["document"]
    assert record.coverage == Coverage.of(
        (tuple(name.split(".")) for name in expected["stated"]),
        run_in=(tuple(name.split(".")) for name in expected["run_in"]),
    )
    assert record.nct_id == path.name[:11]
    assert str(record.last_update_date) == path.stem[-10:]


@pytest.mark.parametrize("path", SEED_PAGES, ids=lambda path: path.stem)
def test_no_line_of_a_seed_page_is_lost(path: Path) -> None:
    """Independent of the golden files: each line's words stand somewhere in the document."""
    text = path.read_text(encoding="utf-8")
    for end in ("More Related Trials", "Step 1 Get in touch"):
        text = text.split(end)[0]
    explained = {line for pair in mirror_sections.SENTENCES.items() for line in pair} | LABELS
    there = _plain(" | ".join(_values(parse(raw(text, "text")).document)))
    lost = []
    for line in map(str.strip, text.split("\n")):
        fact = WORDING.sub("", line)
        if fact and line not in explained and _plain(REWORDED.get(fact, fact)) not in there:
            places = [part.strip() for part in fact.split(",")]
            if not all(_plain(part) in there for part in places):
                lost.append(line)
    assert lost == []


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\\(.)", r"\1", text).split())


def _values(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for below in value.values() for text in _values(below)]
    if isinstance(value, list):
        return [text for below in value for text in _values(below)]
    return [str(value)]


def test_what_a_page_leaves_out_is_not_stated() -> None:
    withdrawn = parse_page(page("NCT06377228"))
    assert not withdrawn.coverage.states(fields.ENROLLMENT_COUNT)
    assert not withdrawn.coverage.states(fields.KEYWORDS)
    assert not withdrawn.coverage.states(fields.CENTRAL_CONTACTS)
    # A site that lost its status: absent, but stated.
    assert withdrawn.coverage.states(fields.LOCATION_STATUS)
    assert "status" not in withdrawn.locations[0]
    children = parse_page(page("NCT07089121"))
    assert not children.coverage.states(fields.DETAILED_DESCRIPTION)
    assert not children.coverage.states(fields.MAXIMUM_AGE)


def test_questions_forms_and_notes_are_not_the_records() -> None:
    record = parse_page(page("NCT07085104"))
    written = json.dumps(record.document)
    assert "clinical trial?" not in written
    assert "Primary Contact" not in written
    assert "private note" not in written
