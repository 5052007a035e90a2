"""History answers: one past version, in the form of API v2, without what is of today."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import RecordError
from monitor.model import fields
from monitor.parsers.base import parse
from tests.parsers.raws import NCT_ID, parse_json, raw, study


def answer(version: object = 3, **modules: Any) -> dict[str, Any]:
    """Return a history answer with the protocol modules given by name."""
    return {"studyVersion": version, "study": study(**modules)}


def test_a_history_answer_states_all_but_what_is_of_today() -> None:
    site = {"facility": "Site A", "city": "L'Aquila", "geoPoint": {"lat": 1.0, "lon": 2.0}}
    content = answer(contactsLocationsModule={"locations": [site]})
    content["study"]["derivedSection"] = {"miscInfoModule": {"versionHolder": "2026-02-02"}}
    record = parse_json(content)
    assert record.registry_version == 3
    assert record.document == study(
        contactsLocationsModule={"locations": [{"facility": "Site A", "city": "L'Aquila"}]}
    )
    assert record.coverage.states(fields.BRIEF_TITLE)
    assert record.coverage.states(fields.LOCATIONS)
    assert not record.coverage.states(fields.LOCATION_GEO_POINT)
    assert not record.coverage.states(fields.VERSION_HOLDER)


def test_its_html_is_brought_to_the_markdown_of_api_v2() -> None:
    record = parse_json(
        answer(
            identificationModule={"nctId": NCT_ID, "briefTitle": "Drug A&#x2F;B &amp; C"},
            eligibilityModule={"eligibilityCriteria": "<p>In:</p><ul><li>Age &gt; 18</li></ul>"},
        )
    )
    assert record.title == "Drug A/B & C"
    assert record.get(fields.ELIGIBILITY_CRITERIA) == "In:\n\n* Age \\> 18"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (answer("1"), "studyVersion is not a version number"),
        (answer(-1), "studyVersion is not a version number"),
        (answer(version=True), "studyVersion is not a version number"),
        ({"studyVersion": 1, "study": []}, "the history answer holds no study"),
        ({"studyVersion": 1, "study": {"a": 1}}, "the history answer holds no study"),
        (answer() | {"nctId": "NCT07654321"}, "two NCT IDs in one record"),
        (
            answer(contactsLocationsModule={"locations": {}}),
            "protocolSection.contactsLocationsModule.locations is an object, not a list",
        ),
    ],
)
def test_a_broken_history_answer_is_refused(content: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RecordError, match=sentence):
        parse_json(content)


def test_the_version_must_be_the_one_that_was_asked_for() -> None:
    assert parse(raw(json.dumps(answer(3)), version=3)).registry_version == 3
    with pytest.raises(RecordError, match="version 2 was asked for, the answer holds version 3"):
        parse(raw(json.dumps(answer(3)), version=2))


def test_a_recorded_history_answer_reads_like_api_v2(shared_data: Path) -> None:
    path = shared_data / "ctgov" / "history" / "int_history_version_NCT04280705_v0.json"
    record = parse(raw(path.read_bytes()))
    assert (record.nct_id, record.registry_version) == ("NCT04280705", 0)
    assert record.overall_status == "NOT_YET_RECRUITING"
    assert record.enrollment == 394
    criteria = record.text(fields.ELIGIBILITY_CRITERIA)
    assert criteria is not None
    assert criteria.startswith("Inclusion Criteria:\n\n1. Subject (or legally authorized")
    assert (
        "\n6. Illness of any duration, and at least one of the following:\n\n"
        "   * Radiographic infiltrates by imaging (chest x-ray, CT scan, etc.), OR\n"
        "   * Clinical assessment (evidence of rales/crackles on exam) AND SpO2 \\</= 94% on "
        "room air, OR\n"
        "   * Requiring mechanical ventilation and/or supplemental oxygen.\n7. Women of"
    ) in criteria
    assert "\n\nExclusion Criteria:\n\n1. Alanine" in criteria
    written = json.dumps(record.document)
    assert not any(sign in written for sign in ("&#x2F;", "&lt;", "<p>", "<li>", "geoPoint"))


def test_texts_that_did_not_change_are_equal_in_both_sources(shared_data: Path) -> None:
    """The same study in the history's HTML (2020) and in API v2's Markdown (2025)."""
    folder = shared_data / "ctgov"
    past = parse(raw((folder / "history/int_history_version_NCT04280705_v0.json").read_bytes()))
    with gzip.open(folder / "studies/studies_mixed.jsonl.gz") as lines:
        (today,) = (
            json.loads(line)["study"] for line in lines if b'"nct_id":"NCT04280705"' in line
        )
    cited = {item["pmid"]: item for item in past.items(fields.REFERENCES)}
    module = today["protocolSection"]["referencesModule"]
    both = [item for item in module["references"] if item["pmid"] in cited]
    assert len(both) >= 5
    assert all(cited[item["pmid"]] == item for item in both)
    assert past.text(fields.LEAD_SPONSOR_NAME) == today["protocolSection"][
        "sponsorCollaboratorsModule"]["leadSponsor"]["name"]  # fmt: skip
