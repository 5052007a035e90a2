"""Pages of a registry mirror, saved as text: titled sections of facts in a fixed wording.

Values stand on them as API v2 gives them (``NOT_YET_RECRUITING``, ``18 Years``, Markdown with
backslash escapes). The four such pages in ``seeds/`` are the layout's only specification.
"""

import re
from collections.abc import Collection
from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.fields import Path
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers.saved_pages import mirror_arms, mirror_people
from monitor.parsers.saved_pages import mirror_sections as names
from monitor.parsers.saved_pages.page import PageFacts, only_id, paragraphs

_OWN_ID = re.compile(r"NCT ID: *(\S.*)")
_UPDATED = re.compile(r"Last Updated: *(\S.*)")
_PARTICIPANTS = re.compile(r"([\d,]+) participants?")
_LEAD = re.compile(r"(Inclusion|Exclusion) Criteria")

_BASIC: dict[str, Path] = {
    "Recruitment Status": fields.OVERALL_STATUS,
    "Clinical Phase": fields.PHASES,
    "Total Enrollment": fields.ENROLLMENT_COUNT,
    "Study Classification": fields.STUDY_TYPE,
    "Study Start Date": fields.START_DATE,
    "Study Completion Date": fields.COMPLETION,
}
# What a label's value is, and what the free text below it is.
_DESIGN: dict[str, tuple[Path, Path | None]] = {
    "Allocation Method": (fields.ALLOCATION, None),
    "Intervention Model": (fields.INTERVENTION_MODEL, fields.INTERVENTION_MODEL_DESCRIPTION),
    "Primary Study Purpose": (fields.PRIMARY_PURPOSE, None),
    "Blinding Strategy": (fields.MASKING, fields.MASKING_DESCRIPTION),
}
_POPULATION: dict[str, Path] = {
    "Minimum Eligible Age": fields.MINIMUM_AGE,
    "Maximum Eligible Age": fields.MAXIMUM_AGE,
    "Eligible Sex": fields.SEX,
    "Accepts Healthy Volunteers": fields.HEALTHY_VOLUNTEERS,
}
_YES_NO = {"Yes": True, "No": False}

_TEXTS: dict[str, Path] = {
    names.BRIEF_SUMMARY: fields.BRIEF_SUMMARY,
    names.DETAILED_DESCRIPTION: fields.DETAILED_DESCRIPTION,
}
_RUN_IN: dict[str, Path] = {names.CONDITIONS: fields.CONDITIONS, names.KEYWORDS: fields.KEYWORDS}
_FREE_TEXTS = frozenset(
    {names.BRIEF_SUMMARY, names.DETAILED_DESCRIPTION, names.STUDY_GROUPS, names.INTERVENTIONS,
     names.ELIGIBILITY}
)  # fmt: skip


def recognizes(content: Any) -> bool:
    """Return whether the lines are a page of this layout: its sections, or one beside its ID."""
    # One section may be quoted in another text; with a second one, or an ID of its own, it is a
    # page.
    known = len(names.split(content)[1])
    return known > 1 or (known == 1 and any(map(_OWN_ID.fullmatch, content)))


def read(raw: RawVersion, content: Any) -> TrialRecord:
    """Return the record of the facts that the page states; what it leaves out is not stated.

    RecordError: no NCT ID of its own or two, a fact that breaks off or cannot be read.
    """
    above, sections = names.split(content)
    # Other trials, with IDs and titles of their own.
    sections.pop(names.RELATED, None)
    nct_id = only_id(_own_ids(above, sections))
    facts = PageFacts()
    title = _read_top(facts, above)
    _read_basic(facts, sections)
    _read_texts(facts, sections)
    _read_design(facts, sections.get(names.STUDY_DESIGN, []))
    _read_eligibility(facts, sections.get(names.ELIGIBILITY, []))
    mirror_arms.read(facts, sections, title=title)
    mirror_people.read(facts, sections)
    return facts.record(raw, nct_id)


def _own_ids(above: list[str], sections: dict[str, list[str]]) -> list[str]:
    """Return the IDs that the page gives itself: one at its top, elsewhere only to contradict."""
    top = _ids(above)
    # A description may well name another trial in the same words.
    facts = [lines for name, lines in sections.items() if name not in _FREE_TEXTS]
    return top + [nct_id for lines in facts for nct_id in _ids(lines)] if top else []


def _ids(lines: list[str]) -> list[str]:
    return [found[1] for line in lines if (found := _OWN_ID.fullmatch(line))]


def _read_top(facts: PageFacts, lines: list[str]) -> str:
    """Put title and date of the last update; return the title, empty where there is none."""
    title = ""
    for line in lines:
        updated = _UPDATED.fullmatch(line)
        if updated:
            facts.put(fields.LAST_UPDATE_POST, updated[1])
        elif not title and not _OWN_ID.fullmatch(line):
            title = line
    facts.put(fields.BRIEF_TITLE, title)
    return title


def _read_basic(facts: PageFacts, sections: dict[str, list[str]]) -> None:
    if names.RESULTS_PENDING in sections.get(names.STUDY_RESULTS, []):
        facts.put(fields.HAS_RESULTS, False)
    for label, lines in _by_label(sections.get(names.BASIC_INFORMATION, []), _BASIC)[1].items():
        value = next(filter(None, lines), "")
        path = _BASIC[label]
        if value and path == fields.ENROLLMENT_COUNT:
            facts.put(path, _participants(value))
        else:
            # "PHASE1/PHASE2".
            facts.put(path, value.split("/") if value and path == fields.PHASES else value)


def _participants(value: str) -> int:
    found = _PARTICIPANTS.fullmatch(value)
    if found is None:
        raise RecordError(f"Total Enrollment is {value[:40]!r}, not a number of participants")
    return int(found[1].replace(",", ""))


def _read_texts(facts: PageFacts, sections: dict[str, list[str]]) -> None:
    for name, path in _TEXTS.items():
        facts.put(path, "\n\n".join(paragraphs(sections.get(name, []))))
    for name, path in _RUN_IN.items():
        facts.put_run_in(path, " ".join(filter(None, sections.get(name, []))))


def _read_design(facts: PageFacts, lines: list[str]) -> None:
    for label, below in _by_label(lines, _DESIGN)[1].items():
        path, text_path = _DESIGN[label]
        value, *text = paragraphs(below) or [""]
        facts.put(path, value)
        if text_path is not None:
            facts.put(text_path, "\n\n".join(text))


def _read_eligibility(facts: PageFacts, lines: list[str]) -> None:
    criteria, labelled = _by_label(lines, _POPULATION)
    # The page drops the colon that the registry's text has after these two headings.
    criteria = [f"{line}:" if _LEAD.fullmatch(line) else line for line in criteria]
    facts.put(fields.ELIGIBILITY_CRITERIA, "\n\n".join(paragraphs(criteria)))
    for label, below in labelled.items():
        value = next(filter(None, below), "")
        path = _POPULATION[label]
        if path != fields.HEALTHY_VOLUNTEERS:
            facts.put(path, value)
        elif value in _YES_NO:
            facts.put(path, _YES_NO[value])
        elif value:
            raise RecordError(f"{label} is {value[:40]!r}, neither Yes nor No")


def _by_label(lines: list[str], labels: Collection[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the lines above the first label, and those below each label."""
    above: list[str] = []
    below: dict[str, list[str]] = {}
    current = above
    for line in lines:
        if line in labels:
            current = below[line] = []
        else:
            current.append(line)
    return above, below
