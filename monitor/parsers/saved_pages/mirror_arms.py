"""Study Groups, Interventions and Other Intervention Names on a registry mirror's page.

Study Groups run together: an arm's label, its description, ``Group Type X``; then for each of
its interventions the name, ``Intervention Type X``, the description; then the next arm's label.
Only the types are marked. A name is the paragraph before its type; where an intervention's
description ends and the next arm's label begins follows from the same description elsewhere on
the page.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.parsers.saved_pages import mirror_sections as names
from monitor.parsers.saved_pages.page import PageFacts, paragraphs

_TYPE = re.compile(r"(Group|Intervention) Type(?: +([A-Z_]+|-))?")

_InterventionKey = tuple[str, str]
"""An intervention's name and type."""
_Descriptions = dict[_InterventionKey, list[list[str]]]
"""The paragraphs that are known to describe an intervention; several of one name are possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _TypeLine:
    """The paragraphs before a type line, whose type it is, and the type (``""`` if none)."""

    paragraphs: list[str]
    is_group: bool
    type: str


def read(facts: PageFacts, sections: dict[str, list[str]], *, title: str) -> None:
    """Put the page's arms and interventions; RecordError where one breaks off."""
    # The section of interventions first: its descriptions tell where one ends among the arms.
    interventions = _read_interventions(sections.get(names.INTERVENTIONS, []))
    arms = _read_arms(sections.get(names.STUDY_GROUPS, []), interventions)
    stated = ["name", "type", "description"]
    if arms:
        stated.append("armGroupLabels")
        _add_arm_labels(interventions, arms)
    others = " ".join(filter(None, sections.get(names.OTHER_NAMES, [])))
    if others and interventions:
        # The page does not say whose names they are.
        named = [item for item in interventions if item["name"].lower() in title.lower()]
        (named or interventions)[0]["otherNames"] = [others]
        stated.append("otherNames")
        facts.run_in.add(fields.INTERVENTION_OTHER_NAMES)
    facts.put_items(fields.ARM_GROUPS, arms, ("label", "type", "description", "interventionNames"))
    facts.put_items(fields.INTERVENTIONS, interventions, stated)


def _type_lines(section: str, lines: list[str]) -> tuple[list[_TypeLine], list[str]]:
    """Return the section's type lines, each with what stands before it, and what is left."""
    found: list[_TypeLine] = []
    since: list[str] = []
    for line in lines:
        match = _TYPE.fullmatch(line)
        if match is None:
            since.append(line)
            continue
        kind = match[2] or ""
        before = paragraphs(since)
        found.append(
            _TypeLine(paragraphs=before, is_group=match[1] == "Group", type=kind.strip("-"))
        )
        since = []
        if not before:
            raise RecordError(f"the section {section!r} has a type without a name before it")
    return found, paragraphs(since)


def _read_interventions(lines: list[str]) -> list[dict[str, Any]]:
    marked, left = _type_lines(names.INTERVENTIONS, lines)
    if left:
        raise RecordError(f"the section {names.INTERVENTIONS!r} breaks off")
    return [_item("name", entry.paragraphs, entry.type) for entry in marked]


def _item(name: str, texts: list[str], kind: str) -> dict[str, Any]:
    """Return a list item of API v2: the first paragraph names it, the others describe it."""
    item = {name: texts[0], "type": kind, "description": "\n\n".join(texts[1:])}
    return {attribute: value for attribute, value in item.items() if value}


def _read_arms(lines: list[str], interventions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    marked, left = _type_lines(names.STUDY_GROUPS, lines)
    known = _descriptions(marked, left, interventions)
    arms: list[dict[str, Any]] = []
    last: _InterventionKey | None = None
    for entry in marked:
        texts = entry.paragraphs
        if entry.is_group:
            start = 0 if last is None else _description_length(texts, known[last])
            arms.append(_item("label", texts[start:], entry.type))
            last = None
        elif not arms:
            raise RecordError(f"the section {names.STUDY_GROUPS!r} begins in the middle of a group")
        else:
            last = (texts[-1], entry.type)
            arms[-1].setdefault("interventionNames", []).append(_v2_name(*last))
    if left and last is None:
        raise RecordError(f"the section {names.STUDY_GROUPS!r} breaks off")
    return arms


def _descriptions(
    marked: list[_TypeLine], left: list[str], interventions: list[dict[str, Any]]
) -> _Descriptions:
    """Gather what is known of each intervention's description, the longest first.

    Sure are the Interventions section, and in Study Groups the places where the next
    paragraph is another intervention's name or the section ends.
    """
    known: _Descriptions = defaultdict(list)
    for item in interventions:
        text = item.get("description", "")
        known[item["name"], item.get("type", "")].append(text.split("\n\n") if text else [])
    for entry, following in zip_longest(marked, marked[1:]):
        if entry.is_group or (following and following.is_group):
            continue
        texts = following.paragraphs[:-1] if following else left
        known[entry.paragraphs[-1], entry.type].append(texts)
    for texts_of_one in known.values():
        texts_of_one.sort(key=len, reverse=True)
    return known


def _description_length(texts: list[str], known: list[list[str]]) -> int:
    """Return how many paragraphs before an arm's label still describe the last intervention."""
    most = len(texts) - 1  # the label itself is always there
    for description in known:
        if len(description) <= most and texts[: len(description)] == description:
            return len(description)
    # Worded differently here: as long as it is elsewhere, or one paragraph.
    return min(most, len(known[0]) if known else 1)


def _add_arm_labels(interventions: list[dict[str, Any]], arms: list[dict[str, Any]]) -> None:
    """Give each intervention the labels of the arms that name it."""
    for item in interventions:
        called = _v2_name(item["name"], item.get("type", ""))
        labels = [arm["label"] for arm in arms if called in arm.get("interventionNames", [])]
        if labels:
            item["armGroupLabels"] = labels


def _v2_name(name: str, kind: str) -> str:
    """Write an intervention as an arm names it in API v2: ``Dietary Supplement: Fish oil``."""
    return f"{kind.replace('_', ' ').title()}: {name}" if kind else name
