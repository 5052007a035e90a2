"""API v2 study JSON: taken as it is, with the coverage that it has."""

import copy
import json
from typing import Any

import pytest

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.fields import Path
from monitor.parsers.base import parse
from tests.parsers.raws import NCT_ID, parse_json, raw, study
from tests.whole import as_whole

LOADED = {"derivedSection": {"miscInfoModule": {"versionHolder": "2026-02-02"}}}
WHOLE = as_whole(study())


def test_a_study_with_what_every_record_has_is_complete_and_kept_as_it_is() -> None:
    record = parse_json(WHOLE)
    assert record.nct_id == NCT_ID
    assert record.document == WHOLE
    assert record.coverage is Coverage.complete()


@pytest.mark.parametrize(
    "path", [path for path in fields.IN_EVERY_RECORD if path != fields.NCT_ID], ids=fields.dotted
)
def test_an_answer_without_what_every_record_has_states_only_its_leaves(path: Path) -> None:
    record = parse_json(_without(WHOLE, path))
    assert not record.coverage.is_complete
    assert not record.coverage.states(path)
    assert not record.coverage.states(fields.PRIMARY_OUTCOMES)


def test_an_interventional_study_without_interventions_is_a_reduced_answer() -> None:
    design = {"designModule": {"studyType": "INTERVENTIONAL"}}
    whole = as_whole(study(**design))
    assert parse_json(whole).coverage.is_complete
    reduced = parse_json(_without(whole, fields.INTERVENTIONS[:-1]))
    assert not reduced.coverage.states(fields.INTERVENTIONS)


def _without(document: dict[str, Any], path: Path) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    below = copied
    for name in path[:-1]:
        below = below[name]
    del below[path[-1]]
    return copied


def test_a_withheld_record_is_complete_without_what_it_withholds() -> None:
    record = parse_json(study(statusModule={"overallStatus": "WITHHELD"}) | LOADED)
    assert record.coverage.is_complete


def test_a_study_without_data_load_date_states_only_its_leaves() -> None:
    record = parse_json(
        study(
            conditionsModule={"conditions": ["Asthma", "Cough"], "keywords": []},
            contactsLocationsModule={
                "locations": [{"city": "Bern"}, {"facility": "Site A", "geoPoint": {"lat": 1.0}}]
            },
            designModule={"designInfo": {"maskingInfo": {}}},
        )
        | {"hasResults": False}
    )
    masking_info = fields.MASKING[:-1]
    assert record.coverage == Coverage.of(
        [fields.NCT_ID, fields.CONDITIONS, fields.KEYWORDS, fields.LOCATION_CITY,
         fields.LOCATION_FACILITY, (*fields.LOCATION_GEO_POINT, "lat"), masking_info,
         fields.HAS_RESULTS]
    )  # fmt: skip


def test_the_registry_version_of_the_source_is_kept() -> None:
    assert parse(raw(json.dumps(study()), version=7)).registry_version == 7


def test_unknown_enumeration_values_and_impossible_dates_are_kept() -> None:
    record = parse_json(
        study(statusModule={"overallStatus": "PAUSED", "startDateStruct": {"date": "2024-13"}})
    )
    assert record.overall_status == "PAUSED"
    assert record.get(fields.START_DATE) == "2024-13"
    assert record.start_date is None


def test_fields_that_the_program_does_not_know_are_kept() -> None:
    document = study(newModule={"anything": [1, [2], {"x": True}]}) | {"newSection": 3}
    assert parse_json(document).document == document


def test_a_null_states_nothing() -> None:
    nulls = study(
        statusModule=None,
        designModule={
            "designInfo": {"observationalModel": None, "maskingInfo": {"masking": None}},
            "phases": [None],
            "studyType": "INTERVENTIONAL",
        },
        outcomesModule={"primaryOutcomes": [{"measure": "Pain", "timeFrame": None}]},
        contactsLocationsModule={"locations": [], "overallOfficials": None},
    ) | {"resultsSection": None, "nctId": None}
    text = study(
        designModule={"studyType": "INTERVENTIONAL"},
        outcomesModule={"primaryOutcomes": [{"measure": "Pain"}]},
        contactsLocationsModule={"locations": []},
    )
    assert parse_json(nulls) == parse_json(text)
    load = {"derivedSection": {"miscInfoModule": {"versionHolder": "2026-02-02"}}}
    assert parse_json(nulls | load).document == text | load
    answer = {"studyVersion": 3, "nctId": None}
    assert parse_json(answer | {"study": nulls}) == parse_json(answer | {"study": text})


def test_the_word_null_in_a_text_is_a_word() -> None:
    document = study(descriptionModule={"briefSummary": "null", "empty": {}, "none": []})
    assert parse_json(document).document == document


