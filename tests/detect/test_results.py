"""What an event says of results that changed."""

import pytest

from monitor.model.changes import ChangeKind
from tests.detect.examples import STUDY, Changes, events, study, the, updated

SUBMITTED = "statusModule.resultsFirstSubmitDate"
CHECKED = "statusModule.resultsFirstSubmitQcDate"
POSTED: Changes = {
    "hasResults": True,
    "statusModule.resultsFirstPostDateStruct": {"date": "2026-01-12"},
    SUBMITTED: "2025-12-01",
    "resultsSection.adverseEventsModule": {"frequencyThreshold": "0", "timeFrame": "1 year"},
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({SUBMITTED: "2025-12-02"}, "Results first submitted: 2025-12-01 → 2025-12-02"),
        (
            {SUBMITTED: "2025-12-02", CHECKED: "2025-12-03"},
            "Results: 2 fields changed (Results first submit qc date, Results first submitted)",
        ),
        (
            {"resultsSection.adverseEventsModule": {"frequencyThreshold": "5", "timeFrame": "now"}},
            "Results: 2 fields changed (Adverse events)",
        ),
        (
            {"resultsSection.adverseEventsModule": {"timeFrame": "1 year"}},
            "Results: 1 field changed (Adverse events)",
        ),
    ],
)
def test_a_change_of_results_tells_where_it_is(changes: Changes, said: str) -> None:
    found = events(study(POSTED), updated({**POSTED, **changes}))
    assert the(ChangeKind.RESULTS_CHANGED, found).summary == said


def test_two_documents_of_one_name_are_two() -> None:
    (protocol,) = STUDY["documentSection"]["largeDocumentModule"]["largeDocs"]
    consents = [
        {"typeAbbrev": "ICF", "label": "Informed Consent Form", "filename": f"ICF_00{number}.pdf"}
        for number in (1, 2)
    ]
    new = updated({"documentSection.largeDocumentModule.largeDocs": [protocol, *consents]})
    event = the(ChangeKind.DOCUMENT_ADDED, events(study(), new))
    assert event.facts["documents"] == ["Informed Consent Form"] * 2
    assert event.summary.startswith("2 study documents added")
