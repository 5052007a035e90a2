"""Sites, countries, contacts."""

from typing import Any

from tests.detect.cases.base import Case, K, S
from tests.detect.examples import STUDY, sites

SITES = "contactsLocationsModule.locations"
NORTH, SOUTH = sites(STUDY)
EAST = {"facility": "East Hospital", "status": "NOT_YET_RECRUITING", "city": "Bergen",
        "zip": "5000", "country": "Norway"}  # fmt: skip
WEST = {**EAST, "facility": "West Hospital", "city": "Porto", "zip": "4000", "country": "Portugal"}


def _without_status(*found: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in site.items() if name != "status"} for site in found]


CASES = (
    Case(
        name="sites added are counted by country",
        kind=K.SITE_ADDED,
        severity=S.MEDIUM,
        new={SITES: [EAST, NORTH, {**EAST, "facility": "Third Hospital"}, SOUTH]},
        facts={"count": 2, "by_country": {"Norway": 2}},
        path="protocolSection.contactsLocationsModule.locations",
    ),
    Case(
        name="a site in a new country",
        kind=K.COUNTRY_ADDED,
        severity=S.MEDIUM,
        new={SITES: [NORTH, SOUTH, WEST]},
        facts={"country": "Portugal", "sites": 1},
        before=None,
        after="Portugal",
        alone=False,
    ),
    Case(
        name="a site removed",
        kind=K.SITE_REMOVED,
        severity=S.MEDIUM,
        old={SITES: [NORTH, SOUTH, EAST]},
        new={SITES: [NORTH, SOUTH]},
        facts={"count": 1, "by_country": {"Norway": 1}},
        before=EAST,
        after=None,
    ),
    Case(
        name="the last site of a country removed",
        kind=K.COUNTRY_REMOVED,
        severity=S.MEDIUM,
        new={SITES: [NORTH]},
        facts={"country": "France", "sites": 1},
        before="France",
        after=None,
        alone=False,
    ),
    Case(
        name="a site opens",
        kind=K.SITE_STATUS_CHANGED,
        severity=S.MEDIUM,
        old={SITES: [NORTH, SOUTH, EAST]},
        new={SITES: [NORTH, SOUTH, {**EAST, "status": "RECRUITING"}]},
        facts={
            "count": 1,
            "by_country": {"Norway": 1},
            "transitions": {"NOT_YET_RECRUITING → RECRUITING": 1},
        },
        before="NOT_YET_RECRUITING",
        after="RECRUITING",
    ),
    Case(
        name="sites lose their status with the trial's own",
        kind=K.SITE_STATUS_CHANGED,
        severity=S.LOW,
        new={
            "statusModule.overallStatus": "ACTIVE_NOT_RECRUITING",
            SITES: _without_status(NORTH, SOUTH),
        },
        facts={"count": 2, "consequence_of": "RECRUITING → ACTIVE_NOT_RECRUITING"},
        alone=False,
    ),
    Case(
        name="sites gain a status with the trial's own",
        kind=K.SITE_STATUS_CHANGED,
        severity=S.LOW,
        old={
            "statusModule.overallStatus": "ACTIVE_NOT_RECRUITING",
            SITES: _without_status(NORTH, SOUTH),
        },
        new={},
        facts={"count": 2, "consequence_of": "ACTIVE_NOT_RECRUITING → RECRUITING"},
        alone=False,
    ),
    Case(
        name="a site loses its status while the trial keeps its own",
        kind=K.SITE_STATUS_CHANGED,
        severity=S.MEDIUM,
        new={SITES: [*_without_status(NORTH), SOUTH]},
        facts={"count": 1},
        before="RECRUITING",
        after=None,
    ),
    Case(
        name="a masked name unmasked",
        kind=K.SITE_RENAMED,
        severity=S.NOISE,
        old={SITES: [{**NORTH, "facility": "Local Institution - 0062"}, SOUTH]},
        new={},
        facts={"count": 1, "by_country": {"Norway": 1}},
    ),
    Case(
        name="a country respelled by the registry takes no country away",
        kind=K.SITE_RENAMED,
        severity=S.NOISE,
        old={SITES: [{**NORTH, "country": "Korea, Republic of"}]},
        new={SITES: [{**NORTH, "country": "South Korea"}]},
    ),
    Case(
        name="contacts of the trial and of a site",
        kind=K.CONTACT_CHANGED,
        severity=S.LOW,
        new={
            "contactsLocationsModule.centralContacts": [{"name": "Central contact", "phone": "9"}],
            SITES: [NORTH, {**SOUTH, "contacts": []}],
        },
        facts={"central": 1, "sites": 1},
    ),
    Case(
        name="coordinates",
        kind=K.REGISTRY_NORMALIZATION,
        severity=S.NOISE,
        new={SITES: [{**NORTH, "geoPoint": {"lat": 1.5, "lon": 2.5}}, SOUTH]},
    ),
)
