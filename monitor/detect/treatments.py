"""What a text states about a treatment: how much, how often, by which route, and which drugs.

The rule of arms (`rules/arms.py`) asks whether another description is another treatment.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.detect.texts import LONGEST_COMPARED, fold_text, plain, wording

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


def abbreviate(text: str) -> str:
    """Return a description with units, frequencies and routes in short, each once and in its place.

    "Three times a day (TID)" and "TID" are ``tid``, "every 3 weeks" is ``q3w``, "intramuscular
    (IM)" is ``im``. The text is in its wording.
    """
    found = wording(plain(text))
    for long, short in _SHORT:
        found = long.sub(short, found)
    found = _SPELLED.sub(lambda word: _COUNTS[word[0]], _EVERY.sub(_every, found))
    return " ".join(_ASIDE.sub(_drop_repetition, found).split())


def dosing(short: str) -> frozenset[str]:
    """Return the units, frequencies and routes of a text that is in short."""
    return frozenset(_DOSING.findall(short))


def _every(found: re.Match[str]) -> str:
    count, unit, number, letter = found.groups()
    if number:
        return f"q{number}{letter}"
    return f"q{_COUNTS.get(count, count)}{_UNITS[unit.removesuffix('s')]}"


def _drop_repetition(bracket: re.Match[str]) -> str:
    """Return a parenthesis, except one that repeats what is before it: "tid (tid)"."""
    inside = bracket[1] or bracket[2]
    before = bracket.string[: bracket.start()].rstrip()
    begins = r"(?<![\w.,])" if inside[0].isdigit() else r"(?<![^\W\d_])"
    return "" if re.search(rf"{begins}{re.escape(inside)}$", before) else bracket[0]


# Endings by which the World Health Organization names groups of substances (INN stems), each with
# letters before it; those that end common words, too, are left out or written longer.
_STEM = (
    r"mab|nib|zomib|ciclib|parib|lisib|degib|clax|limus|domide|platin|taxel|rubicin|tecan|abine"
    r"|rasib|lutamide|gepant|orexant|fibrate|trexate|trexed|vedotin|leucel|parvovec|siran|nersen|(?:ner|ber|ta)cept|grastim|poetin"
    r"|statin|sartan|[^ap]pril|olol|dipine|thiazide|semide|lactone|xaban|gatran|[^n]grel|parin"
    r"|gliptin|gliflozin|glutide|natide|glitazone|formin|cillin|mycin|micin|cycline|floxacin"
    r"|penem|azole|vir|fungin|quine|vudine|asone|olone|onide|profen|coxib|triptan|setron|caine"
    r"|azepam|azolam|barbital|peridol|oxetine|triptyline|azine|apine|idone|gabalin|terol|tropium"
    r"|lukast|tidine|prazole|dronate|relin|relix|gestrel|mustine|fosfamide|phosphamide|poside|cristine|uracil|farin|parinux|thyroxine"
)
_NAMED_AS_DRUGS = re.compile(
    rf"(?<![\w-])(?:\w{{2,}}(?:{_STEM})|placebo|sham|aspirin|insulin|ketamine|heparin|saline"
    r"|[a-z]{2,5}-?\d{3,6}[a-z]?|\w{1,4}-dxd)(?![\w-])"
)
_SHORTEST_NAME = 4


class Drugs:
    """The drugs of a record's versions: one drug under its name and its other names.

    ``interventions``: those of both versions, as the registry has them.
    """

    def __init__(self, interventions: Iterable[Mapping[str, Any]]) -> None:
        self._drug_of: dict[str, str] = {}
        for one in interventions:
            names = [name for name in _names(one) if len(name) >= _SHORTEST_NAME]
            drug = next((self._drug_of[name] for name in names if name in self._drug_of), None)
            for name in names:
                self._drug_of.setdefault(name, drug or names[0])
        # Longer names first: "thing xr" is not "thing".
        ranked = sorted(self._drug_of, key=lambda name: (-len(name), name))
        listed = "|".join(map(re.escape, ranked))
        self._listed = re.compile(rf"(?<![\w-])(?:{listed})(?![\w-])") if listed else None

    def named_in(self, text: str) -> frozenset[str]:
        """Return the drugs that a text names, each by one name whichever it is named by."""
        words = fold_text(plain(text)[:LONGEST_COMPARED])
        found: set[str] = set()
        if self._listed is not None:
            found.update(self._drug_of[name] for name in self._listed.findall(words))
            words = self._listed.sub(" ", words)
        return frozenset(found.union(map(self._find_drug, _NAMED_AS_DRUGS.findall(words))))

    def _find_drug(self, word: str) -> str:
        """Return the drug of the record whose name has this word; else the word."""
        pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
        return next((d for name, d in self._drug_of.items() if pattern.search(name)), word)


def _names(intervention: Mapping[str, Any]) -> Sequence[str]:
    others = intervention.get("otherNames")
    values = [intervention.get("name"), *(others if isinstance(others, list) else [])]
    return [fold_text(plain(value)) for value in values if isinstance(value, str)]
