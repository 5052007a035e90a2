"""Find the limits that a criterion sets: numbers, comparisons, times, and words that negate.

The rule of eligibility tells by them an edit of a limit from one of wording.
"""

import re
from collections import Counter
from collections.abc import Iterator

from monitor.detect.texts import wording
from monitor.detect.word_lists import NUMBERS

_NUMBER = (
    r"(?:(?<![\w.-])\d+(?:[.,]\d+)*"
    r"|\b(?:half|twice)\b)"
)
_COMPARISON = r"[<>≤≥]|\b(?:(?:older|younger|later) than|minimum|maximum)\b"
_UNIT = r"(?<![a-z])(?:hour|day|week|month|year)(?=s?(?![a-z]))"
_LIMIT = re.compile(rf"{_NUMBER}|{_COMPARISON}|{_UNIT}")
# "Version 5", "part 2": no limit of anything.
_NAMED = re.compile(
    r"\b(?:amendment|appendix|arms?|cohorts?|covid|ctcae|parts?|phases?|protocol|recist|sections?"
    r"|tables?|type|v|version|visits?)[ -]?\.?\(?\d+(?:\.\d+)*"
)
# "HER2", also where it is written apart: "(HER) 2".
_NAME = re.compile(r"(?<![^\W_])([a-z]{2,20})\)?[ -]?(\d{1,4})(?!\.?\d)")
# The signs that words stand for; what says two of them comes first.
_MORE, _LESS = r"(?:more|greater|higher|larger|longer)", r"(?:less|fewer|lower|smaller|shorter)"
_SIGNS = (
    (re.compile(rf"\b(?:no(?:t)? {_LESS} than|at least|{_MORE} than or equal to)\b ?"), "≥"),
    (re.compile(rf"\b(?:no(?:t)? {_MORE} than|at most|up to|{_LESS} than or equal to)\b ?"), "≤"),
    (re.compile(rf"\b{_MORE} than\b ?"), ">"),
    (re.compile(rf"\b{_LESS} than\b ?"), "<"),
    (re.compile(r" (?:or|and) (?:above|greater|higher|longer|more|older|over)\b"), "≥"),
    (re.compile(r" (?:or|and) (?:below|fewer|less|lower|shorter|under|younger)\b"), "≤"),
    (re.compile(r"(?<=\d)(?:-| to )(?=\d)"), " - "),
)
_DIGITS = re.compile(
    rf"\b(?:{'|'.join(word for word in NUMBERS if word not in ('zero', 'one'))})\b"
)
# "May have" became "must not have": no number changed, the criterion did.
_TURNING = re.compile(r"\b(?:cannot|except|neither|never|no|nor|not|unless|without)\b|\bnon-")
# Alone, a number is a limit where it is compared or measures a time.
_STATED = re.compile(
    rf"{_COMPARISON}|{_NUMBER} ?(?:%|days?|weeks?|months?|years?|hours?|half-lives)\b"
    rf"|{_NUMBER} - \d"
)


def other_limits(before: str, after: str) -> bool:
    """Return whether an edit of a criterion moved a limit, or turned what it asks for round."""
    one, other = _without_names(before, after)
    return any(
        Counter(pattern.findall(one)) != Counter(pattern.findall(other))
        for pattern in (_LIMIT, _TURNING)
    )


def _without_names(*texts: str) -> Iterator[str]:
    """Yield the texts without the numbers of names, such as any of them writes in one word."""
    plain = [_NAMED.sub(" ", _with_signs(text)) for text in texts]
    names = {
        found.groups() for text in plain for found in _NAME.finditer(text) if found[0].isalnum()
    }
    for text in plain:
        yield _NAME.sub(lambda found: " " if found.groups() in names else found[0], text)


def states_limit(text: str) -> bool:
    """Return whether a criterion states a limit: an age, a value, a time."""
    return _STATED.search(_NAMED.sub(" ", _with_signs(text))) is not None


def _with_signs(text: str) -> str:
    """Return the wording of a text with signs for words: "at least two" is "≥2"."""
    words = _DIGITS.sub(lambda found: NUMBERS[found[0]], wording(text))
    for pattern, sign in _SIGNS:
        words = pattern.sub(sign, words)
    return words
