"""Pages of a registry mirror: sections, people, sites, identifiers."""

import pytest

from monitor.errors import RecordError
from monitor.model import fields
from tests.parsers.raws import NCT_ID, items, mirror, page, parse_page
from tests.parsers.raws import read_mirror as read


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"Interventions": "Compound A\n\nSome text"}, "the section 'Interventions' breaks off"),
        ({"Study_Groups": "Arm one\n\nText"}, "the section 'Study Groups' breaks off"),
        (
            {"Study_Groups": "Compound A\n\nIntervention Type DRUG"},
            "the section 'Study Groups' begins in the middle of a group",
        ),
        (
            {"Study_Groups": "Group Type OTHER"},
            "the section 'Study Groups' has a type without a name before it",
        ),
        ({"Locations": "Research Site\n\nBern, , Switzerland"}, "'Locations' breaks off"),
        ({"Locations": "Site Status RECRUITING"}, "'Locations' has an entry without a name"),
        ({"Sponsors": "A Company\n\nINDUSTRY"}, "'Sponsors' breaks off"),
        ({"Sponsors": "A Company\n\nSponsor Role owner"}, "unknown sponsor role 'owner'"),
        ({"Principal_Investigators": "Study Director"}, "'Principal Investigators' breaks off"),
        ({"Other_Identifiers": "X-1\n\nIdentifier Type: -"}, "'Other Identifiers' breaks off"),
        ({"Basic_Information": "Total Enrollment\n\nmany"}, "Total Enrollment is 'many'"),
        ({"Eligibility_Criteria": "Accepts Healthy Volunteers\n\nMaybe"}, "neither Yes nor No"),
    ],
)
def test_a_section_that_breaks_off_or_cannot_be_read_is_refused(
    sections: dict[str, str], sentence: str
) -> None:
    with pytest.raises(RecordError, match=sentence):
        read(**sections)


@pytest.mark.parametrize(
    ("place", "countries", "expected"),
    [
        ("Bern, , Switzerland", "Switzerland", ("Bern", None, "Switzerland")),
        ("Tampa, Florida, United States", "", ("Tampa", "Florida", "United States")),
        ("Seoul, , Korea, Rep. of", "Korea, Rep. of", ("Seoul", None, "Korea, Rep. of")),
        (
            "Busan, Gyeongnam, Korea, Republic of",
            "Japan Korea, Republic of",
            ("Busan", "Gyeongnam", "Korea, Republic of"),
        ),
        ("Washington, D.C., DC, United States", "United States",
         ("Washington, D.C.", "DC", "United States")),
    ],
)  # fmt: skip
def test_a_place_is_city_state_and_country(
    place: str, countries: str, expected: tuple[str | None, ...]
) -> None:
    record = read(
        Locations=f"Research Site\n\n{place}\n\nSite Status\n\nH03\n\n{place}\n\nSite Status X_Y",
        Countries=countries,
    )
    first, second = record.locations
    assert tuple(first.get(name) for name in ("city", "state", "country")) == expected
    assert (first["facility"], first.get("status")) == ("Research Site", None)
    assert (second["facility"], second.get("status")) == ("H03", "X_Y")


SITES = (
    "Site A\n\nBern, , Switzerland\n\nSite Status\n\nSite B\n\nGenf, , Switzerland\n\nSite Status"
)


def test_facility_contacts_are_given_out_only_when_their_count_is_that_of_the_sites() -> None:
    contacts = "Desk A\n\nRole: primary\n\nPhone: 555-0101\n\nDesk B\n\nRole: primary"
    record = read(Locations=SITES, Facility_Contacts=contacts)
    assert [site["contacts"] for site in record.locations] == [
        [{"name": "Desk A", "role": "CONTACT", "phone": "555-0101"}],
        [{"name": "Desk B", "role": "CONTACT"}],
    ]
    assert record.coverage.states((*fields.LOCATION_CONTACTS, "phone"))
    assert not record.coverage.states((*fields.LOCATION_CONTACTS, "email"))
    for others in (f"{contacts}\n\nDesk C\n\nRole: primary", contacts[:-7] + "backup"):
        left_out = read(Locations=SITES, Facility_Contacts=others)
        assert not left_out.coverage.states(fields.LOCATION_CONTACTS)
        assert "contacts" not in left_out.locations[0]


