"""Read sponsors, officials, sites, contacts and identifiers of a registry mirror's page."""

import re
from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.parsers.saved_pages import mirror_sections as names
from monitor.parsers.saved_pages.page import PageFacts

_ROLE = re.compile(r"Role: *(.*)")
_SPONSOR_ROLE = re.compile(r"Sponsor Role\b *(.*)")
_RESPONSIBLE = re.compile(r"Responsibility Role +(\S+)")
_SITE_STATUS = re.compile(r"Site Status\b *(.*)")
_ID_TYPE = re.compile(r"Identifier Type: *(.*)")
_ID_SOURCE = re.compile(r"Identifier Source: *(.*)")
_DETAIL = re.compile(r"(Phone|Email): *(.*)")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")  # "[email protected]" has none: the page hides it
_PHONE = re.compile(r"[+(]?\d[\d\s().+-]{4,}(?:\s*(?:x|ext\.?)\s*\d+)?", re.IGNORECASE)

_MarkedLines = tuple[list[str], str]
"""The lines before an entry's mark, and what the mark says."""


def read(facts: PageFacts, sections: dict[str, list[str]]) -> None:
    """Put the organizations, people, sites and identifiers that the page states.

    RecordError where an entry breaks off.
    """
    _read_sponsors(facts, sections.get(names.SPONSORS, []))
    for line in sections.get(names.RESPONSIBLE_PARTY, []):
        found = _RESPONSIBLE.fullmatch(line)
        if found:
            facts.put(fields.RESPONSIBLE_PARTY_TYPE, found[1])
    _read_officials(facts, sections.get(names.OFFICIALS, []))
    _read_contacts(facts, sections.get(names.CENTRAL_CONTACTS, []))
    _read_sites(facts, sections)
    _read_identifiers(facts, sections.get(names.IDENTIFIERS, []))


def _entries(
    section: str, lines: list[str], mark: re.Pattern[str]
) -> tuple[list[_MarkedLines], list[str]]:
    """Return what stands before each mark and what the mark says, and what is left."""
    found: list[_MarkedLines] = []
    since: list[str] = []
    for line in filter(None, lines):
        match = mark.fullmatch(line)
        if match is None:
            since.append(line)
        elif not since:
            raise RecordError(f"the section {section!r} has an entry without a name")
        else:
            found.append((since, match[1]))
            since = []
    return found, since


def _whole_entries(section: str, lines: list[str], mark: re.Pattern[str]) -> list[_MarkedLines]:
    """Return the entries of a section whose marks end them."""
    found, left = _entries(section, lines, mark)
    if left:
        raise RecordError(f"the section {section!r} breaks off")
    return found


def _read_sponsors(facts: PageFacts, lines: list[str]) -> None:
    collaborators = []
    sponsors = _whole_entries(names.SPONSORS, lines, _SPONSOR_ROLE)
    for (name, *rest), role in sponsors:
        item = {"name": name, "class": rest[0]} if rest else {"name": name}
        if role == "lead":
            facts.put(fields.LEAD_SPONSOR_NAME, name)
            facts.put(fields.LEAD_SPONSOR_CLASS, item.get("class"))
        elif role == "collaborator":
            collaborators.append(item)
        else:
            raise RecordError(f"{name[:80]!r} has the unknown sponsor role {role[:40]!r}")
    facts.put_items(fields.COLLABORATORS, collaborators, ("name", "class"))
    if sponsors:  # the section lists who funds and who collaborates: none listed means none
        facts.leaves.update((*fields.COLLABORATORS, name) for name in ("name", "class"))


def _people(section: str, lines: list[str]) -> list[tuple[str, str, list[str]]]:
    """Return each person's name, role, and the lines between the role and the next name."""
    found, left = _entries(section, lines, _ROLE)
    if left and not found:
        raise RecordError(f"the section {section!r} breaks off")
    after = [before[:-1] for before, _ in found[1:]] + [left]
    return [(before[-1], role, below) for (before, role), below in zip(found, after, strict=False)]


