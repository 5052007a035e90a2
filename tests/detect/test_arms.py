"""Arms and interventions: what is only clarified weighs less than another treatment."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.detect.treatments import Drugs
from monitor.model.changes import ChangeKind, Severity
from tests.detect.examples import events, kinds, study, the, updated
from tests.records import mixed_studies

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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("5 mg of Thing TID", "5 mg of Thing three times a day (TID)"),
        ("5 mg of Thing three times a day", "5 mg of Thing three times a day (TID)"),
        ("5 mg of Thing twice daily", "5 mg of Thing BID"),
        ("5 mg of Thing every day", "5 mg of Thing once daily (QD)"),
        ("An IM injection of Thing", "An intramuscular (IM) injection of Thing"),
        ("Thing, intravenously", "Thing, intravenously (IV)"),
        ("Thing, given subcutaneously", "Thing, given subcutaneously (SC)"),
        ("Thing by mouth", "Thing by mouth (PO)"),
        ("Thing q3w", "Thing every three weeks (Q3W)"),
        ("Thing q8h", "Thing every 8 hours"),
        ("5 mg of Thing", "5 milligrams (mg) of Thing"),
        ("5 mcg of Thing", "5 µg of Thing"),
        ("2 tablets of Thing", "Two (2) tablets of Thing"),
        ("Thing for 2 hrs", "Thing for 2 hours (hrs)"),
        ("Thing, once-weekly", "Thing, once a week (QW)"),
        ("Thing after a followup", "Thing after a follow-up"),
    ],
)
@pytest.mark.parametrize("kind", PLACES)
def test_an_abbreviation_that_is_written_out_only_clarifies(
    kind: K, before: str, after: str
) -> None:
    path, item = PLACES[kind]
    for old, new in ((before, after), (after, before)):
        sides = ({path: [{**item, "description": text}]} for text in (old, new))
        found = events(study(next(sides)), updated(next(sides)))
        assert the(kind, found).severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("5 mg of Thing TID", "5 mg of Thing twice a day (BID)"),
        ("An IM injection of Thing", "An intravenous (IV) injection of Thing"),
        ("Thing every 3 weeks", "Thing every two weeks (Q2W)"),
        ("5 mg of Thing", "5 micrograms (mcg) of Thing"),
        ("Thing from -5 on", "Thing from 5 on"),
        ("Thing on days 1-5", "Thing on days 15"),
    ],
)
def test_another_dose_is_high_where_it_is_written_out_too(before: str, after: str) -> None:
    path, item = PLACES[K.ARM_CHANGED]
    sides = ({path: [{**item, "description": text}]} for text in (before, after))
    found = events(study(next(sides)), updated(next(sides)))
    assert the(K.ARM_CHANGED, found).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("before", "after"),
    [("Thing in a drug eluting stent", "Thing in a drug-eluting stent"),
     ("Non steroidal Thing", "Non-steroidal Thing"), ("A 12 week course", "A 12-week course"),
     ("After anti PD 1", "After anti-PD-1")],
)  # fmt: skip
def test_a_hyphen_that_came_is_noise(before: str, after: str) -> None:
    path, item = PLACES[K.ARM_CHANGED]
    sides = ({path: [{**item, "description": text}]} for text in (before, after))
    assert kinds(events(study(next(sides)), updated(next(sides)))) == []


BOTH: list[dict[str, Any]] = [
    {"type": "DRUG", "name": "Pembrolizumab", "otherNames": ["MK-3475", "Keytruda"]},
    {"type": "DRUG", "name": "Nivolumab"},
    {"type": "DRUG", "name": "Zorvex"},
]


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        ("Pembrolizumab 200 mg every 3 weeks", "Nivolumab 200 mg every 3 weeks", "high"),
        ("Pembrolizumab 200 mg", "Nivolumab 240 mg", "high"),
        ("Pembrolizumab 200 mg", "Durvalumab 200 mg", "high"),
        ("Pembrolizumab and placebo", "Pembrolizumab and carboplatin", "high"),
        ("Pembrolizumab alone", "Pembrolizumab with lenvatinib", "high"),
        ("Pembrolizumab with lenvatinib", "Pembrolizumab alone", "high"),
        ("Pembrolizumab 200 mg", "Quixotril 200 mg", "high"),
        ("Infusion of MK-3475", "Infusion of AZD2936", "high"),
        ("Pembrolizumab, then Zorvex", "Pembrolizumab, then surgery", "high"),
        ("Pembrolizumab by infusion", "MK-3475 by infusion", "medium"),
        ("Pembrolizumab by infusion", "Pembrolizumab (Keytruda) by infusion", "medium"),
        ("The study drug by infusion", "Pembrolizumab by infusion", "medium"),
        ("Pembrolizumab by infusion", "The study drug by infusion", "medium"),
        ("Participants get pembrolizumab", "Pembrolizumab, given in hospital", "medium"),
        ("In April, at home, accepted", "In the spring, at home, as accepted", "medium"),
    ],
)  # fmt: skip
def test_another_drug_in_a_description_is_another_treatment(
    before: str, after: str, severity: str
) -> None:
    arm = {"label": "A", "type": "EXPERIMENTAL", "interventionNames": ["Drug: Pembrolizumab"]}
    old, new = (
        {PLACES[K.ARM_CHANGED][0]: [{**arm, "description": text}],
         PLACES[K.INTERVENTION_CHANGED][0]: BOTH}
        for text in (before, after)
    )  # fmt: skip
    assert the(K.ARM_CHANGED, events(study(old), updated(new))).severity == severity


def _real_arms(shared_data: Path) -> Iterator[tuple[dict[str, Any], list[Any], str]]:
    """Yield real arms, the record's interventions, and the name of a drug that the arm names."""
    for document in mixed_studies(shared_data):
        module = document["protocolSection"].get("armsInterventionsModule", {})
        drugs = [one for one in module.get("interventions", []) if one.get("type") == "DRUG"]
        for arm in module.get("armGroups", []):
            text = arm.get("description", "")
            for drug in drugs:
                named = re.search(rf"\b{re.escape(drug['name'])}\b", text)
                if len(text) < 900 and len(drug["name"]) > 5 and drug["name"].isalpha() and named:
                    yield arm, module["interventions"], drug["name"]
                    break


