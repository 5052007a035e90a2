"""The gate's judgement by itself: any records, any shares."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.gate_rules import Suspect, causes_of, widespread_causes
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.gate import describe_cause, missing_value, unknown_value
from monitor.model.record import TrialRecord
from tests.records import record
from tests.registry.examples import study

CAUSES = ("gone", missing_value(fields.CONDITIONS), unknown_value(fields.PHASES))
SUSPECTS = st.builds(
    Suspect,
    causes=st.lists(st.sampled_from(CAUSES), min_size=1, unique=True).map(tuple),
    is_known=st.booleans(),
)


def cut(document: Mapping[str, Any], path: fields.Path) -> TrialRecord:
    """Return the record without what is at a path."""
    found = copy.deepcopy(dict(document))
    below: Any = found
    for name in path[:-1]:
        below = below.get(name, {})
    below.pop(path[-1], None)
    return record(found)


@given(
    suspects=st.lists(SUSPECTS, max_size=60),
    others=st.integers(0, 200),
    min_records=st.integers(1, 60),
    percent=st.integers(0, 100),
)
def test_a_cause_is_a_mass_exactly_when_its_share_is_larger(
    suspects: list[Suspect], others: int, min_records: int, percent: int
) -> None:
    judged = sum(one.is_known for one in suspects) + others
    found = widespread_causes(suspects, judged, min_records=min_records, percent=percent)
    for cause in CAUSES:
        count = sum(one.is_known and cause in one.causes for one in suspects)
        is_mass = judged >= min_records and count > 0 and 100 * count > percent * judged
        assert (cause in found) is is_mass
    one_more = widespread_causes(suspects, judged + 1, min_records=1, percent=percent)
    assert one_more <= widespread_causes(suspects, judged, min_records=1, percent=percent)


HAD = [path for path in fields.MARKED if record(study(1)).has(path)]


@pytest.mark.parametrize("path", HAD, ids=fields.dotted)
def test_a_known_record_that_lost_what_is_marked_is_suspicious_for_that_alone(
    path: fields.Path,
) -> None:
    whole, lacking = record(study(1)), cut(study(1), path)
    assert causes_of(lacking, whole) == (missing_value(path),)
    assert causes_of(lacking, lacking) == (), "it was so before"
    assert causes_of(whole, lacking) == ()
    partial = TrialRecord(
        nct_id=lacking.nct_id, document=lacking.document, coverage=Coverage.of([fields.NCT_ID])
    )
    assert causes_of(partial, whole) == (), "what a partial record lacks it does not state"


IN_LISTS = {
    "facility": fields.LOCATION_FACILITY,
    "city": fields.LOCATION_CITY,
    "country": fields.LOCATION_COUNTRY,
}


@pytest.mark.parametrize("name", IN_LISTS)
def test_what_all_items_of_a_list_lost_is_suspicious(name: str) -> None:
    sites = [("A", "Lyon", "France", 45.7, 4.8), ("B", "Ghent", "Belgium", 51.0, 3.7)]
    whole, lacking, few = (study(1, sites=sites) for _ in range(3))
    for document, cut_of in ((lacking, 2), (few, 1)):
        for site in document["protocolSection"]["contactsLocationsModule"]["locations"][:cut_of]:
            del site[name]
    assert causes_of(record(lacking), record(whole)) == (missing_value(IN_LISTS[name]),)
    assert causes_of(record(few), record(whole)) == ()


def test_an_enrollment_of_none_is_not_a_missing_one() -> None:
    assert causes_of(record(study(1, enrollment=0)), record(study(1))) == ()


def test_a_withheld_record_lost_nothing() -> None:
    withheld = record({"protocolSection": {
        "identificationModule": {"nctId": "NCT09000001"},
        "statusModule": {"overallStatus": "WITHHELD"},
    }})  # fmt: skip
    assert causes_of(withheld, record(study(1))) == ()


def test_of_a_new_record_what_others_lost_is_awaited_too() -> None:
    lacking = cut(study(1), fields.PHASES)
    assert causes_of(lacking, None) == ()
    assert causes_of(lacking, None, met={missing_value(fields.PHASES)}) == (
        missing_value(fields.PHASES),
    )
    assert causes_of(cut(study(1), fields.CONDITIONS), None) == (missing_value(fields.CONDITIONS),)


def test_an_empty_value_is_a_missing_one_and_no_other() -> None:
    emptied = record(study(1, status=""))
    assert causes_of(emptied, record(study(1))) == (missing_value(fields.OVERALL_STATUS),)


def test_a_value_that_the_registry_does_not_list_is_suspicious_once() -> None:
    strange = record(study(1, phases=["PHASE2", "PHASE9"]))
    assert causes_of(strange, record(study(1))) == (unknown_value(fields.PHASES),)
    assert causes_of(strange, None) == (unknown_value(fields.PHASES),)
    assert causes_of(strange, strange) == ()


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (CAUSES[0], "no longer shown by the registry"),
        (CAUSES[1], "without Conditions (protocolSection.conditionsModule.conditions)"),
        (CAUSES[2], "with an unknown value at Phase (protocolSection.designModule.phases)"),
    ],
    ids=["gone", "without", "unknown value"],
)
def test_a_cause_is_said_in_words(cause: str, words: str) -> None:
    assert describe_cause(cause) == words
