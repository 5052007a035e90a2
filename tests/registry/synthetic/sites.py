"""Contacts and sites of synthetic trials, as the registry shows them in each state."""

from typing import Any

from tests.registry.synthetic.draw import mix, share
from tests.registry.synthetic.facts import SHOWS_CONTACTS, Facts, Site, city_of, facility_of

Json = dict[str, Any]


def contacts_locations(nct_id: str, facts: Facts) -> Json:
    """Return the module; contacts and site statuses stand in it only at certain statuses."""
    found: Json = {}
    contacts = facts.known_status in SHOWS_CONTACTS
    if contacts:
        phone = f"+1 555 {facts.seed % 10_000:04d} {facts.contact}"
        found["centralContacts"] = [
            {"name": "Study contact", "role": "CONTACT", "phone": phone,
             "email": f"{nct_id.lower()}@example.org"}
        ]  # fmt: skip
    shifts = dict(facts.shifted)
    found["locations"] = [
        _location(facts, site, shifts.get(site.number, 0), contacts=contacts)
        for site in facts.sites
    ]
    return found


def _location(facts: Facts, site: Site, shift: int, *, contacts: bool) -> Json:
    city = city_of(facts.seed, site.number)
    entry: Json = {"facility": facility_of(facts.seed, site.number)}
    if facts.known_status == "RECRUITING":
        entry["status"] = site.status
    other = city.other if site.number in facts.respelled else None
    entry["city"] = other or city.name
    if city.state:
        entry["state"] = city.state
    entry["zip"] = f"{mix(facts.seed, 40, site.number) % 100_000:05d}"
    entry["country"] = city.country
    if contacts and has_contact(facts, site):
        entry["contacts"] = [{"name": "Site contact", "role": "CONTACT", "phone": "+1 555 0100"}]
    entry["geoPoint"] = {
        "lat": round(city.lat + 0.01 * shift, 5),
        "lon": round(city.lon - 0.01 * shift, 5),
    }
    return entry


def has_contact(facts: Facts, site: Site) -> bool:
    """Return whether a site has a contact of its own, while contacts are shown."""
    return site.status == "RECRUITING" and share(facts.seed, 41, site.number) < 0.6
