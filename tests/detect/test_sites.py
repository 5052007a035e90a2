"""Sites: real lists are long, masked, respelled and in no order of their own."""

import copy
import time
from typing import Any

import pytest

from monitor.detect.diff import diff
from monitor.detect.sites import is_masked
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.coverage import Coverage
from tests.detect.examples import compared, events, kinds, of, shuffled, sites, study, the, updated

Site = dict[str, Any]


def site(number: int, **attributes: Any) -> Site:
    """Return one of many sites that have names of their own."""
    return {
        "facility": f"Hospital {number}",
        "status": "RECRUITING",
        "city": f"City {number % 50}",
        "zip": f"{number:05d}",
        "country": "United States",
        "contacts": [{"name": f"Contact of {number}", "role": "CONTACT"}],
        "geoPoint": {"lat": number / 100, "lon": -number / 100},
    } | attributes


def masked(**attributes: Any) -> Site:
    """Return a site that says only where it is."""
    return {"facility": "Research Site", "city": "Seattle", "state": "Washington",
            "zip": "98101", "country": "United States"} | attributes  # fmt: skip


def changed(old: list[Site], new: list[Site], seed: int | None = 0) -> tuple[FieldChange, ...]:
    """Return the changes between two lists of sites, the second one shuffled."""
    if seed is not None:
        new = shuffled(new, seed)
    return diff(of(_with(old)), of(_with(new)))


def _with(found: list[Site]) -> dict[str, Any]:
    return study({"contactsLocationsModule.locations": found})


def derive_changes(old: list[Site], new: list[Site]) -> list[tuple[ChangeKind, Any]]:
    """Return kind and count of the events between two lists of sites above noise."""
    place = "contactsLocationsModule.locations"
    found = events(study({place: old}), updated({place: new}))
    return [(e.kind, e.facts.get("count")) for e in found if e.severity is not Severity.NOISE]


def test_of_2000_shuffled_sites_just_the_300_changed_ones_are_told() -> None:
    old = [site(number) for number in range(2_000)]
    new = copy.deepcopy(old)
    for number in shuffled(range(2_000), 1)[:300]:
        new[number]["status"] = "COMPLETED"
    found = changed(old, new)
    assert len(found) == 300
    assert {(c.field, c.op, c.before, c.after) for c in found} == {
        (fields.LOCATION_STATUS, "changed", "RECRUITING", "COMPLETED")
    }


@pytest.mark.parametrize("known_apart_by", ["contacts", "status", "email"])
def test_of_400_sites_of_one_name_just_the_2_changed_ones_are_told(known_apart_by: str) -> None:
    values = shuffled([f"value {number // 10}" for number in range(400)], 2)
    old = [masked(**{known_apart_by: value}) for value in values]
    new = copy.deepcopy(old)
    new[17]["status"] = new[230]["status"] = "SUSPENDED"
    found = changed(old, new)
    assert [change.field for change in found] == [fields.LOCATION_STATUS] * 2


def test_400_sites_of_one_name_that_all_change_are_each_told_once() -> None:
    old = [masked(status="RECRUITING", email=number) for number in range(400)]
    new = [{**one, "status": "WITHDRAWN"} for one in old]
    found = changed(old, new)
    assert len(found) == 400
    assert {change.field for change in found} == {fields.LOCATION_STATUS}


def test_400_sites_of_one_name_that_all_have_other_contacts_keep_the_rest() -> None:
    def people(prefix: str, number: int) -> list[Site]:
        return [{"name": f"{prefix} {number * 7919 % 401}"}]

    old = [masked(email=number, contacts=people("Old", number)) for number in range(400)]
    new = [{**one, "contacts": people("New", 400 - n)} for n, one in enumerate(old)]
    assert {change.field for change in changed(old, new)} == {(*fields.LOCATION_CONTACTS, "name")}


def test_400_sites_of_one_name_are_told_apart_by_what_they_keep() -> None:
    old = [masked(status="RECRUITING", email=number, contacts=[]) for number in range(400)]
    new = [{**one, "status": "WITHDRAWN", "contacts": [{"name": "New"}]} for one in old]
    found = changed(old, new)
    assert len(found) == 800
    assert {c.field for c in found} == {fields.LOCATION_STATUS, fields.LOCATION_CONTACTS}


