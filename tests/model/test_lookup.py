"""Values of a record by the path that a person writes."""

from typing import Any

import pytest

from monitor.errors import NotFoundError, UsageError
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.lookup import look_up
from monitor.model.record import TrialRecord

DOCUMENT: dict[str, Any] = {
    "protocolSection": {
        "statusModule": {"overallStatus": "RECRUITING", "startDateStruct": {"date": "2025-01"}},
        "conditionsModule": {"conditions": ["Lupus", "Lupus Nephritis", "Sclerosis"]},
        "contactsLocationsModule": {
            "locations": [
                {"facility": "St. Anna's", "city": "Boston", "status": "RECRUITING"},
                {"facility": "Clinic", "city": "Lyon", "status": "COMPLETED", "zip": "69000"},
                {"facility": "Clinic", "city": "Boston", "status": "WITHDRAWN"},
            ]
        },
        "outcomesModule": {"primaryOutcomes": [{"measure": "Survival", "timeFrame": "1 year"}]},
    }
}
RECORD = TrialRecord(nct_id="NCT09000001", document=DOCUMENT)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("protocolSection.statusModule.overallStatus", "RECRUITING"),
        ("statusModule.overallStatus", "RECRUITING"),
        ("overallStatus", "RECRUITING"),
        ("statusModule.startDateStruct", {"date": "2025-01"}),
        ("conditions", ["Lupus", "Lupus Nephritis", "Sclerosis"]),
        ("locations.status", ["RECRUITING", "COMPLETED", "WITHDRAWN"]),
        ("locations.zip", ["69000"]),
        ("locations[Lyon].status", "COMPLETED"),
        ("locations.Lyon.status", "COMPLETED"),
        ("locations[boston].status", ["RECRUITING", "WITHDRAWN"]),
        ("locations[St. Anna's].city", "Boston"),
        ("locations[69000].city", "Lyon"),
        ("conditions[Nephritis]", "Lupus Nephritis"),
        ("conditions[lupus]", ["Lupus", "Lupus Nephritis"]),
        ("primaryOutcomes[Survival].timeFrame", "1 year"),
        ("primaryOutcomes.timeFrame", ["1 year"]),
    ],
)
def test_a_path_finds_its_value(path: str, value: Any) -> None:
    assert look_up(RECORD, path) == value


@pytest.mark.parametrize(
    "path", ["locations[0].city", "locations.0.city", "locations[69]", "conditions[1]"]
)
def test_a_number_is_no_place_in_a_list_and_no_part_of_a_longer_one(path: str) -> None:
    with pytest.raises(NotFoundError, match="found by their names, not by their places"):
        look_up(RECORD, path)


@pytest.mark.parametrize("path", ["", ".", "a..b", "locations[", "locations[]", "[x].y", "a.[b"])
def test_what_is_no_path_is_asked_wrongly(path: str) -> None:
    with pytest.raises(UsageError, match="is not a path"):
        look_up(RECORD, path)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("statusModule.overalStatus", "did you mean 'overallStatus'"),
        ("statusModule.nothing", "there are overallStatus, startDateStruct"),
        ("overallStatus.more", "leads beyond a value"),
        ("locations[Paris]", "no 'Paris' in protocolSection.contactsLocationsModule.locations"),
        ("quiteElsewhere", "no 'quiteElsewhere' in the record"),
    ],
)
def test_a_path_to_nothing_says_what_is_there(path: str, says: str) -> None:
    with pytest.raises(NotFoundError, match=says.replace("[", r"\[")):
        look_up(RECORD, path)


def test_a_field_that_the_source_leaves_out_is_not_stated_rather_than_missing() -> None:
    partial = TrialRecord(
        nct_id="NCT09000001",
        document=DOCUMENT,
        coverage=Coverage.of([fields.OVERALL_STATUS, fields.START_DATE]),
    )
    with pytest.raises(NotFoundError, match="whyStopped is not stated by the source"):
        look_up(partial, "statusModule.whyStopped")
