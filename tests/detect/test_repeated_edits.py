"""The same edit, repeated over the items of a list, is told once."""

from typing import Any

import pytest

from monitor.model.changes import ChangeKind
from tests.detect.examples import events, sites, study, the, updated

K = ChangeKind
OUTCOMES, ARMS = "outcomesModule", "armsInterventionsModule"
MEASURES = "resultsSection.outcomeMeasuresModule.outcomeMeasures"
NAMES = (
    "Overall survival", "Objective response rate", "Quality of life", "Pain at rest",
    "Blood pressure", "Number of adverse events",
)  # fmt: skip
LONG = "Given by mouth once a day in the morning, before breakfast, with a glass of water, "
CASES: dict[str, tuple[K, str, str, str, str]] = {
    "primary outcomes": (
        K.PRIMARY_OUTCOME_EDITED, f"{OUTCOMES}.primaryOutcomes", "measure", "timeFrame",
        "Time frame of {n} primary outcomes: {edit}",
    ),
    "descriptions of primary outcomes": (
        K.PRIMARY_OUTCOME_EDITED, f"{OUTCOMES}.primaryOutcomes", "measure", "description",
        "Description of {n} primary outcomes: {edit}",
    ),
    "secondary outcomes": (
        K.SECONDARY_OUTCOME_CHANGED, f"{OUTCOMES}.secondaryOutcomes", "measure", "timeFrame",
        "Time frame of {n} secondary outcomes: {edit}",
    ),
    "other outcomes": (
        K.SECONDARY_OUTCOME_CHANGED, f"{OUTCOMES}.otherOutcomes", "measure", "description",
        "Description of {n} other outcomes: {edit}",
    ),
    "arms": (
        K.ARM_CHANGED, f"{ARMS}.armGroups", "label", "description",
        "Description of {n} arms: {edit}",
    ),
    "interventions": (
        K.INTERVENTION_CHANGED, f"{ARMS}.interventions", "name", "description",
        "Description of {n} interventions: {edit}",
    ),
    "result measures": (
        K.RESULTS_CHANGED, MEASURES, "title", "timeFrame",
        "Results: {n} fields changed (time frame of {n} {measures}: {edit}, Outcome measures)",
    ),
}  # fmt: skip


def _items(case: str, text: str, count: int) -> dict[str, Any]:
    _, path, name, attribute, _ = CASES[case]
    return {path: [{name: NAMES[number], attribute: text} for number in range(count)]}


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize(
    ("before", "after", "edit"),
    [
        ("Up to 59 months", "Up to 58 months", "59 → 58 months"),
        (f"{LONG}at home", f"{LONG}at the clinic", "“home” → “the clinic”"),
        (LONG, f"{LONG}twice", "added “twice”"),
    ],
    ids=["a number", "late in a long text", "added"],
)
@pytest.mark.parametrize("case", CASES)
def test_an_edit_of_several_items_is_told_once(
    case: str, before: str, after: str, edit: str, count: int
) -> None:
    old, new = _items(case, before, count), _items(case, after, count)
    event = the(CASES[case][0], events(study(old), updated(new)))
    assert event.summary == CASES[case][4].format(n=count, edit=edit, measures="outcome measures")
    assert len(event.fields) == count


@pytest.mark.parametrize("case", ["secondary outcomes", "arms", "interventions"])
def test_beside_other_edits_it_is_told_first(case: str) -> None:
    kind, path, name, attribute, _ = CASES[case]
    old, new = _items(case, "59 months", 4), _items(case, "58 months", 4)
    old[path].append({name: NAMES[4], attribute: "1 day"})
    new[path].append({name: NAMES[4], attribute: "1 week, or so"})
    new[path].append({name: NAMES[5]})
    event = the(kind, events(study(old), updated(new)))
    part = {"timeFrame": "time frame"}.get(attribute, attribute)
    assert event.summary.partition(": ")[2].startswith(
        f"1 added, 5 changed ({part} of 4: 59 → 58 months; "
    )


def test_a_hospital_renamed_at_nine_sites_is_told_once() -> None:
    old, new = study(), updated()
    for document, hospital in ((old, "Helse Nord Hospital"), (new, "Nordland Hospital")):
        sites(document)[:] = [
            {"facility": f"{hospital}, ward {n}", "city": "Oslo", "zip": f"{n:04}",
             "country": "Norway"} for n in range(9)
        ]  # fmt: skip
    event = the(K.SITE_RENAMED, events(old, new))
    assert event.summary == (
        "9 sites under another name or spelling (facility of 9 sites: “Helse Nord” → “Nordland”)"
    )