@pytest.mark.parametrize(("written", "count"), [(55.0, 55), (0.0, 0), (55, 55)])
def test_a_whole_number_of_participants_may_be_written_as_a_decimal(
    written: float, count: int
) -> None:
    record = parse_json(study(designModule={"enrollmentInfo": {"count": written}}))
    assert record.enrollment == count
    assert type(record.get(fields.ENROLLMENT_COUNT)) is int


def test_a_byte_order_mark_is_no_content() -> None:
    assert parse(raw(b"\xef\xbb\xbf" + json.dumps(study()).encode())).nct_id == NCT_ID


@pytest.mark.parametrize(
    ("identification", "sentence"),
    [
        ({}, "the study has no NCT ID (protocolSection.identificationModule.nctId is missing)"),
        (
            {"nctId": "NCT12"},
            "protocolSection.identificationModule.nctId is 'NCT12', which is not an NCT ID",
        ),
        (
            {"nctId": 1234567},
            "protocolSection.identificationModule.nctId is a whole number, not a text",
        ),
    ],
)
def test_a_study_needs_a_well_formed_nct_id(identification: object, sentence: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse_json({"protocolSection": {"identificationModule": identification}})
    assert str(caught.value) == sentence


@pytest.mark.parametrize("name", ["nctId", "nct_id"])
def test_a_study_with_two_different_nct_ids_is_refused(name: str) -> None:
    assert parse_json(study() | {name: NCT_ID}).nct_id == NCT_ID
    with pytest.raises(RecordError, match="two NCT IDs in one record"):
        parse_json(study() | {name: "NCT07654321"})


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        (
            {"designModule": {"enrollmentInfo": "many"}},
            "designModule.enrollmentInfo is a text, not an object",
        ),
        (
            {"designModule": {"enrollmentInfo": {"count": "40"}}},
            "designModule.enrollmentInfo.count is a text, not a whole number",
        ),
        (
            {"designModule": {"enrollmentInfo": {"count": 55.5}}},
            "designModule.enrollmentInfo.count is a decimal number, not a whole number",
        ),
        (
            {"designModule": {"enrollmentInfo": {"count": 1e300}}},
            "designModule.enrollmentInfo.count is a decimal number, not a whole number",
        ),
        (
            {"designModule": {"enrollmentInfo": {"count": True}}},
            "designModule.enrollmentInfo.count is true or false, not a whole number",
        ),
        (
            {"designModule": {"phases": "PHASE1"}},
            "designModule.phases is a text, not a list",
        ),
        (
            {"contactsLocationsModule": {"locations": {}}},
            "contactsLocationsModule.locations is an object, not a list",
        ),
        (
            {"contactsLocationsModule": {"locations": [{}, {"status": True}]}},
            "contactsLocationsModule.locations[1].status is true or false, not a text",
        ),
        (
            {"armsInterventionsModule": {"armGroups": ["Arm A"]}},
            "armsInterventionsModule.armGroups[0] is a text, not an object",
        ),
        ({"statusModule": []}, "statusModule is a list, not an object"),
        (
            {"statusModule": {"overallStatus": 3}},
            "statusModule.overallStatus is a whole number, not a text",
        ),
        (
            {"statusModule": {"startDateStruct": {"date": 2024.5}}},
            "statusModule.startDateStruct.date is a decimal number, not a text",
        ),
        ({"newModule": "text"}, "newModule is not an object"),
    ],
)
def test_a_wrong_type_is_refused_and_its_path_named(
    modules: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RecordError) as caught:
        parse_json(study(**modules))
    assert str(caught.value) == f"protocolSection.{sentence}"


@pytest.mark.parametrize("section", ["resultsSection", "derivedSection", "documentSection"])
def test_a_section_that_is_no_object_is_refused(section: str) -> None:
    with pytest.raises(RecordError, match=f"{section} is a list, not an object"):
        parse_json(study() | {section: []})
    with pytest.raises(RecordError, match=f"{section}.someModule is not an object"):
        parse_json(study() | {section: {"someModule": 1}})


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([], "the JSON is not an object, so not a study record"),
        (None, "the JSON is not an object, so not a study record"),
        ({"studies": []}, "this is a list of studies, not one study record"),
        ({"apiVersion": "2"}, "the JSON is not a study record (protocolSection is missing)"),
        ({"protocolSection": []}, "protocolSection is a list, not an object"),
        (
            {"protocolSection": None},
            "the study has no NCT ID (protocolSection.identificationModule.nctId is missing)",
        ),
        ({"studyVersion": None, "study": {}}, "studyVersion is not a version number"),
        (
            {"studyVersion": 1, "study": None},
            "the history answer holds no study (protocolSection is missing)",
        ),
    ],
)
def test_json_that_is_no_study_is_refused(value: object, sentence: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse_json(value)
    assert str(caught.value) == sentence


def test_a_medium_without_parser_is_refused() -> None:
    with pytest.raises(RecordError, match="records of the medium 'xml' cannot be read"):
        parse(raw("<study/>", "xml"))
