"""Who leaves a post and who comes to it are one change, not one gone and one come."""

from typing import Any

import pytest

from monitor.model.changes import ChangeEvent, ChangeKind
from tests.detect.examples import events, sites, study, the, updated

K = ChangeKind
OFFICIALS = "contactsLocationsModule.overallOfficials"
CENTRAL = "contactsLocationsModule.centralContacts"
COLLABORATORS = "sponsorCollaboratorsModule.collaborators"
ANNA = {"name": "Anna Berg, MD", "affiliation": "Oslo Hospital", "role": "PRINCIPAL_INVESTIGATOR"}
BEN = {"name": "Ben Dahl, PhD", "affiliation": "Oslo Hospital", "role": "PRINCIPAL_INVESTIGATOR"}
CHAIR = {"name": "Cato Lie", "affiliation": "Bergen Clinic", "role": "STUDY_CHAIR"}


def _event(kind: K, path: str, before: list[Any], after: list[Any]) -> ChangeEvent:
    return the(kind, events(study({path: before}), updated({path: after})))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([ANNA], [BEN], "Anna Berg, MD → Ben Dahl, PhD"),
        ([ANNA, CHAIR], [CHAIR, BEN], "Anna Berg, MD → Ben Dahl, PhD"),
        ([ANNA], [{**BEN, "affiliation": "Tromsø Clinic"}],
         "Anna Berg, MD → Ben Dahl, PhD (affiliation changed)"),
        ([ANNA], [CHAIR], "1 added, 1 removed (Cato Lie; Anna Berg, MD)"),
        ([ANNA], [ANNA, BEN], "added Ben Dahl, PhD"),
        ([ANNA, BEN], [{**BEN, "name": "Dina Moe"}, {**BEN, "name": "Even Ås"}],
         "2 changed (Anna Berg, MD → Dina Moe; Ben Dahl, PhD → Even Ås)"),
    ],
    ids=["replaced", "beside another", "from elsewhere", "another role", "one more", "both"],
)  # fmt: skip
def test_an_official_of_one_role_that_is_replaced_is_one_change(
    before: list[Any], after: list[Any], said: str
) -> None:
    assert _event(K.INVESTIGATOR_CHANGED, OFFICIALS, before, after).summary == (
        f"Overall officials: {said}"
    )


def test_the_investigator_who_is_the_responsible_party_too_is_told_once() -> None:
    party = "sponsorCollaboratorsModule.responsibleParty"
    old, new = (
        {OFFICIALS: [one], party: {"type": "SPONSOR", "investigatorFullName": one["name"]}}
        for one in (ANNA, BEN)
    )
    event = the(K.INVESTIGATOR_CHANGED, events(study(old), updated(new)))
    assert event.summary == (
        "Officials and responsible party: Anna Berg, MD → Ben Dahl, PhD "
        "(Overall officials; Responsible party: investigator full name)"
    )


@pytest.mark.parametrize(
    "after",
    [
        {"name": "Ben Dahl", "role": "CONTACT", "phone": "1"},
        {"name": "Ben Dahl", "role": "CONTACT", "phone": "2", "email": "b@example.org"},
        {"name": "Anna Berg", "role": "CONTACT", "phone": "2"},
    ],
    ids=["another name", "another person", "another phone"],
)
def test_a_contact_that_is_replaced_is_one_change(after: dict[str, str]) -> None:
    before = {"name": "Anna Berg", "role": "CONTACT", "phone": "1"}
    central = _event(K.CONTACT_CHANGED, CENTRAL, [before], [after])
    assert central.facts["central"] == 1
    assert {change.op for change in central.fields if change.field[-1] == "name"} <= {"changed"}
    old, new = study(), updated()
    for document, contact in ((old, before), (new, after)):
        sites(document)[0]["contacts"] = [contact]
    of_site = the(K.CONTACT_CHANGED, events(old, new))
    assert of_site.facts["sites"] == 1
    assert {change.op for change in of_site.fields if change.field[-1] == "name"} <= {"changed"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (["Beigene"], ["BeOne Medicines"], "Beigene → BeOne Medicines"),
        (["Beigene", "Roche Pharma AG", "Amgen"], ["Amgen", "Roche Pharma AG, Basel", "Pfizer"],
         "2 changed (Beigene → Pfizer; Roche Pharma AG → Roche Pharma AG, Basel)"),
        (["Amgen"], ["Amgen", "Pfizer"], "added Pfizer"),
        (["Amgen", "Pfizer"], ["Amgen"], "removed Pfizer"),
    ],
    ids=["renamed", "beside others", "one more", "one less"],
)  # fmt: skip
def test_a_collaborator_under_another_name_is_one_change(
    before: list[str], after: list[str], said: str
) -> None:
    named = [[{"name": name, "class": "INDUSTRY"} for name in names] for names in (before, after)]
    event = _event(K.COLLABORATOR_CHANGED, COLLABORATORS, *named)
    assert event.summary == f"Collaborators: {said}"
