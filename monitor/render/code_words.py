"""The registry's codes in plain words, wherever people read them: statuses, phases, types.

A code is put into words where it can be nothing else: written with an underscore or a number
(``NOT_YET_RECRUITING``, ``PHASE2``), or on one side of an arrow when the other side is of the same
list (``ESTIMATED → ACTUAL``). A keyword ``ALL`` is a leukemia, not everybody.
"""

import re
from itertools import chain

from monitor.model import fields
from monitor.model.sanitize import sanitize

ARROW = " → "
_ABSENT = "(none)"
_UNDATED = "the sponsor has not updated the record for two years"
_STATUSES = {
    "NOT_YET_RECRUITING": "not yet recruiting",
    "RECRUITING": "recruiting",
    "ENROLLING_BY_INVITATION": "enrolling by invitation",
    "ACTIVE_NOT_RECRUITING": "active, not recruiting",
    "COMPLETED": "completed",
    "SUSPENDED": "suspended",
    "TERMINATED": "terminated",
    "WITHDRAWN": "withdrawn",
    "AVAILABLE": "available",
    "NO_LONGER_AVAILABLE": "no longer available",
    "TEMPORARILY_NOT_AVAILABLE": "temporarily not available",
    "APPROVED_FOR_MARKETING": "approved for marketing",
    "WITHHELD": "withheld",
    "GONE": "no longer in the registry",
    "MERGED": "merged into another record",
}
# Of a sponsor's class UNKNOWN means something else; beside another status it is one.
_UNKNOWN = {"UNKNOWN": f"unknown ({_UNDATED})"}
_PHASES = {
    "NA": "no phase", "EARLY_PHASE1": "Early Phase 1", "PHASE1": "Phase 1", "PHASE2": "Phase 2",
    "PHASE3": "Phase 3", "PHASE4": "Phase 4",
}  # fmt: skip
_EXCEPTIONS = {
    "NA": "not applicable", "NON_RANDOMIZED": "non-randomized", "FED": "federal",
    "INDIV": "individual", "AMBIG": "ambiguous", "OTHER_GOV": "other government",
    "NIH": "NIH", "ECT": "educational, counseling or training",
}  # fmt: skip
_LONGEST_PHASES = 60
# Codes of lists that are shown by name alone, not compared value by value.
_IN_LISTS = (
    "PARTICIPANT", "CARE_PROVIDER", "INVESTIGATOR", "OUTCOMES_ASSESSOR", "STUDY_CHAIR",
    "STUDY_DIRECTOR", "SUB_INVESTIGATOR", "VIOLATION_IDENTIFIED", "CORRECTION_CONFIRMED",
    "PENALTY_IMPOSED", "ISSUES_IN_LETTER_ADDRESSED_CONFIRMED", "STUDY_PROTOCOL", "ANALYTIC_CODE",
    "CASE_CONTROL", "CASE_ONLY", "CASE_CROSSOVER", "ECOLOGIC_OR_COMMUNITY", "FAMILY_BASED",
    "DEFINED_POPULATION", "NATURAL_HISTORY", "CROSS_SECTIONAL", "NONE_RETAINED",
    "SAMPLES_WITH_DNA", "SAMPLES_WITHOUT_DNA", "PROBABILITY_SAMPLE", "NON_PROBABILITY_SAMPLE",
)  # fmt: skip


def _words(code: str) -> str:
    return _EXCEPTIONS.get(code, code.replace("_", " ").lower())


_OTHERS = {
    code: _words(code)
    for code in chain(_IN_LISTS, *fields.ENUMERATIONS.values())
    if code not in _STATUSES and code not in _UNKNOWN
}
# One dictionary for each list of values; the other side of an arrow tells which one is meant.
_LISTS = (
    _STATUSES | _UNKNOWN,
    _PHASES,
    *(
        {code: _words(code) for code in values}
        for path, values in fields.ENUMERATIONS.items()
        if path not in {fields.OVERALL_STATUS, fields.LOCATION_STATUS, fields.PHASES}
    ),
)
_PLAIN = {
    code: words
    for code, words in (_OTHERS | _PHASES | _STATUSES).items()
    if re.search("[_0-9]", code)
}
_CODE = "|".join(sorted({*chain(*_LISTS)}, key=len, reverse=True))
_LINKED = re.compile(rf"(?<!\w)({_CODE}|\(none\)){ARROW}({_CODE}|\(none\))(?!\w)")
_UNAMBIGUOUS = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(_PLAIN, key=len, reverse=True))})(?!\w)")
_KINDS = re.compile(
    rf"(?<=[( ;])({'|'.join(fields.ENUMERATIONS[fields.INTERVENTION_TYPE])}), (?=\S)"
)
_INTERVENTIONS = fields.label(fields.INTERVENTIONS)


def status_words(status: str | None) -> str:
    """Write a status; of an absent record what became of it."""
    if not status:
        return "no status stated"
    return _LISTS[0].get(status, status)


def status_headline(status: str) -> str:
    """Write a status in capitals, as it leads a subject: ``NOT YET RECRUITING``."""
    # In a subject "UNKNOWN" alone would be taken for the monitor's own ignorance.
    return "NOT UPDATED FOR TWO YEARS" if status in _UNKNOWN else status_words(status).upper()


def phase_words(phases: tuple[str, ...]) -> str:
    """Write the phases: ``Phase 1/Phase 2``; ``no phase stated`` without any."""
    named = "/".join(_PHASES.get(phase, phase) for phase in phases)
    return sanitize(named)[:_LONGEST_PHASES] or "no phase stated"


def code_words(code: str) -> str:
    """Write a value that is known to be of a fixed list: ``ACTIVE_COMPARATOR``, ``DRUG``."""
    return _OTHERS.get(code, code)


def plain_value(text: str) -> str:
    """Return a value in plain words where it can be nothing but a code, else as it is."""
    return _STATUSES.get(text) or _PLAIN.get(text, text)


def plain_codes(text: str) -> str:
    """Return a text with those codes in plain words that can be nothing else.

    These are names with an underscore or a number, and pairs of one list: ``DOUBLE → NONE``. Of
    interventions the kind stands before each name: ``drug Aspirin``.
    """
    found = _LINKED.sub(lambda one: ARROW.join(pair_words(one[1], one[2])), text)
    if found.startswith(_INTERVENTIONS):
        found = _KINDS.sub(lambda one: "" if one[1] == "OTHER" else f"{_words(one[1])} ", found)
    return _unambiguous(found)


def pair_words(before: str, after: str) -> tuple[str, str]:
    """Return two values of one field, in plain words where they are of one list."""
    both = {before, after} - {_ABSENT}
    for words in _LISTS:
        # A status alone can be nothing else; another code needs its like on the other side.
        if both <= words.keys() and (len(both) > 1 or both & _STATUSES.keys()):
            return words.get(before, before), words.get(after, after)
    return _unambiguous(before), _unambiguous(after)


def _unambiguous(text: str) -> str:
    return _UNAMBIGUOUS.sub(lambda one: _PLAIN[one[0]], text)