def test_contacts_keep_what_is_shown_and_nothing_that_is_hidden() -> None:
    record = read(
        Central_Contacts="Desk A\n\nRole: CONTACT\n\nPhone: Only use email\n\n"
        "Email: [email\xa0protected]\n\nDesk B\n\nRole: CONTACT\n\n1-800-555-0100\n\n"
        "desk@example.org\n\nDesk C\n\nRole: CONTACT"
    )
    assert items(record, fields.CENTRAL_CONTACTS) == [
        {"name": "Desk A", "role": "CONTACT", "phone": "Only use email"},
        {"name": "Desk B", "role": "CONTACT", "phone": "1-800-555-0100",
         "email": "desk@example.org"},
        {"name": "Desk C", "role": "CONTACT"},
    ]  # fmt: skip


def test_officials_sponsors_and_identifiers_reach_their_fields() -> None:
    record = read(
        Principal_Investigators="Director A\n\nRole: STUDY_DIRECTOR\n\nA Company\n\n"
        "Director B\n\nRole: STUDY_CHAIR\n\nDirector C\n\nRole: STUDY_CHAIR\n\nAn Institute",
        Sponsors="A Company\n\nINDUSTRY\n\nSponsor Role lead\n\nAn Institute\n\nNIH\n\n"
        "Sponsor Role collaborator\n\nA Group\n\nSponsor Role collaborator",
        Other_Identifiers="X-1\n\nIdentifier Type: -\n\nIdentifier Source: org_study_id\n\n"
        "2025-1\n\nIdentifier Type: CTIS\n\nIdentifier Source: secondary_id\n\n"
        "U1\n\nIdentifier Type: -\n\nIdentifier Source: secondary_id",
    )
    assert items(record, fields.OVERALL_OFFICIALS) == [
        {"name": "Director A", "affiliation": "A Company", "role": "STUDY_DIRECTOR"},
        {"name": "Director B", "role": "STUDY_CHAIR"},
        {"name": "Director C", "affiliation": "An Institute", "role": "STUDY_CHAIR"},
    ]
    assert record.get(fields.LEAD_SPONSOR) == {"name": "A Company", "class": "INDUSTRY"}
    assert items(record, fields.COLLABORATORS) == [
        {"name": "An Institute", "class": "NIH"}, {"name": "A Group"},
    ]  # fmt: skip
    assert record.get(fields.ORG_STUDY_ID) == "X-1"
    assert items(record, fields.SECONDARY_IDS) == [{"id": "2025-1", "type": "CTIS"}, {"id": "U1"}]


def test_a_heading_within_a_text_is_text() -> None:
    text = "The aims.\n\nInterventions\n\nTwo doses are given.\n\nConditions\n\nOf storage."
    record = read(Detailed_Description=text, Conditions="Lupus Myositis")
    assert record.get(fields.DETAILED_DESCRIPTION) == text
    assert record.conditions == ("Lupus Myositis",)
    assert fields.CONDITIONS in record.coverage.run_in


def test_a_reworded_explanation_is_still_no_fact() -> None:
    text = mirror(Brief_Summary="The summary.").replace("that highlights what", "telling what")
    assert parse_page(text).get(fields.BRIEF_SUMMARY) == "The summary."


def test_free_text_below_a_design_label_describes_it() -> None:
    record = read(
        Study_Design="Intervention Model\n\nPARALLEL\n\nFirst.\nSecond.\nPrimary Study Purpose\n\n"
        "TREATMENT\n\nBlinding Strategy\n\nDOUBLE\n\nBoth sides."
    )
    assert record.get(fields.INTERVENTION_MODEL) == "PARALLEL"
    assert record.get(fields.INTERVENTION_MODEL_DESCRIPTION) == "First.\nSecond."
    assert record.get(fields.PRIMARY_PURPOSE) == "TREATMENT"
    assert record.get(fields.MASKING_DESCRIPTION) == "Both sides."


def test_other_trials_on_a_page_are_not_the_pages_own() -> None:
    record = read(
        Brief_Summary="Follows up\n\nNCT ID: NCT07654321",
        More_Related_Trials="Another trial\nNCT07654322 RECRUITING PHASE1",
    )
    assert record.nct_id == NCT_ID


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("NCT ID: NCT06377228\n", ""), "the page does not state its NCT ID"),
        (("NCT ID: NCT06377228", "NCT ID: NCT0637"), "'NCT0637', which is not an NCT ID"),
        (
            ("NCT ID: NCT06377228", "NCT ID: NCT06377228\nNCT ID: NCT06377229"),
            "the page states two NCT IDs: NCT06377228 and NCT06377229",
        ),
    ],
)
def test_a_page_needs_exactly_one_id_of_its_own(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(RecordError, match=sentence):
        parse_page(page("NCT06377228").replace(*change))


def test_two_pages_in_one_file_are_refused() -> None:
    with pytest.raises(RecordError, match="stands twice on the page"):
        parse_page(page("NCT06377228") + "\n\n" + page("NCT06733935"))