def _read_officials(facts: PageFacts, lines: list[str]) -> None:
    officials = []
    for name, role, below in _people(names.OFFICIALS, lines):
        item = {"name": name, "affiliation": " ".join(below), "role": role}
        officials.append({attribute: value for attribute, value in item.items() if value})
    facts.put_items(fields.OVERALL_OFFICIALS, officials, ("name", "affiliation", "role"))


def _contact(name: str, role: str, below: list[str]) -> dict[str, Any]:
    """Return a contact of API v2; a number or address may stand with or without its label."""
    item = {"name": name, "role": role} if role else {"name": name}
    for text in below:
        match = _DETAIL.fullmatch(text)
        label, value = (match[1].lower(), match[2]) if match else ("", text)
        if _EMAIL.fullmatch(value):
            item["email"] = value
        elif value and (label == "phone" or (not label and _PHONE.fullmatch(value))):
            item["phone"] = value
    return item


def _stated_attributes(contacts: list[dict[str, Any]]) -> list[str]:
    """Return the attributes that the contacts carry; a hidden address is not stated as none."""
    shown = {name for item in contacts for name in item}
    return [name for name in ("name", "role", "phone", "email") if name in shown]


def _read_contacts(facts: PageFacts, lines: list[str]) -> None:
    contacts = [_contact(*person) for person in _people(names.CENTRAL_CONTACTS, lines)]
    facts.put_items(fields.CENTRAL_CONTACTS, contacts, _stated_attributes(contacts))


def _sites(sections: dict[str, list[str]]) -> list[dict[str, Any]]:
    countries = " ".join(sections.get(names.COUNTRIES, []))
    sites = []
    for texts, status in _whole_entries(
        names.LOCATIONS, sections.get(names.LOCATIONS, []), _SITE_STATUS
    ):
        *facility, place = texts if len(texts) > 1 or "," in texts[0] else [*texts, ""]
        site = {"facility": " ".join(facility), "status": status, **_place(place, countries)}
        sites.append({attribute: value for attribute, value in site.items() if value})
    return sites


def _place(text: str, countries: str) -> dict[str, str]:
    """Read ``City, State, Country``; the state may be empty, a country may hold commas.

    ``countries`` is the page's line of countries, which tells the latter.
    """
    parts = [part.strip() for part in text.split(",")]
    # "Seoul, , Korea, Republic of": the longest tail that the page lists as a country.
    tails = [", ".join(parts[start:]) for start in range(2, len(parts))]
    country = next((tail for tail in tails if tail in countries), parts[-1])
    rest = parts[: len(parts) - country.count(",") - 1]
    return {"city": ", ".join(rest[:-1] or rest), "state": rest[-1] if len(rest) > 1 else "",
            "country": country}  # fmt: skip


def _read_sites(facts: PageFacts, sections: dict[str, list[str]]) -> None:
    sites = _sites(sections)
    people = _people(names.FACILITY_CONTACTS, sections.get(names.FACILITY_CONTACTS, []))
    # The page does not say whose contact is whose: one a site, in the order of the sites.
    if people and len(people) == len(sites) and all(role == "primary" for _, role, _ in people):
        contacts = [_contact(name, "CONTACT", below) for name, _, below in people]
        for site, contact in zip(sites, contacts, strict=True):
            site["contacts"] = [contact]
        facts.leaves.update(
            (*fields.LOCATION_CONTACTS, name) for name in _stated_attributes(contacts)
        )
    facts.put_items(fields.LOCATIONS, sites, ("facility", "city", "state", "country", "status"))


def _read_identifiers(facts: PageFacts, lines: list[str]) -> None:
    others = []
    identifiers = _whole_entries(names.IDENTIFIERS, lines, _ID_SOURCE)
    for (identifier, *rest), source in identifiers:
        if source == "org_study_id":
            facts.put(fields.ORG_STUDY_ID, identifier)
            continue
        kinds = [found[1] for line in rest if (found := _ID_TYPE.fullmatch(line))]
        kind = next((kind for kind in kinds if kind.strip("-")), "")
        others.append({"id": identifier, "type": kind} if kind else {"id": identifier})
    facts.put_items(fields.SECONDARY_IDS, others, ("id", "type"))
    if identifiers:  # the section lists all that there are: none listed means none
        facts.leaves.update((*fields.SECONDARY_IDS, name) for name in ("id", "type"))
