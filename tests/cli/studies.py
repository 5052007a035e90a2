"""Small made-up studies in the registry's shape."""

from typing import Any

from tests.whole import as_whole

NCT = "NCT09000001"
OTHER = "NCT09000002"

# What a hostile record could try: terminal escapes, a bell, a line drawn over, turned-around
# text, markup of the library that colours, and a second line.
HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07 \x9b2J over\rwritten \u202eevil\u2066 [bold]x[/bold] two\nlines"
)


def study(
    updated: str = "2026-02-02",
    loaded: str | None = None,
    *,
    nct_id: str = NCT,
    title: str = "A study of a thing",
    status: str = "RECRUITING",
    enrollment: int = 144,
    sponsor: str = "Example Sponsor",
    sites: tuple[tuple[str, str, str], ...] = (),
    modules: dict[str, Any] | None = None,
    **status_fields: Any,
) -> dict[str, Any]:
    """Return a study; ``sites``: facility, country, status. ``loaded``: of the data load."""
    document: dict[str, Any] = {
        "protocolSection": {
            "identificationModule": {"nctId": nct_id, "briefTitle": title},
            "statusModule": {
                "overallStatus": status,
                "startDateStruct": {"date": "2025-01-15", "type": "ACTUAL"},
                "completionDateStruct": {"date": "2027-01-01", "type": "ESTIMATED"},
                "lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"},
                **status_fields,
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": sponsor, "class": "INDUSTRY"}},
            "conditionsModule": {"conditions": ["Systemic Lupus Erythematosus"]},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": ["PHASE2"],
                "enrollmentInfo": {"count": enrollment, "type": "ESTIMATED"},
            },
            "contactsLocationsModule": {
                "locations": [
                    {"facility": name, "city": "Town", "country": country, "status": state}
                    for name, country, state in sites
                ]
            },
            **(modules or {}),
        }
    }
    document["derivedSection"] = {"miscInfoModule": {"versionHolder": loaded or updated}}
    return as_whole(document)


def hostile_study(updated: str, *, word: str) -> dict[str, Any]:
    """Return a study whose every text is hostile; ``word`` tells its versions apart."""
    text = f"{HOSTILE} {word}"
    long_text = f"{'The same sentence. ' * 8}{text}"
    outcome = {"measure": text, "timeFrame": text, "description": long_text}
    return study(
        updated,
        title=text,
        sponsor=text,
        status=f"STATUS {text}",
        whyStopped=text,
        sites=((text, f"Land {text}", f"OPEN {text}"), ("Steady site", "Land", f"OPEN {text}")),
        modules={
            "descriptionModule": {"briefSummary": long_text},
            "conditionsModule": {"conditions": [text], "keywords": [text]},
            "eligibilityModule": {
                "eligibilityCriteria": f"Inclusion Criteria:\n* Adult patients {text}\n* Other",
                "minimumAge": text,
                "sex": text,
            },
            "armsInterventionsModule": {
                "armGroups": [{"label": text, "type": text, "description": long_text}],
                "interventions": [{"type": "DRUG", "name": text, "description": long_text}],
            },
            "outcomesModule": {"primaryOutcomes": [outcome], "secondaryOutcomes": [outcome]},
        },
    )