def test_two_sites_of_one_name_that_swap_places_are_no_change() -> None:
    both = [masked(status="RECRUITING"), masked(status="COMPLETED")]
    assert changed(both, both[::-1], seed=None) == ()


def test_two_sites_of_one_name_are_the_same_with_their_contacts_in_another_order() -> None:
    people = [{"name": "One contact"}, {"name": "Another contact"}]
    others = [{"name": "Third contact"}, {"name": "Fourth contact"}]
    old = [masked(contacts=people), masked(contacts=others)]
    new = [masked(contacts=others[::-1]), masked(contacts=people[::-1])]
    assert changed(old, new, seed=None) == ()


@pytest.mark.parametrize("seed", range(4))
def test_of_two_sites_of_one_name_the_one_that_changed_is_told(seed: int) -> None:
    old = [masked(status="RECRUITING", phone="1"), masked(status="COMPLETED", phone="2")]
    new = [masked(status="SUSPENDED", phone="1"), masked(status="COMPLETED", phone="2")]
    (found,) = changed(old, new, seed)
    assert (found.before, found.after) == ("RECRUITING", "SUSPENDED")


def test_no_two_sites_have_one_path_even_if_one_is_named_like_a_count() -> None:
    names = ["Clinic", "Clinic (2)", "Clinic", "Clinic"]
    old = [{"facility": name, "status": "RECRUITING", "phone": n} for n, name in enumerate(names)]
    new = [{**one, "status": "COMPLETED"} for one in old]
    found = changed(old, new, seed=None)
    assert len(found) == len({change.path for change in found}) == 4


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"facility": "Local Institution - 0062"}, {"facility": "University of Iowa"}),
        ({"facility": "University of Iowa"}, {"facility": "Research Site"}),
        ({"facility": "Local Institution"}, {"facility": "Local Institution - 0062"}),
        ({"facility": "Research Site", "zip": None}, {"facility": "University of Iowa"}),
        ({"facility": "Hôpital Foch"}, {"facility": 'Hă"Pital Foch'}),
        ({"facility": "Iowa University"}, {"facility": "University, Iowa"}),
        ({"facility": "University Hospital"}, {"facility": "University Hospital | Oncology"}),
        ({"facility": "Central clinic", "zip": "1"}, {"facility": "Central clinic", "zip": "2"}),
        ({"facility": "Central clinic", "city": "Napoli"}, {"city": "Naples"}),
        ({"facility": "Research Site", "city": "Napoli"}, {"city": "Naples"}),
        ({"facility": "Central clinic", "city": "Napoli", "zip": None}, {"city": "Naples"}),
        ({"facility": "Clinic", "city": "Napoli", "zip": None}, {"city": "Naples", "zip": "80131"}),
        ({"facility": "Clinic", "city": "Napoli", "zip": "80131"}, {"city": "Naples", "zip": None}),
        ({"facility": "Central clinic", "state": "WA"}, {"state": "Washington"}),
        ({"country": "Korea, Republic of"}, {"country": "South Korea"}),
        ({"country": "Turkey"}, {"country": "Turkey (Türkiye)"}),
        ({"country": "Iran, Islamic Republic of"}, {"country": "Iran"}),
        ({"country": "Czech Republic"}, {"country": "Czechia"}),
        ({"country": "Burma"}, {"country": "Myanmar"}),
        ({"facility": "Research Site", "country": "Russian Federation"}, {"country": "Russia"}),
    ],
)
def test_the_same_site_under_another_name_or_spelling_is_noise(before: Site, after: Site) -> None:
    base = {"city": "Iowa City", "zip": "52242", "country": "United States", "status": "RECRUITING"}
    old, new = ({k: v for k, v in one.items() if v is not None}
                for one in (base | before, base | before | after))  # fmt: skip
    assert derive_changes([old, site(1)], [site(1), new]) == []
    event = the(ChangeKind.SITE_RENAMED, events(_with([old]), _with_update([new])))
    assert event.severity is Severity.NOISE


