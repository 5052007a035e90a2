"""Outcomes before and after the start of the trial."""

from datetime import date
from typing import Any

from tests.detect.cases.base import Case, K, S

PRIMARY, SECONDARY, OTHER = (
    f"outcomesModule.{name}Outcomes" for name in ("primary", "secondary", "other")
)
START = "statusModule.startDateStruct"
SURVIVAL = {
    "measure": "Overall survival",
    "description": "From randomisation to death of any cause, by the investigator.",
    "timeFrame": "24 months",
}
RESPONSE = {"measure": "Objective response rate", "timeFrame": "6 months"}
QUALITY = {"measure": "Quality of life", "timeFrame": "12 months"}


def _switch(name: str, kind: K, new: dict[str, Any], **about: Any) -> tuple[Case, Case]:
    """Return the case before the start of the trial (high) and after it (critical)."""
    later = {START: {"date": "2026-06-01", "type": "ESTIMATED"}}
    return (
        Case(name=f"{name} after the start", kind=kind, severity=S.CRITICAL, new=new, **about),
        Case(
            name=f"{name} before the start",
            kind=kind,
            severity=S.HIGH,
            old=later,
            new={**later, **new},
            at=date(2026, 2, 19),
            **about,
        ),
    )


CASES = (
    *_switch(
        "an outcome dropped",
        K.PRIMARY_OUTCOME_DROPPED,
        {PRIMARY: [RESPONSE]},
        facts={"measure": "Overall survival"},
        before=SURVIVAL,
        after=None,
    ),
    *_switch(
        "an outcome added",
        K.PRIMARY_OUTCOME_ADDED,
        {PRIMARY: [SURVIVAL, RESPONSE, {"measure": "Pain", "timeFrame": "1 day"}]},
        facts={"measure": "Pain"},
        before=None,
    ),
    *_switch(
        "an outcome demoted",
        K.PRIMARY_OUTCOME_DEMOTED,
        {PRIMARY: [SURVIVAL], SECONDARY: [QUALITY, RESPONSE]},
        facts={
            "measure": "Objective response rate",
            "list": "protocolSection.outcomesModule.secondaryOutcomes",
        },
    ),
    *_switch(
        "an outcome demoted to the other ones in other words",
        K.PRIMARY_OUTCOME_DEMOTED,
        {PRIMARY: [SURVIVAL], OTHER: [{"measure": "Objective Response Rate (ORR)"}]},
        facts={"list": "protocolSection.outcomesModule.otherOutcomes"},
    ),
    *_switch(
        "an outcome promoted",
        K.PRIMARY_OUTCOME_PROMOTED,
        {PRIMARY: [SURVIVAL, RESPONSE, QUALITY], SECONDARY: []},
        facts={"measure": "Quality of life"},
    ),
    Case(
        name="another time frame",
        kind=K.PRIMARY_OUTCOME_EDITED,
        severity=S.MEDIUM,
        new={PRIMARY: [{**SURVIVAL, "timeFrame": "36 months"}, RESPONSE]},
        facts={"measure": "Overall survival"},
        path="protocolSection.outcomesModule.primaryOutcomes.timeFrame",
        before="24 months",
        after="36 months",
    ),
    Case(
        name="another measure with the same description",
        kind=K.PRIMARY_OUTCOME_EDITED,
        severity=S.MEDIUM,
        new={PRIMARY: [{**SURVIVAL, "measure": "Survival time"}, RESPONSE]},
    ),
    Case(
        name="a secondary outcome added",
        kind=K.SECONDARY_OUTCOME_CHANGED,
        severity=S.LOW,
        new={SECONDARY: [QUALITY, {"measure": "Pain"}]},
        facts={"outcomes": ["Pain"]},
    ),
    Case(
        name="an other outcome edited",
        kind=K.SECONDARY_OUTCOME_CHANGED,
        severity=S.LOW,
        old={OTHER: [{"measure": "Pain", "timeFrame": "1 day"}]},
        new={OTHER: [{"measure": "Pain", "timeFrame": "2 days"}]},
    ),
)
