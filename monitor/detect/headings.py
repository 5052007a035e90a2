"""Recognize headings of the criteria, which say whether the lines below include or exclude."""

import re
from dataclasses import dataclass

INCLUSION, EXCLUSION = "inclusion", "exclusion"

# Most lines are no headings, and lack all of these.
_TELLING = ("clusion", "clude", "eligible")
_KIND = r"(?P<kind>(?:non[- ]?in|in|ex)clusion)"
# "Inclusion Criteria:", "Key exclusion criteria", "Excluded:": the line says nothing else.
_BARE = re.compile(
    r"(?i)^\W*(?:(?:key|main|major|general|study|patient|subject|participant)s? )*"
    rf"(?:{_KIND}(?: crit\w+|s)?\W*|(?P<state>included|excluded|(?:not |in)?eligible) ?:\W*)$"
)
# The criterion stands beside the word: "Exclusion: pregnancy".
_INLINE = re.compile(rf"(?i)^\W*{_KIND}s? ?: ?(?P<words>\S.*)$")
# "Inclusion criteria for Part 2", "Cohort B specific exclusion criteria: pregnancy"; no sentence
# about the criteria ("Other protocol-defined inclusion criteria may apply").
_HEADED = re.compile(rf"(?i)^\W*(?P<before>(?:[\w&,/()'-]+ ){{0,6}}?){_KIND} crit\w+(?P<after>.*)$")
_SENTENCE_BEFORE = re.compile(
    r"(?i)\b(?:all|any|at|does|for|fulfil\w*|in|inclusion|meet\w*|must|no|not|of|one|per"
    r"|protocol|protocols|see|the|this|to|with)\b"
)
_SENTENCE_AFTER = re.compile(
    r"(?i)^ ?(?:#|(?:above|appl\w*|are|as|below|can|could|ha[ds]|have|included|is|may|must|that"
    r"|was|were|which|will)\b)"
)
# "Patients who meet any of the following criteria are not eligible for the study:". It speaks of
# all patients: "Patients with asthma may be included if:" qualifies one criterion.
_WHO = (
    r"(?:(?:a|all|an|any|eligible|potential|study|the|these|trial) )*(?:adults?|candidates?"
    r"|children|donors?|individuals?|men|participants?|patients?|people|persons?|subjects?"
    r"|volunteers?|women)"
)
_MEETING = (
    r"(?:(?:who |that )?(?:meet\w*|met|fulfil\w*|satisf\w+|ha[ds]|have|having|with)"
    r" (?:(?:all|any|at|below|following|least|more|of|one|or|the|these) )+"
    r"(?:(?:characteristics?|conditions?|criteri\w+) )?)"
)
_STATED = re.compile(
    rf"(?i)^\W*{_WHO} {_MEETING}?"
    r"(?:(?:are|be|can|considered|could|is|may|might|must|shall|should|to|was|were|will|would) )*"
    rf"(?:{_MEETING}to be )?"
    r"(?P<state>(?:(?:not|cannot) (?:be )?)?(?:included|excluded|(?:in)?eligible))\b[^:]*:$"
)
_ANY_EXCLUDES = re.compile(
    r"(?i)^\W*(?:the presence of )?(?:any|one)(?: or more)? of the following"
    r"(?: conditions| criteria)?(?: will| would)? (?P<state>exclude)s?\b[^:]*:$"
)
# A few words and a colon; not "At least one of the following:", which says how the others count.
_TITLE = re.compile(r"^[^\W\d_][\w/&'() -]{0,48} ?:\W*$")
_ASKS = re.compile(
    r"(?i)\b(?:all|any|at|defined|either|following|has|have|if|include\w*|is|least|must|not?|one|or"
    r"|two|was|were|who|with\w*)\b"
)
_DENIED = re.compile(r"(?i)^(?:(?:not|cannot) (?:be )?|non[- ]?|in(?=eligible))")


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that begins a section; ``words``: the text behind the heading.

    The lines below stand under it if it says more (``holds``), not if it is one criterion.
    """

    section: str
    words: str = ""
    holds: bool = False


def heading(words: str) -> Heading | None:
    """Return what a line in its normal form begins; None when it is no heading."""
    lowered = words.lower()
    if not any(part in lowered for part in _TELLING):
        return None
    if bare := _BARE.match(words):
        return Heading(_section(bare["kind"] or bare["state"]))
    if headed := _match_heading(words):
        section = _section(headed["kind"])
        criterion = re.match(r" ?: ?(?P<words>\S.*)$", headed["after"])
        if criterion and not headed["before"]:
            return Heading(section, criterion["words"])
        return Heading(section, headed[0], holds=True)
    if inline := _INLINE.match(words):
        return Heading(_section(inline["kind"]), inline["words"])
    if stated := _STATED.match(words) or _ANY_EXCLUDES.match(words):
        return Heading(_section(stated["state"]), words, holds=True)
    return None


def is_title(words: str) -> bool:
    """Return whether a line only names what the ones below it are about: "Cohort A:", "Age:"."""
    return ":" in words and _TITLE.match(words) is not None and _ASKS.search(words) is None


def _match_heading(words: str) -> re.Match[str] | None:
    found = _HEADED.match(words)
    if found is None or _SENTENCE_BEFORE.search(found["before"]):
        return None
    return None if _SENTENCE_AFTER.match(found["after"]) else found


def _section(state: str) -> str:
    """Return the section that "non-inclusion", "not eligible" or "included" begins."""
    affirmed = _DENIED.sub("", state)
    denied = affirmed != state
    return INCLUSION if denied is affirmed.lower().startswith("ex") else EXCLUSION