def test_what_changed_in_several_fields_of_sites_is_about_the_sites() -> None:
    sites = [site(1), site(2)]
    respelt = [{**site(1), "city": "Citta"}, {**site(2), "facility": "Hospital 2 (Main)"}]
    for one, person in zip(respelt, ("A", "B"), strict=True):
        one["contacts"] = [{"name": person}]
    found = events(_with(sites), _with_update(respelt))
    places = "protocolSection.contactsLocationsModule.locations"
    assert the(ChangeKind.SITE_RENAMED, found).path == places
    assert the(ChangeKind.CONTACT_CHANGED, found).path == f"{places}.contacts"


def _with_update(found: list[Site]) -> dict[str, Any]:
    return updated({"contactsLocationsModule.locations": found})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"facility": "North Hospital"}, {"facility": "Institute of Oncology"}),
        ({"facility": "St Mary's Clinic"}, {"facility": "Charité"}),
        ({"facility": "Local Institution - 0062"}, {"facility": "Local Institution - 0107"}),
        ({"facility": "Research Site", "zip": "1"}, {"facility": "Some Hospital", "zip": "2"}),
        ({"facility": "NIH Clinical Center"}, {"facility": "Walter Reed Hospital"}),
        ({"facility": "Clinical Research Center of Iowa"}, {"facility": "Some Hospital"}),
        ({"facility": "General Hospital", "city": "Athens", "zip": None}, {"city": "Thessaloniki"}),
        ({"facility": "Research Site", "city": "Athens", "zip": None}, {"city": "Athina"}),
    ],
)
def test_another_site_in_the_place_of_one_is_removed_and_added(before: Site, after: Site) -> None:
    base = {"city": "Iowa City", "zip": "52242", "country": "United States"}
    old, new = ({k: v for k, v in one.items() if v is not None}
                for one in (base | before, base | before | after))  # fmt: skip
    assert derive_changes([old, site(1)], [new, site(1)]) == [
        (ChangeKind.SITE_ADDED, 1),
        (ChangeKind.SITE_REMOVED, 1),
    ]


def test_a_swap_at_one_address_tells_that_it_is_one_address() -> None:
    old, new = site(1, facility="North Hospital"), site(1, facility="Institute of Oncology")
    found = events(_with([old]), _with_update([new]))
    facts = the(ChangeKind.SITE_ADDED, found).facts
    assert facts["same_place"] == [
        "City 1/00001/United States: North Hospital → Institute of Oncology"
    ]


def test_one_address_is_one_under_all_names_of_its_country() -> None:
    old = site(1, facility="North Hospital", country="Korea, Republic of")
    new = site(1, facility="Institute of Oncology", country="South Korea")
    facts = the(ChangeKind.SITE_ADDED, events(_with([old]), _with_update([new]))).facts
    assert facts["same_place"] == [
        "City 1/00001/South Korea: North Hospital → Institute of Oncology"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Research Site", "Research Site 0012", "Local Institution", "Local Institution - 0062",
        "Novartis Investigative Site", "GSK Investigational Site", "Investigational center",
        "Investigational Site Number : 8400001", "Zai Lab Site 4001", "CT-12 Study Center",
        "Regeneron Study Site", "Research facility ID ORG-001234", "Clinical Site", "0042", None,
        "For additional information regarding investigative sites for this trial, contact us",
    ],
)  # fmt: skip
def test_a_mask_is_known(name: str | None) -> None:
    assert is_masked(name)


@pytest.mark.parametrize(
    "name",
    [
        "National Institutes of Health Clinical Center", "Clinical Research Center of Alabama",
        "Clinical Center of Serbia", "Encino Research Center", "Fred Hutchinson Cancer Center",
        "Yale University School of Medicine Site Number : 84", "Duke Cancer Institute ( Site 0012)",
        "Clinical Site Partners LLC", "Hospital Universitario 12 de Octubre", "City Polyclinic 4",
    ],
)  # fmt: skip
def test_a_real_name_is_no_mask(name: str) -> None:
    assert not is_masked(name)


