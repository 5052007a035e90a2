"""Facts of versions: of any document, of real records, and of what is not stated."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.facts import version_facts
from monitor.model.coverage import Coverage
from monitor.model.facts import VersionFacts
from monitor.model.record import TrialRecord
from tests.records import record as as_record
from tests.records import sample

NCT = "NCT09000001"
STUDY: dict[str, Any] = {
    "protocolSection": {
        "statusModule": {
            "overallStatus": "TERMINATED",
            "whyStopped": "Slow accrual",
            "startDateStruct": {"date": "2021-05", "type": "ACTUAL"},
            "primaryCompletionDateStruct": {"date": "2023-01-31", "type": "ESTIMATED"},
            "completionDateStruct": {"date": "2023-06"},
            "resultsFirstSubmitDate": "2024-01-02",
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A sponsor"}},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE1", "PHASE2"],
            "enrollmentInfo": {"count": 12, "type": "ACTUAL"},
        },
        "armsInterventionsModule": {"armGroups": [{"label": "a"}, {"label": "b"}]},
        "outcomesModule": {"primaryOutcomes": [{"measure": "x"}]},
        "eligibilityModule": {"sex": "ALL", "minimumAge": "18 Years"},
        "contactsLocationsModule": {
            "locations": [
                {"facility": "a", "country": "Turkey"},
                {"facility": "b", "country": "Turkey (Türkiye)"},
                {"facility": "c", "country": "France"},
                {"facility": "d"},
            ]
        },
    },
    "hasResults": False,
}


def facts(document: Any, **about: Any) -> VersionFacts:
    return version_facts(TrialRecord(nct_id=NCT, document=document, **about))


def test_facts_are_what_the_record_states() -> None:
    assert facts(STUDY) == VersionFacts(
        overall_status="TERMINATED",
        reason_class="accrual",
        study_type="INTERVENTIONAL",
        phases=("PHASE1", "PHASE2"),
        start_date="2021-05",
        start_date_type="ACTUAL",
        primary_completion_date="2023-01-31",
        primary_completion_date_type="ESTIMATED",
        completion_date="2023-06",
        enrollment=12,
        enrollment_type="ACTUAL",
        lead_sponsor="A sponsor",
        sites=4,
        sites_by_country={"France": 1, "Turkey (Türkiye)": 2},
        arms=2,
        primary_outcomes=1,
        secondary_outcomes=0,
        results="SUBMITTED",
        minimum_age="18 Years",
        sex="ALL",
    )


def test_what_a_source_does_not_state_is_not_zero() -> None:
    found = facts({}, coverage=Coverage.of([("protocolSection", "statusModule", "overallStatus")]))
    assert found == VersionFacts()
    assert facts({}) == VersionFacts(
        sites=0, arms=0, primary_outcomes=0, secondary_outcomes=0, results="NONE"
    )


def test_posted_results_are_posted() -> None:
    assert facts({**STUDY, "hasResults": True}).results == "POSTED"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


def _places(value: Any, *path: Any) -> list[tuple[Any, ...]]:
    inner: Any = ()
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(place for name, one in inner for place in _places(one, *path, name))]


@given(st.sampled_from(_places(STUDY)[1:]), JSON)
def test_nothing_that_a_document_holds_makes_facts_fail(path: tuple[Any, ...], junk: Any) -> None:
    def edited(value: Any, rest: tuple[Any, ...]) -> Any:
        if not rest:
            return junk
        name, *deeper = rest
        changed = dict(value) if isinstance(value, dict) else list(value)
        changed[name] = edited(value[name], tuple(deeper))
        return changed

    found = facts(edited(STUDY, path))
    assert found.enrollment is None or 0 <= found.enrollment < 2**31
    assert all(isinstance(phase, str) for phase in found.phases)


def test_real_records_have_their_facts(shared_data: Path) -> None:
    for record in map(as_record, sample(shared_data, 100)):
        found = version_facts(record)
        assert found.overall_status == record.overall_status
        assert found.sites == len(record.locations)
        assert sum(found.sites_by_country.values()) <= len(record.locations)
        assert found.primary_outcomes == len(record.primary_outcomes)
        assert (found.results == "POSTED") == (record.document.get("hasResults") is True)
        assert found.study_type in {"INTERVENTIONAL", "OBSERVATIONAL", "EXPANDED_ACCESS"}
