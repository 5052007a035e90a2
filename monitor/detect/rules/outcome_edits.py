"""What an edit does to an outcome: whether it keeps its meaning, which part of it came or went.

`outcome_verdicts.py` makes the events of it.
"""

import re
from typing import Any

from monitor.detect.likeness import tokens
from monitor.detect.rules.outcome_pairs import OutcomeWords, measure_of, text_of
from monitor.detect.stems import stem
from monitor.detect.texts import LONGEST_COMPARED, plain, same_words
from monitor.detect.word_lists import DIRECTIONS, NEGATIONS, NUMBERS, STOP
from monitor.model.changes import FieldChange

# An edit that keeps so much of the content words says the same; so much of the new measure was
# said before.
KEPT = 0.9
KEPT_MEASURE = 0.6
_ATTRIBUTES = ("measure", "description", "timeFrame")
_COMPARATORS = re.compile(r"[<>≤≥=±]")
# How many there were: "(n = 192)".
_COUNT = re.compile(r"(?i)\(n ?= ?\d+\)")
_TURNING = NEGATIONS | DIRECTIONS | {"before", "after", "during", "each", "every"}

# "See results", "Please refer to the results section for details": no outcome is edited by it.
_POINTS_TO_RESULTS = re.compile(
    r"(?i)^(?:please )?(?:see|refer to|(?:reported|presented|provided|available|posted) in)"
    r"(?: (?:the|study|trial|posted|full|detailed|outcome|measures?))* results?"
    r"(?: (?:sections?|modules?|tables?|tabs?|pages?|data|below|posted))*"
    r"(?: (?:for|of|on|at|in|with) .{0,60})?\W*$"
)

# What a measure lists: "static and dynamic balance", "(1) ALT, (2) AST".
_BETWEEN = re.compile(r"[;,&]|\b(?:and|plus|as well as)\b")
# "1) … 2) …", "(a) … (b) …", "i) … ii) …": what stands behind a number may be a whole sentence.
_NUMBERED = re.compile(r"(?:^|(?<=[\s;,:.]))\(?(?:\d{1,2}|[a-h]|i{1,3}|iv|v|vi)\)\s")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_MOST_PARTS = 30
# A part is a few words that name something: one with "during" or "is" is a piece of a sentence.
_MOST_WORDS = 6
_NO_NAMES = STOP - {"of", "in", "the", "a", "an"}
# So much of one side's measure stands on the other side where a list got longer or shorter.
_KEPT_OUTSIDE = 0.8
# So little of a part does, where it came or went.
_MISSING = 0.5


def keeps_its_meaning(old: Any, new: Any, words: OutcomeWords) -> bool:
    """Return whether an edit keeps 90 % of the content words and whatever turns a meaning round.

    That is every number, negation, direction and comparator of measure, description and time
    frame together: words may move from one to another. More words may explain the same measure;
    a time frame that was not stated anywhere is more than an explanation.
    """
    ours, theirs = words.whole(old), words.whole(new)
    return (
        _states_time_frame(old, new)
        and ours.share_in(theirs) >= KEPT
        and words.measure(new).share_in(ours) >= KEPT_MEASURE
        and turning_words(old) == turning_words(new)
    )


def _states_time_frame(old: Any, new: Any) -> bool:
    """Return whether the time frame was stated before, as such or in the measure or description."""
    if text_of(old, "timeFrame"):
        return True
    known = {stem(word) for word in tokens(text_of(old, *_ATTRIBUTES))}
    return all(
        stem(word) in known for word in tokens(text_of(new, "timeFrame")) if word not in STOP
    )


def turning_words(outcome: Any) -> set[str]:
    """Return the numbers, negations, directions and comparators of an outcome."""
    text = _COUNT.sub(" ", plain(text_of(outcome, *_ATTRIBUTES)))[:LONGEST_COMPARED]
    text = text.replace(">=", "≥").replace("<=", "≤")
    found = {NUMBERS.get(word) or stem(word) for word in tokens(text) if _turns(word)}
    return found | set(_COMPARATORS.findall(text))


def _turns(word: str) -> bool:
    return word in NUMBERS or word[0].isdigit() or word in _TURNING


def describe_restatement(change: FieldChange) -> str | None:
    """Return how an edit only restates the outcome; None when it may change it."""
    if not isinstance(change.after, str):
        return None
    after = plain(change.after)
    if _POINTS_TO_RESULTS.match(after):
        return "now points to the results"
    if isinstance(change.before, str) and same_words(change.before, change.after):
        return "in the same words, other letters or marks"
    return None


def compare_parts(old: Any, new: Any, words: OutcomeWords) -> tuple[list[str], list[str]]:
    """Return the parts that one outcome's text lost and those that it gained.

    A part is of a measure that lists several; it is gone where little of it stands anywhere in
    the other version of the outcome, while that lists nothing else.
    """
    return _missing(old, new, words), _missing(new, old, words)


def _missing(one: Any, other: Any, words: OutcomeWords) -> list[str]:
    if words.measure(other).share_in(words.whole(one)) < _KEPT_OUTSIDE:
        return []
    whole = words.whole(other)
    # Relative to the part that stayed most: where all are new, the outcome is another one, not a
    # list.
    shares = [(part, words.bag(part).share_in(whole)) for part in _parts(measure_of(one))]
    kept = max((share for _, share in shares), default=0.0)
    return [part for part, share in shares if share <= _MISSING and share < kept]


def _parts(measure: str) -> list[str]:
    """Return the names that a measure lists; none where it is no list of names."""
    shown = plain(measure)[:LONGEST_COMPARED]
    numbered = [part.strip(" .:;,") for part in _NUMBERED.split(shown)[1:]]
    if len(numbered) > 1:
        return [part for part in numbered if part][:_MOST_PARTS]
    text = _ASIDE.sub(" ", shown)
    parts = [part.strip(" .:") for part in _BETWEEN.split(text)]
    found = [part for part in parts if part][:_MOST_PARTS]
    return found if len(found) > 1 and all(map(_is_name, found)) else []


def _is_name(part: str) -> bool:
    words = tokens(part)
    return len(words) <= _MOST_WORDS and not _NO_NAMES & set(words)