def test_a_country_comes_only_with_its_first_site() -> None:
    here, there = site(1), site(2, country="Norway")
    assert derive_changes([here], [here, there, site(3, country="Norway")]) == [
        (ChangeKind.SITE_ADDED, 2),
        (ChangeKind.COUNTRY_ADDED, None),
    ]
    assert derive_changes([here, there], [here, there, site(3, country="Norway")]) == [
        (ChangeKind.SITE_ADDED, 1)
    ]


def test_countries_that_were_not_stated_before_are_not_added() -> None:
    place = "contactsLocationsModule.locations"
    nowhere = {name: value for name, value in site(1).items() if name != "country"}
    old = of(study({place: [nowhere]}), coverage=Coverage.all_but([fields.LOCATION_COUNTRY]))
    new = of(updated({place: [site(1), site(2, country="Norway")]}))
    for before, after, kind in (
        (old, new, ChangeKind.SITE_ADDED),
        (new, old, ChangeKind.SITE_REMOVED),
    ):
        assert kinds(compared(before, after)[1]) == [kind]


def test_sites_of_a_country_are_counted_together_under_whichever_of_its_names() -> None:
    place = "contactsLocationsModule.locations"
    new = [site(1), site(2, country="Czech Republic"), site(3, country="Czechia")]
    found = events(study({place: [site(1)]}), updated({place: new}))
    assert the(ChangeKind.SITE_ADDED, found).facts["by_country"] == {"Czech Republic": 2}
    assert the(ChangeKind.COUNTRY_ADDED, found).facts["sites"] == 2


def test_a_site_whose_status_changes_with_the_trials_is_news_of_its_own() -> None:
    place = "contactsLocationsModule.locations"
    new = updated({"statusModule.overallStatus": "COMPLETED",
                   place: [site(1, status="COMPLETED")]})  # fmt: skip
    event = the(ChangeKind.SITE_STATUS_CHANGED, events(study({place: [site(1)]}), new))
    assert event.severity is Severity.MEDIUM
    assert event.summary == "Status of 1 site: RECRUITING → COMPLETED"


def test_a_site_that_opens_with_the_trial_is_news_of_its_own() -> None:
    place = "contactsLocationsModule.locations"
    old = study({"statusModule.overallStatus": "NOT_YET_RECRUITING",
                 place: [site(n, status="NOT_YET_RECRUITING") for n in range(3)]})  # fmt: skip
    event = the(
        ChangeKind.SITE_STATUS_CHANGED, events(old, updated({place: [*map(site, range(3))]}))
    )
    assert event.severity is Severity.MEDIUM
    assert "consequence_of" not in event.facts


def test_a_site_that_gains_its_status_in_a_trial_that_goes_on_is_news_of_its_own() -> None:
    place = "contactsLocationsModule.locations"
    silent = {name: value for name, value in site(1).items() if name != "status"}
    old, new = study({place: [silent, site(2)]}), updated({place: [site(1), site(2)]})
    event = the(ChangeKind.SITE_STATUS_CHANGED, events(old, new))
    assert event.severity is Severity.MEDIUM
    assert "consequence_of" not in event.facts


@pytest.mark.parametrize(
    "edit",
    [
        {"status": "WITHDRAWN"},
        {"facility": "Clinic"},
        {"facility": "Clinic", "city": "Berlin"},
        {"contacts": [], "status": "WITHDRAWN"},
    ],
    ids=str,
)
def test_5000_sites_that_all_change_take_seconds_not_minutes(edit: Site) -> None:
    old = [site(number) for number in range(5_000)]
    new = [one | edit | {"x": f"{number}"} for number, one in enumerate(old)]
    if "facility" in edit:
        new = [one | {"facility": f"Clinic {n * 7919 % 5_000}"} for n, one in enumerate(new)]
    started = time.process_time()
    changes, found = compared(of(_with(old)), of(_with_update(shuffled(new, 3))))
    assert len(changes) >= 5_000
    assert found
    assert time.process_time() - started < 20


def test_a_list_of_sites_keeps_its_documents() -> None:
    old, new = _with([site(1)]), _with([site(2)])
    before = copy.deepcopy((old, new))
    diff(of(old), of(new))
    assert (old, new) == before
    assert sites(old) == [site(1)]
