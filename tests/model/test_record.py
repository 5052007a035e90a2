"""What the code reads from a record, whatever stands there."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import fields
from monitor.model.record import TrialRecord
from tests.records import record, sample

PROPERTIES = (
    "title", "overall_status", "enrollment", "start_date", "primary_completion_date",
    "lead_sponsor", "phases", "conditions", "locations", "primary_outcomes", "last_update_date",
    "data_date",
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def of(module: str, **values: Any) -> TrialRecord:
    return TrialRecord(nct_id="NCT09000001", document={"protocolSection": {module: values}})


def test_a_real_record_tells_what_it_holds(shared_data: Path) -> None:
    for document in sample(shared_data, 60):
        found = record(document)
        assert found.title
        assert found.overall_status == document["protocolSection"]["statusModule"]["overallStatus"]
        module = document["protocolSection"].get("contactsLocationsModule", {})
        assert list(found.locations) == module.get("locations", [])
        assert found.data_date is None or found.data_date >= date(2023, 1, 1)


@given(st.sampled_from(sorted(vars(fields))), ANYTHING)
def test_a_value_of_another_type_is_never_read(name: str, value: Any) -> None:
    path = vars(fields)[name]
    if not (isinstance(path, tuple) and path and isinstance(path[0], str)):
        return
    document: Any = value
    for step in reversed(path):
        document = {step: document}
    found = TrialRecord(nct_id="NCT09000001", document=document)
    for attribute in PROPERTIES:
        getattr(found, attribute)
    assert found.get(path) == value
    assert found.text(path) == (value if isinstance(value, str) else None)


def test_an_empty_record_tells_nothing() -> None:
    found = TrialRecord(nct_id="NCT09000001", document={})
    assert [getattr(found, name) for name in PROPERTIES if name[-1] != "s" or "status" in name] == [
        None
    ] * 8
    assert (found.phases, found.conditions, found.locations, found.primary_outcomes) == ((),) * 4


@pytest.mark.parametrize(("count", "enrollment"), [(7, 7), (True, None), ("7", None), (7.5, None)])
def test_enrollment_is_a_whole_number(count: object, enrollment: int | None) -> None:
    assert of("designModule", enrollmentInfo={"count": count}).enrollment == enrollment


def test_the_brief_title_goes_before_the_official_one() -> None:
    assert of("identificationModule", briefTitle="Brief", officialTitle="Long").title == "Brief"
    assert of("identificationModule", officialTitle="Long").title == "Long"


@pytest.mark.parametrize(
    ("posted", "submitted", "found"),
    [
        ("2026-02-19", "2026-02-17", date(2026, 2, 19)),
        (None, "2026-02-17", date(2026, 2, 17)),
        ("2026-02", None, date(2026, 2, 1)),
        ("soon", "2026-02-17", date(2026, 2, 17)),
        (None, None, None),
    ],
)
def test_a_version_is_of_the_day_it_was_posted(
    posted: str | None, submitted: str | None, found: date | None
) -> None:
    made = of(
        "statusModule", lastUpdatePostDateStruct={"date": posted}, lastUpdateSubmitDate=submitted
    )
    assert made.last_update_date == found
