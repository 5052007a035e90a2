"""Items of a list that run on in one line, as in "22.History of stroke. 23.Pregnant", apart.

A number in the midst of a line begins an item where it counts on from the one before it. "Grade 2.
Patients who …" counts nothing: a number that a word such as "grade" names is part of the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LABEL = re.compile(
    r"(?<![^\s.;:,)])(?<!\d[.,])(?P<open>\(?)(?P<number>\d{1,2}|(?<![^\s(])[a-h])"
    r"(?P<close>[.)])(?:(?=[A-Z])|\s+(?=[A-Z(\"'<>=≥≤])|(?<=\))\s*(?=[^\W\d]))"
)
_FIRST = re.compile(r"^(?P<open>\(?)(?P<number>\d{1,3}|[a-h])(?P<close>[.)])$")
# Most lines have none of these.
_HINT = re.compile(r"[0-9][.)]|\b[a-h][.)]|[•·◦▪●]|clusion|CLUSION| [*+–-] ")
# A bullet, or a heading that begins a section, in the midst of a line. A dash or star is a bullet
# where the item before has one, or a colon: "- Asthma - Consent".
_BREAK = re.compile(
    r"(?<=\S)\s(?P<bullet>[•·◦▪●]|(?:(?<!\d\s)\*|[+–-])(?=\s[A-Z]))\s"
    r"|(?<=\S)\s"
    r"(?=(?:Key |Main |Major )?(?:In|Ex|IN|EX)(?:clusion|CLUSION) (?:[Cc]riteria|CRITERIA) ?:"
    r"|(?:IN|EX)CLUSION CRITERIA\b|(?<=[.;)]\s)(?:In|Ex|IN|EX)(?:clusion|CLUSION) ?:)"
)
# Words before a heading's own that make a sentence of it: "see the Exclusion Criteria: …".
_SPOKEN_OF = re.compile(
    r"(?i)\b(?:additional|all|and|any|applicable|following|for|in|key|main|major|meet\w*|of|or"
    r"|other|per|same|see|specific|study|the|their|these|this|to|under|with)$"
)
_ANY_SIGN = "*+–-"
# What a number at the end of a sentence counts: "grade 2", "week 4"; not "for 18 years", "a year".
_NAMED = re.compile(
    r"(?i)(?:\b(?:above|and|arm|class|cohort|cycle|ecog|grade|group|level|nyha|of|or|part|phase"
    r"|scale|score|section|stage|than|to|type|version|visit)s?|[<>=≥≤~±+-]"
    r"|(?<!\ba )(?<!\bone )(?<!\bper )(?<!\beach )(?<!\bevery )(?<!\blast )(?<!\bpast )(?<!\d )"
    r"\b(?:day|month|week|year)) ?$"
)


@dataclass(frozen=True, slots=True)
class _Marker:
    start: int
    end: int
    number: int
    style: str


def run_ins(marker: str, words: str) -> Iterator[tuple[str, str]]:
    """Yield the items of a line, each with its marker: the line itself where nothing runs on.

    ``marker`` is what stood before the line's words; no words are lost but the numbers.
    """
    if not _HINT.search(words):
        yield marker, words
        return
    begin, label = 0, marker
    for found in _BREAK.finditer(words):
        if not _breaks(found, label, words):
            continue
        yield from _split_counted(label, words[begin : found.start()])
        begin, label = found.end(), found["bullet"] or ""
    yield from _split_counted(label, words[begin:])


def _breaks(found: re.Match[str], label: str, words: str) -> bool:
    """Return whether a bullet or a heading in the midst of a line begins anything.

    ``label`` is that of the item before it.
    """
    bullet = found["bullet"]
    before = words[max(0, found.start() - 20) : found.start()]
    if bullet is None:
        return _SPOKEN_OF.search(before) is None
    return bullet not in _ANY_SIGN or bullet == label or before.endswith(":")


def _split_counted(marker: str, words: str) -> Iterator[tuple[str, str]]:
    begin, label = 0, marker
    for mark in _following_markers(marker, words):
        if text := words[begin : mark.start].strip():
            yield label, text
        begin, label = mark.end, words[mark.start : mark.end].strip()
    if text := words[begin:].strip():
        yield label, text


def _following_markers(marker: str, words: str) -> Iterator[_Marker]:
    """Yield the marks that count on from the line's own, or from one that the next follows."""
    marks = [_mark(found) for found in _LABEL.finditer(words) if _counts(found, words)]
    first = _FIRST.match(marker)
    last: dict[str, int] = {}
    if first:
        last[_style(first)] = _rank(first["number"])
    numbers = {(mark.style, mark.number) for mark in marks}
    for mark in marks:
        opens = mark.number == 1 or not mark.start
        begins = opens and (mark.style, mark.number + 1) in numbers
        # "medication.3. Subject": what is glued to a sentence's end is no part of either.
        glued = words[max(0, mark.start - 2) : mark.start].rstrip("]\"'").endswith((".", ";"))
        if begins or glued or last.get(mark.style) == mark.number - 1:
            last[mark.style] = mark.number
            yield mark


def _counts(found: re.Match[str], words: str) -> bool:
    before = words[max(0, found.start() - 12) : found.start()]
    return bool(found["open"]) or _NAMED.search(before) is None


def _mark(found: re.Match[str]) -> _Marker:
    return _Marker(found.start(), found.end(), _rank(found["number"]), _style(found))


def _rank(number: str) -> int:
    return int(number) if number.isdecimal() else ord(number) - ord("a") + 1


def _style(found: re.Match[str]) -> str:
    kind = "1" if found["number"].isdecimal() else "a"
    return f"{found['open']}{kind}{found['close']}"
