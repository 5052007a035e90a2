"""Whoever changes what the rules say raises their version: stored events can learn of it."""

from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from monitor.detect import rules_version
from tests.detect.cases import CASES
from tests.detect.edits import edited
from tests.detect.examples import VERSION_DATE, events, seeded, study, updated

KEPT = Path(__file__).with_name("rules_version.txt")
UPDATE = f"./run test tests/detect/{Path(__file__).name} --snapshot-update"
RAISE = (
    "The rules make other events of the same versions: raise RULES_VERSION in "
    f"{Path(rules_version.__file__).name}, then {UPDATE}\n"
)
RANDOM_EDITS = 40
REWORDED = {
    "outcomesModule.primaryOutcomes": [
        {"measure": "Overall survival (OS) by week 104", "timeFrame": "2 years"},
        {"measure": "Change in pain", "timeFrame": "6 months"},
    ],
    "outcomesModule.secondaryOutcomes": [
        {"measure": "Quality of life, as rated by the patient", "timeFrame": "12 months"},
        {"measure": "Proportion of patients with objective response", "timeFrame": "6 months"},
    ],
    "outcomesModule.otherOutcomes": [{"measure": "Life quality at rest", "timeFrame": "1 year"}],
}
SCALES = (
    {
        "outcomesModule.primaryOutcomes": [
            {"measure": "Beck Depression Inventory (BDI)", "timeFrame": "12 weeks"},
            {"measure": "Forced expiratory volume in one second", "timeFrame": "12 weeks"},
            {"measure": "Number of participants with serious adverse events"},
        ],
    },
    {
        "outcomesModule.primaryOutcomes": [
            {"measure": "Severity of depression", "timeFrame": "12 weeks"},
            {"measure": "FEV1", "timeFrame": "12 weeks"},
            {"measure": "Incidence of treatment-emergent adverse events"},
        ],
    },
)
REASONS = (
    "PI left the institution",
    "Slow accrual, and the sponsor decided to end the program for business reasons",
    "Interim analysis: stopping rule for futility met",
    "Three cases of liver toxicity",
    "Toxicity was acceptable but accrual slow",
    "COVID-19 pandemic",
    "Results of another trial made the question obsolete",
    "The protocol was redesigned as a new study",
    "No funding",
    "FDA put the study on clinical hold",
    "Drug supply ended",
    "See above",
)
CRITERIA = {
    "eligibilityModule.eligibilityCriteria": "Inclusion Criteria:\n\n1. Age \\>= 21 years\n"
    "2. Known asthma for a year or more\n3. Not pregnant\n\nExclusion Criteria:\n\n* Smokers",
}
ARMS = {
    "armsInterventionsModule.armGroups": [
        {"label": "Thing 10 mg", "type": "EXPERIMENTAL", "description": "10 mg of thing daily"},
        {"label": "Placebo", "type": "PLACEBO_COMPARATOR", "description": "Looks like thing"},
    ],
    "conditionsModule.conditions": ["Asthma, Severe", "Rhinitis"],
}
PEOPLE = {
    "contactsLocationsModule.centralContacts": [{"name": "Another contact", "phone": "1"}],
    "sponsorCollaboratorsModule.collaborators": [{"name": "Helpers, Inc.", "class": "INDUSTRY"}],
    "referencesModule.references": [],
}


def results(*ids: str, value: str) -> dict[str, Any]:
    """Return posted results of two groups under these ids."""
    groups = [{"id": one, "title": title} for one, title in zip(ids, ("A", "B"), strict=True)]
    values = [{"groupId": ids[0], "value": "1"}, {"groupId": ids[1], "value": value}]
    measure = {"title": "Score", "groups": groups, "classes": [{"measurements": values}]}
    return {
        "hasResults": True,
        "resultsSection.outcomeMeasuresModule.outcomeMeasures": [measure],
    }


def pairs() -> dict[str, tuple[Any, Any, Any]]:
    """Return pairs of versions of the made-up trial, and the date of the later one, by name."""
    found: dict[str, tuple[Any, Any, Any]] = {
        f"{case.kind}: {case.name}": (
            study(case.old), (study if case.silent else updated)(case.new), case.at,
        )
        for case in CASES
    }  # fmt: skip
    for number in range(RANDOM_EDITS):
        random = seeded(number)
        found[f"random edits {number}"] = (study(), edited(updated(), random, 6), VERSION_DATE)
    several: dict[str, dict[str, Any]] = {
        "outcomes": REWORDED,
        "criteria": CRITERIA,
        "arms": ARMS,
        "people": PEOPLE,
    }
    for name, changes in several.items():
        found[f"several {name}"] = (study(), updated(changes), VERSION_DATE)
    found["several scales"] = (study(SCALES[0]), updated(SCALES[1]), VERSION_DATE)
    for number, reason in enumerate(REASONS):
        stopped = {"statusModule.overallStatus": "TERMINATED", "statusModule.whyStopped": reason}
        found[f"reason {number}"] = (study(), updated(stopped), VERSION_DATE)
    found["several results"] = (
        study(results("OG000", "OG001", value="2")),
        updated(results("OG001", "OG002", value="3")),
        VERSION_DATE,
    )
    return found


def digest(value: Any) -> str:
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return sha256(orjson.dumps(value, option=options)).hexdigest()[:12]


def present() -> dict[str, tuple[str, str]]:
    """Return for each pair, by its name, the digest of the versions and of what is said of them."""
    return {
        name: (
            digest((old, new, at)),
            digest([asdict(event) for event in events(old, new, at)]),
        )
        for name, (old, new, at) in pairs().items()
    }


def read_snapshot() -> tuple[int, dict[str, tuple[str, str]]]:
    """Return the version of the rules that the digests were made by, and the digests."""
    first, *rest = KEPT.read_text("utf-8").splitlines()
    found = {}
    for line in rest:
        versions, text, name = line.split(" ", 2)
        found[name] = (versions, text)
    return int(first.removeprefix("rules version ")), found


def test_other_events_of_the_same_versions_have_another_rules_version(
    pytestconfig: pytest.Config,
) -> None:
    now = present()
    version, before = read_snapshot()
    told_otherwise = [
        name for name, (versions, text) in now.items()
        if name in before and before[name][0] == versions and before[name][1] != text
    ]  # fmt: skip
    is_raised = version < rules_version.RULES_VERSION
    assert is_raised or not told_otherwise, f"{RAISE}{'; '.join(told_otherwise)}"
    if pytestconfig.getoption("update_snapshots"):
        lines = [f"{versions} {text} {name}\n" for name, (versions, text) in sorted(now.items())]
        head = f"rules version {rules_version.RULES_VERSION}\n"
        KEPT.write_text(head + "".join(lines), "utf-8")
        return
    assert not is_raised, f"the rules have a new version: {UPDATE}"
    assert now == before, f"other pairs of versions than those that are kept: {UPDATE}"
