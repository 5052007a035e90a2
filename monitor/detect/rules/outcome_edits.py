"""What an outcome in other words keeps: whether an edit is one that anybody need look at."""

import re
from typing import Any

from monitor.detect.likeness import tokens
from monitor.detect.rules.outcome_pairs import Words, text_of
from monitor.detect.stems import stem
from monitor.detect.texts import LONGEST_COMPARED, plain, same_words
from monitor.detect.word_lists import DIRECTIONS, NEGATIONS, NUMBERS, STOP
from monitor.model.changes import FieldChange

# An edit that keeps so much of the content words says the same; so much of the new measure was
# said before.
KEPT = 0.9
KEPT_MEASURE = 0.6
_PARTS = ("measure", "description", "timeFrame")
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


def keeps_its_meaning(old: Any, new: Any, words: Words) -> bool:
    """Tell whether an edit keeps 90 % of the content words and whatever turns a meaning round.

    That is every number, negation, direction and comparator of measure, description and time
    frame together: words may move from one to another. More words may explain the same measure;
    a time frame that was not said anywhere is more than an explanation.
    """
    ours, theirs = words.whole(old), words.whole(new)
    return (
        _times_said(old, new)
        and ours.status_in(theirs) >= KEPT
        and words.measure(new).status_in(ours) >= KEPT_MEASURE
        and turning_words(old) == turning_words(new)
    )


def _times_said(old: Any, new: Any) -> bool:
    """Tell whether the time frame was said before, as such or in the measure or description."""
    if text_of(old, "timeFrame"):
        return True
    said = {stem(word) for word in tokens(text_of(old, *_PARTS))}
    return all(stem(word) in said for word in tokens(text_of(new, "timeFrame")) if word not in STOP)


def turning_words(outcome: Any) -> set[str]:
    """Return the numbers, negations, directions and comparators of an outcome."""
    text = _COUNT.sub(" ", plain(text_of(outcome, *_PARTS)))[:LONGEST_COMPARED]
    text = text.replace(">=", "≥").replace("<=", "≤")
    found = {NUMBERS.get(word) or stem(word) for word in tokens(text) if _turns(word)}
    return found | set(_COMPARATORS.findall(text))


def _turns(word: str) -> bool:
    return word in NUMBERS or word[0].isdigit() or word in _TURNING


def says_nothing_new(change: FieldChange) -> str | None:
    """Return how an edit leaves the outcome what it was; None when it may not."""
    if not isinstance(change.after, str):
        return None
    after = plain(change.after)
    if _POINTS_TO_RESULTS.match(after):
        return "now points to the results"
    if isinstance(change.before, str) and same_words(change.before, change.after):
        return "in the same words, other letters or marks"
    return None
