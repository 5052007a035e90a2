"""How much, how often and by which route a treatment is given, whatever the words for it."""

import re

from monitor.detect.texts import plain, wording

_COUNTS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "twelve": "12", "second": "2", "third": "3",
    "fourth": "4",
}  # fmt: skip
_COUNT = rf"(?:\d+|{'|'.join(_COUNTS)})"
_UNITS = {"hour": "h", "hr": "h", "day": "d", "week": "w", "wk": "w", "month": "m"}
_UNIT = rf"(?:{'|'.join(_UNITS)})s?"
_ONCE, _TWICE, _THRICE, _FOUR_TIMES = (
    rf"(?:{words}|{count} ?(?:times?|x))"
    for count, words in (
        (1, "once|one time"), (2, "twice|two times"), (3, "thrice|three times"), (4, "four times"),
    )
)  # fmt: skip
_DAILY, _WEEKLY, _MONTHLY = (
    rf"(?:[ -]?{often}|(?: (?:a|an|per|each|every) |/ ?)(?:{unit}))"
    for often, unit in (("daily", "day"), ("weekly", "week|wk"), ("monthly", "month"))
)
# Those of more words first: "three times daily" is not "daily".
_WORDS: tuple[tuple[str, str], ...] = (
    (rf"{_FOUR_TIMES}{_DAILY}|q\.?i\.?d\b\.?", "qid"),
    (rf"{_THRICE}{_DAILY}|t\.?i\.?d\b\.?|tds", "tid"),
    (rf"{_TWICE}{_DAILY}|b\.?i\.?d\b\.?", "bid"),
    (rf"{_ONCE}{_DAILY}|(?:every|each) day|daily|q\.?d\b\.?|o\.d\.", "daily"),
    (rf"{_THRICE}{_WEEKLY}|t\.?i\.?w\b\.?", "tiw"),
    (rf"{_TWICE}{_WEEKLY}|biw", "biw"),
    (rf"{_ONCE}{_WEEKLY}|(?:every|each) week|weekly|qw", "weekly"),
    (rf"{_ONCE}{_MONTHLY}|(?:every|each) month|monthly|qm", "monthly"),
    (r"every other day|q\.?o\.?d\b\.?", "q2d"),
    (r"every other week", "q2w"),
    (r"intra-?muscular(?:ly)?|i\.?m\b\.?", "im"),
    (r"intra-?venous(?:ly)?|i\.?v\b\.?", "iv"),
    (r"sub-?cutaneous(?:ly)?|s\.?c\b\.?|subq|sq", "sc"),
    (r"oral(?:ly)?|by mouth|per os|p\.?o\b\.?", "oral"),
    (r"topical(?:ly)?", "topical"),
    (r"milligram(?:me)?s?", "mg"),
    (r"microgram(?:me)?s?|mcg|[μu]g", "mcg"),
    (r"kilogram(?:me)?s?", "kg"),
    (r"gram(?:me)?s?", "g"),
    (r"millilit(?:er|re)s?", "ml"),
    (r"international units?|i\.u\.", "iu"),
    (r"milli-?moles?", "mmol"),
    (r"hours?|hrs?", "hour"),
    (r"weeks?|wks?", "week"),
    (r"years?|yrs?", "year"),
)
_SHORT = tuple((re.compile(rf"(?<![^\W\d_])(?:{long})(?![^\W_])"), short) for long, short in _WORDS)
_SPELLED = re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve)\b")
_EVERY = re.compile(
    rf"(?<![^\W\d_])(?:every|each|once every) ({_COUNT})(?:th|nd|rd)?[ -]?({_UNIT})(?![^\W_])"
    r"|(?<![^\W\d_])q ?(\d+) ?([hdwm])(?:eeks?|ours?|rs?|k)?(?![^\W_])"
)
# Units, how often and which way: another one is another treatment, whatever the number.
_DOSING = re.compile(
    r"(?<![^\W\d_])(?:[mn]?g|mcg|kg|m?l|m?mol|m?iu|gy|daily|weekly|biweekly|monthly|yearly|hourly"
    r"|[btq]id|tiw|biw|q\d+[dhwm]|oral|iv|sc|topical|im)(?![^\W_])"
)
_ASIDE = re.compile(r"\(\s*([^()]{1,20}?)\s*\)|\[\s*([^\[\]]{1,20}?)\s*\]")


def in_short(text: str) -> str:
    """Return a description with units, frequencies and routes in short, each once where it stands.

    "Three times a day (TID)" and "TID" are ``tid``, "every 3 weeks" is ``q3w``, "intramuscular
    (IM)" is ``im``. The text is in its wording.
    """
    found = wording(plain(text))
    for long, short in _SHORT:
        found = long.sub(short, found)
    found = _SPELLED.sub(lambda word: _COUNTS[word[0]], _EVERY.sub(_every, found))
    return " ".join(_ASIDE.sub(_unless_said, found).split())


def dosing(short: str) -> frozenset[str]:
    """Return the units, frequencies and routes of a text that is in short."""
    return frozenset(_DOSING.findall(short))


def _every(found: re.Match[str]) -> str:
    count, unit, number, letter = found.groups()
    if number:
        return f"q{number}{letter}"
    return f"q{_COUNTS.get(count, count)}{_UNITS[unit.removesuffix('s')]}"


def _unless_said(aside: re.Match[str]) -> str:
    """Return an aside, but for one that repeats what stands before it: "tid (tid)"."""
    inside = aside[1] or aside[2]
    said = aside.string[: aside.start()].rstrip()
    begins = r"(?<![\w.,])" if inside[0].isdigit() else r"(?<![^\W\d_])"
    return "" if re.search(rf"{begins}{re.escape(inside)}$", said) else aside[0]
