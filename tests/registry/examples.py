"""Small records for the replica's own tests."""

from datetime import UTC, datetime
from typing import Any

import orjson

from monitor.model.record import RawVersion
from tests.registry.records import Records
from tests.registry.replica import Replica
from tests.registry.world import World

MONDAY = "2026-03-02"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def nct(number: int) -> str:
    """Return a made-up NCT ID."""
    return f"NCT{9_000_000 + number:08d}"


def study(number: int, updated: str = "2026-02-27", **changed: Any) -> dict[str, Any]:
    """Return a small study; ``changed``: its status, title, enrollment, conditions, sites."""
    sites = changed.get("sites", [("University Hospital", "Lyon", "France", 45.75, 4.85)])
    return {
        "protocolSection": {
            "identificationModule": {
                "nctId": nct(number),
                "orgStudyIdInfo": {"id": f"SYN-{number}"},
                "organization": {"fullName": "Northfield Therapeutics", "class": "INDUSTRY"},
                "briefTitle": changed.get("title", f"Study {number} of a treatment"),
            },
            "statusModule": {
                "overallStatus": changed.get("status", "RECRUITING"),
                "startDateStruct": {"date": changed.get("start", "2025-05"), "type": "ACTUAL"},
                "studyFirstSubmitDate": "2025-01-10",
                "lastUpdateSubmitDate": updated,
                "lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"},
            },
            "sponsorCollaboratorsModule": {
                "leadSponsor": {"name": changed.get("sponsor", "Northfield Therapeutics")}
            },
            "descriptionModule": {"briefSummary": changed.get("summary", "A \\> B \\[sic\\].")},
            "conditionsModule": {"conditions": changed.get("conditions", ["Asthma"])},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": changed.get("phases", ["PHASE2"]),
                "enrollmentInfo": {"count": changed.get("enrollment", 100), "type": "ESTIMATED"},
            },
            "eligibilityModule": {"minimumAge": changed.get("age", "18 Years")},
            "contactsLocationsModule": {
                "locations": [
                    {"facility": name, "city": city, "country": country, "zip": "69001",
                     "geoPoint": {"lat": lat, "lon": lon}}
                    for name, city, country, lat, lon in sites
                ]
            },
        },
        "hasResults": False,
    }  # fmt: skip


def records_of(*studies: dict[str, Any], on: str = MONDAY) -> Records:
    """Return a catalogue of studies that are there from a data date on."""
    records = Records()
    for one in studies:
        records.put(one, on=on)
    return records


def replica_of(*studies: dict[str, Any], **options: Any) -> Replica:
    """Return a replica that serves the studies from a Monday on."""
    return Replica(World(records_of(*studies), day=MONDAY), **options)


def ids_in(page: Any) -> list[str]:
    """Return the NCT IDs of a page of studies."""
    return [one["protocolSection"]["identificationModule"]["nctId"] for one in page["studies"]]


def raw_of(content: Any) -> RawVersion:
    """Return an answer's study as the monitor's parser takes it."""
    return RawVersion(
        content=content if isinstance(content, bytes) else orjson.dumps(content),
        media="json",
        source="replica",
        origin="test",
        retrieved_at=NOON,
    )
