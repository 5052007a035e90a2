"""Arms and interventions of a registry mirror's page, which run together on it."""

from typing import Any

import pytest

from monitor.model import fields
from tests.parsers.raws import items, mirror, parse_page
from tests.parsers.raws import read_mirror as read

INTERVENTIONS = """Compound A

First paragraph of A.

* Second
* paragraph

Intervention Type DRUG

Compound B

Intervention Type DIETARY_SUPPLEMENT

Compound C

Compound A

Intervention Type DRUG"""


def groups(*parts: str) -> str:
    return "\n\n".join(parts)


A = ("Compound A", "Intervention Type DRUG", "First paragraph of A.", "* Second\n* paragraph")
B = ("Compound B", "Intervention Type DIETARY_SUPPLEMENT")
C = ("Compound C", "Intervention Type DRUG", "Compound A")


@pytest.mark.parametrize(
    "first", [(A,), (B,), (C,), (A, B), (B, A), (C, A), (A, C, B), (C, B, A), ()]
)
@pytest.mark.parametrize("described", [(), ("Text of arm two.",), ("Text.", "1. More\n2. text")])
def test_an_arm_begins_where_the_last_interventions_description_ends(
    first: tuple[tuple[str, ...], ...], described: tuple[str, ...]
) -> None:
    parts = ["Arm one", "Text of arm one.", "Group Type EXPERIMENTAL"]
    for intervention in first:
        parts += intervention
    parts += ["Arm two", *described, "Group Type PLACEBO_COMPARATOR", *B, *A]
    record = read(Interventions=INTERVENTIONS, Study_Groups=groups(*parts))
    names = {A: "Drug: Compound A", B: "Dietary Supplement: Compound B", C: "Drug: Compound C"}
    one: dict[str, Any] = {"label": "Arm one", "type": "EXPERIMENTAL"}
    one["description"] = "Text of arm one."
    if first:
        one["interventionNames"] = [names[intervention] for intervention in first]
    two: dict[str, Any] = {"label": "Arm two", "type": "PLACEBO_COMPARATOR"}
    if described:
        two["description"] = "\n\n".join(described)
    two["interventionNames"] = [names[B], names[A]]
    assert items(record, fields.ARM_GROUPS) == [one, two]


def test_interventions_know_their_arms_and_keep_their_paragraphs() -> None:
    parts = ("Arm one", "Group Type EXPERIMENTAL", *A, "Arm two", "Group Type OTHER", *A, *B)
    record = read(Interventions=INTERVENTIONS, Study_Groups=groups(*parts))
    assert items(record, fields.INTERVENTIONS) == [
        {
            "name": "Compound A",
            "type": "DRUG",
            "description": "First paragraph of A.\n\n* Second\n* paragraph",
            "armGroupLabels": ["Arm one", "Arm two"],
        },
        {"name": "Compound B", "type": "DIETARY_SUPPLEMENT", "armGroupLabels": ["Arm two"]},
        {"name": "Compound C", "type": "DRUG", "description": "Compound A"},
    ]


def test_descriptions_are_learned_from_the_groups_when_interventions_are_left_out() -> None:
    parts = ("Arm one", "Group Type EXPERIMENTAL", *A, "Arm two", "Group Type OTHER", *A, *B)
    record = read(Study_Groups=groups(*parts))
    assert [arm["label"] for arm in record.items(fields.ARM_GROUPS)] == ["Arm one", "Arm two"]
    assert not record.coverage.states(fields.INTERVENTIONS)


def test_a_reworded_description_is_as_long_as_it_is_elsewhere() -> None:
    reworded = (*A[:2], "Another first paragraph.", "Another second.")
    parts = ("Arm one", "Group Type OTHER", *reworded, "Arm two", "Text.", "Group Type OTHER")
    record = read(Interventions=INTERVENTIONS, Study_Groups=groups(*parts))
    assert [arm["label"] for arm in record.items(fields.ARM_GROUPS)] == ["Arm one", "Arm two"]


def test_of_two_interventions_of_one_name_the_longer_description_is_tried_first() -> None:
    short = ("Compound A", "One.", "Intervention Type DRUG")
    long = ("Compound A", "One.", "Two.", "Intervention Type DRUG")
    arms = ("Arm one", "Group Type OTHER", "Compound A", "Intervention Type DRUG", "One.", "Two.",
            "Arm two", "Group Type OTHER", "Compound A", "Intervention Type DRUG", "One.",
            "Arm three", "Group Type OTHER")  # fmt: skip
    record = read(Interventions=groups(*short, *long), Study_Groups=groups(*arms))
    labels = [arm["label"] for arm in record.items(fields.ARM_GROUPS)]
    assert labels == ["Arm one", "Arm two", "Arm three"]


def test_other_names_go_to_the_intervention_of_the_title() -> None:
    record = read(Interventions=INTERVENTIONS, Other_Intervention_Names="Bee Compound-B")
    names = [item.get("otherNames") for item in record.items(fields.INTERVENTIONS)]
    assert names == [None, ["Bee Compound-B"], None]
    assert fields.INTERVENTION_OTHER_NAMES in record.coverage.run_in
    untold = parse_page(
        mirror("A study", Interventions=INTERVENTIONS, Other_Intervention_Names="Bee")
    )
    assert untold.items(fields.INTERVENTIONS)[0]["otherNames"] == ["Bee"]
