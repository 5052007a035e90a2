"""Pages of a site that recruits participants, saved as text: the facts in everyday words.

Title (twice), a few lines of key facts, Overview, Eligibility, then "Study details" with the
conditions, the NCT ID, the sponsor and the date of the last update; forms and questions below
are not the record's. Texts are plain, not Markdown. The page of NCT07085104 in ``seeds/`` is the
layout's only specification.
"""

import re
from typing import Any

from monitor.model import fields
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers import markup
from monitor.parsers.saved_pages.page import PageFacts, only_id, paragraphs

_OVERVIEW, _ELIGIBILITY, _DETAILS = "Overview", "Eligibility", "Study details"
_HEADINGS = (_OVERVIEW, _ELIGIBILITY, _DETAILS)

_STATUSES = {
    "recruiting": "RECRUITING",
    "not yet recruiting": "NOT_YET_RECRUITING",
    "enrolling by invitation": "ENROLLING_BY_INVITATION",
    "active, not recruiting": "ACTIVE_NOT_RECRUITING",
    "completed": "COMPLETED",
    "suspended": "SUSPENDED",
    "terminated": "TERMINATED",
    "withdrawn": "WITHDRAWN",
    "unknown status": "UNKNOWN",
}
_SEXES = {"all": "ALL", "female": "FEMALE", "male": "MALE"}
_PHASE = re.compile(r"(early )?phase (\d)(?: ?/ ?(?:phase )?(\d))?")
_AGES = re.compile(r"(\d+) ?- ?(\d+) (year|month|week|day)s?")
_AGE_FROM = re.compile(r"(\d+) ?\+ (year|month|week|day)s?")

_ID = re.compile(r"NCT\d+")
_DATE = re.compile(r"(\d{1,2}) ([A-Z][a-z]+) (\d{4})")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_LIST_MARKER = re.compile(r"(\d+\.|[*•])\s+")


def recognizes(content: Any) -> bool:
    """Return whether the lines are a page of this layout."""
    return _DETAILS in content and (_OVERVIEW in content or _ELIGIBILITY in content)


def read(raw: RawVersion, content: Any) -> TrialRecord:
    """Return the record of the facts that the page states; what it leaves out is not stated.

    RecordError: no NCT ID or two.
    """
    above, sections = _split(content)
    facts = PageFacts()
    _read_top(facts, list(filter(None, above)))
    facts.put(fields.BRIEF_SUMMARY, _markdown(sections.get(_OVERVIEW, [])))
    facts.put(fields.ELIGIBILITY_CRITERIA, _markdown(sections.get(_ELIGIBILITY, [])))
    nct_id = _read_details(facts, list(filter(None, sections[_DETAILS])))
    return facts.record(raw, nct_id)


def _split(lines: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the lines above the first heading and below each, at its first place."""
    above: list[str] = []
    sections: dict[str, list[str]] = {}
    current = above
    for line in lines:
        # The first place only: forms and questions below may repeat a heading.
        if line in _HEADINGS and line not in sections:
            current = sections[line] = []
        else:
            current.append(line)
    return above, sections


def _read_top(facts: PageFacts, lines: list[str]) -> None:
    """Put the title, which stands there twice, and the key facts below it."""
    facts.put(fields.BRIEF_TITLE, next((line for line in lines if lines.count(line) > 1), ""))
    for line in lines:
        words = line.lower()
        facts.put(fields.OVERALL_STATUS, _STATUSES.get(words))
        facts.put(fields.SEX, _SEXES.get(words))
        if found := _AGES.fullmatch(words):
            facts.put(fields.MINIMUM_AGE, _age(found[1], found[3]))
            facts.put(fields.MAXIMUM_AGE, _age(found[2], found[3]))
        elif found := _AGE_FROM.fullmatch(words):
            facts.put(fields.MINIMUM_AGE, _age(found[1], found[2]))
        elif found := _PHASE.fullmatch(words):
            early = "EARLY_" if found[1] else ""
            facts.put(fields.PHASES, [f"{early}PHASE{n}" for n in found.group(2, 3) if n])


def _age(number: str, unit: str) -> str:
    """Write an age as API v2 does: ``18 Years``, ``1 Year``."""
    return f"{number} {unit.title()}{'' if number == '1' else 's'}"


def _read_details(facts: PageFacts, lines: list[str]) -> str:
    """Put conditions, sponsor and date, which stand around the NCT ID; return the ID."""
    date_at = next((at for at, line in enumerate(lines) if _date(line)), len(lines))
    nct_id = only_id([line for line in lines[:date_at] if _ID.fullmatch(line)])
    id_at = lines.index(nct_id)
    facts.put(fields.CONDITIONS, lines[:id_at])
    if date_at < len(lines):
        facts.put(fields.LEAD_SPONSOR_NAME, " ".join(lines[id_at + 1 : date_at]))
        facts.put(fields.LAST_UPDATE_POST, _date(lines[date_at]))
    return nct_id


def _date(line: str) -> str:
    """Return ``7 August 2025`` as ``2025-08-07``; empty where the line is no date."""
    found = _DATE.fullmatch(line)
    if found is None or found[2] not in _MONTHS:
        return ""
    return f"{found[3]}-{_MONTHS.index(found[2]) + 1:02d}-{int(found[1]):02d}"


def _markdown(lines: list[str]) -> str:
    """Return plain text in API v2's form, a list item's marker kept as one."""
    written = []
    for line in lines:
        marker = _LIST_MARKER.match(line)
        if marker:
            sign = marker[1].replace("•", "*")
            written.append(f"{sign} {markup.escape(line[marker.end() :])}")
        else:
            written.append(markup.escape(line))
    return "\n\n".join(paragraphs(written))
