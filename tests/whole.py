"""Made-up studies as whole records of the registry: with what every full one has."""

import copy
from typing import Any

_ALWAYS: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {
            "orgStudyIdInfo": {"id": "EX-101"},
            "organization": {"fullName": "Example Organization", "class": "OTHER"},
            "briefTitle": "A study of a thing",
        },
        "statusModule": {
            "statusVerifiedDate": "2025-01",
            "overallStatus": "RECRUITING",
            "studyFirstSubmitDate": "2024-12-02",
            "studyFirstSubmitQcDate": "2024-12-04",
            "studyFirstPostDateStruct": {"date": "2024-12-06", "type": "ACTUAL"},
            "lastUpdatePostDateStruct": {"date": "2026-02-02", "type": "ACTUAL"},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A sponsor", "class": "OTHER"}},
        "descriptionModule": {"briefSummary": "It is about a thing."},
        "conditionsModule": {"conditions": ["A condition"]},
        "designModule": {"studyType": "OBSERVATIONAL"},
        "eligibilityModule": {"stdAges": ["ADULT", "OLDER_ADULT"]},
    },
    "derivedSection": {"miscInfoModule": {"versionHolder": "2026-02-02"}},
    "hasResults": False,
}
_INTERVENTIONS = [{"type": "DRUG", "name": "Examplumab"}]


def as_whole(study: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a study with what every full record has, where it says nothing itself."""
    whole: dict[str, Any] = _filled(study, _ALWAYS)
    protocol = whole["protocolSection"]
    status = protocol["statusModule"]
    status.setdefault("lastUpdateSubmitDate", status["lastUpdatePostDateStruct"]["date"])
    if protocol["designModule"]["studyType"] == "INTERVENTIONAL":
        arms = protocol.setdefault("armsInterventionsModule", {})
        arms.setdefault("interventions", copy.deepcopy(_INTERVENTIONS))
    return whole


def _filled(said: Any, always: Any) -> Any:
    if not (isinstance(said, dict) and isinstance(always, dict)):
        return copy.deepcopy(said)
    missing = {name: value for name, value in always.items() if name not in said}
    return copy.deepcopy(missing) | {
        name: _filled(value, always.get(name)) for name, value in said.items()
    }
