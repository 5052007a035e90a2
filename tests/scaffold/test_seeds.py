"""The seeds are the registry's words: unchanged pages, and July 2026 as it was read."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.model import fields

SEEDS = Path(__file__).parents[2] / "seeds"
RECORDS = sorted((SEEDS / "2026-07").glob("*.json"))
SUMMARY_NAMES = {
    "title": fields.OFFICIAL_TITLE,
    "status": fields.OVERALL_STATUS,
    "last_update_posted": fields.LAST_UPDATE_POST,
    "phase": fields.PHASES,
    "enrollment": fields.ENROLLMENT_COUNT,
    "sponsor": fields.LEAD_SPONSOR_NAME,
    "conditions": fields.CONDITIONS,
    "start_date": fields.START_DATE,
    "completion_date": fields.COMPLETION,
}
NOT_OF_THE_RECORD = {"observed_at", "last_observed_at", "repo_commit"}


def leaves(value: Any, path: fields.Path = ()) -> dict[fields.Path, Any]:
    """Return the stated values by path; a list of words is one value."""
    if not isinstance(value, dict):
        return {path: value}
    return {
        found: leaf
        for name, inner in value.items()
        for found, leaf in leaves(inner, (*path, name)).items()
    }


def test_every_saved_page_has_its_july_record() -> None:
    pages = {page.name.partition("_")[0] for page in SEEDS.glob("*.txt")}
    assert len(pages) == 5
    assert pages == {record.stem for record in RECORDS}


def test_the_saved_pages_are_unchanged(shared_data: Path) -> None:
    originals = sorted((shared_data.parent / "seeds").glob("*.txt"))
    assert [page.name for page in originals] == sorted(page.name for page in SEEDS.glob("*.txt"))
    for page in originals:
        assert (SEEDS / page.name).read_bytes() == page.read_bytes(), page.name


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_july_record_states_what_was_read_and_nothing_else(
    record: Path, shared_data: Path
) -> None:
    summary = json.loads((shared_data / "ctgov" / "five_trials_summary.json").read_text("utf-8"))
    (read,) = summary[record.stem]
    expected = {
        SUMMARY_NAMES[name]: value
        for name, value in read.items()
        if value is not None and name not in NOT_OF_THE_RECORD
    }
    expected[fields.NCT_ID] = record.stem
    assert leaves(json.loads(record.read_text("utf-8"))) == expected
