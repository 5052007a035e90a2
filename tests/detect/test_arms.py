"""Arms and interventions: what is only clarified weighs less than another treatment."""

import pytest

from monitor.model.changes import ChangeKind, Severity
from tests.detect.examples import events, study, the, updated

K = ChangeKind
ARM = {
    "label": "Thing", "type": "EXPERIMENTAL", "interventionNames": ["Drug: Thing"],
    "description": "Participants receive 5 mg of Thing daily, taken by mouth.",
}  # fmt: skip
DRUG = {"type": "DRUG", "name": "Thing", "description": ARM["description"]}
PLACES = {
    K.ARM_CHANGED: ("armsInterventionsModule.armGroups", ARM),
    K.INTERVENTION_CHANGED: ("armsInterventionsModule.interventions", DRUG),
}


@pytest.mark.parametrize(
    ("edit", "severity"),
    [
        ({"description": "Participants will receive 5 mg of Thing daily by mouth, at home."},
         Severity.MEDIUM),
        ({"description": "Participants receive 10 mg of Thing daily, taken by mouth."},
         Severity.HIGH),
        ({"description": "Participants receive 5 µg of Thing daily, taken by mouth."},
         Severity.HIGH),
        ({"description": "Participants receive 5 mg of Thing weekly, taken by mouth."},
         Severity.HIGH),
        ({"description": "Participants receive no 5 mg of Thing daily, taken by mouth."},
         Severity.HIGH),
        ({"type": "OTHER"}, Severity.HIGH),
        ({"type": "OTHER", "description": "Participants receive 5 mg of Thing daily."},
         Severity.HIGH),
    ],
    ids=["clarified", "other dose", "other unit", "other frequency", "turned", "type",
         "type and description"],
)  # fmt: skip
@pytest.mark.parametrize("kind", PLACES)
def test_a_description_that_is_only_clarified_is_medium(
    kind: K, edit: dict[str, str], severity: Severity
) -> None:
    path, item = PLACES[kind]
    event = the(kind, events(study({path: [item]}), updated({path: [{**item, **edit}]})))
    assert event.severity is severity


@pytest.mark.parametrize("kind", PLACES)
def test_another_label_or_name_is_high(kind: K) -> None:
    path, item = PLACES[kind]
    renamed = {**item, "label" if "label" in item else "name": "Thing XR"}
    found = events(study({path: [item]}), updated({path: [renamed]}))
    assert the(kind, found).severity is Severity.HIGH