def test_real_arms_tell_another_drug_from_a_rewording(shared_data: Path) -> None:
    arms = list(_real_arms(shared_data))[:150]
    assert len(arms) > 60
    weighed = {"swapped": Severity.HIGH, "reworded": Severity.MEDIUM}
    wrong = []
    for arm, interventions, name in arms:
        other = "Sotorasib" if "sotorasib" not in arm["description"].lower() else "Imatinib"
        texts = {
            "swapped": re.sub(rf"\b{name}\b", other, arm["description"]),
            "reworded": f"Those who take part, as described: {arm['description']}",
        }
        for how, text in texts.items():
            paths = [path for path, _ in PLACES.values()]
            old = study(dict(zip(paths, ([arm], interventions), strict=True)))
            changed = {**arm, "description": text}
            new = updated(dict(zip(paths, ([changed], interventions), strict=True)))
            if the(K.ARM_CHANGED, events(old, new)).severity is not weighed[how]:
                wrong.append((how, name, arm["description"]))
    assert wrong == []


def test_drugs_are_found_by_their_names_and_by_how_drugs_are_named() -> None:
    drugs = Drugs(BOTH)
    assert drugs.named_in("MK-3475 or Keytruda® or pembrolizumab") == {"pembrolizumab"}
    assert drugs.named_in("zorvex, osimertinib; BNT327 and placebo") == {
        "zorvex", "osimertinib", "bnt327", "placebo",
    }  # fmt: skip
    assert (
        drugs.named_in("In April, accept the concept, except at night; COVID-19, week 12") == set()
    )
    assert Drugs([]).named_in("nothing of it") == set()
