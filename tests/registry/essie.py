"""The search expressions of ``query.*`` and ``filter.advanced`` (the registry's Essie syntax).

Understood are terms and quoted phrases, AND, OR, NOT (upper case only), parentheses, AREA, RANGE
with MIN and MAX, MISSING, ALL, COVERAGE (or COVER) with FullMatch, StartsWith, EndsWith and
Contains, SEARCH[Location] and DISTANCE. EXPANSION and TILT are read and change nothing.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tests.registry import words
from tests.registry.areas import Area, area
from tests.registry.paths import strings, values
from tests.registry.pieces import Field, find
from tests.registry.ranges import NotComparableError, between

_LOCATIONS = ("protocolSection", "contactsLocationsModule", "locations")
_TOKEN = re.compile(
    r'\s*(?:(?P<operator>[A-Z]+\[[^\]]*\])|"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<paren>[()])'
    r'|(?P<word>(?:\\.|[^\s()"\\])+))'
)
_KEYWORDS = {"AND", "OR", "NOT"}
_MILES = {"mi": 3958.8, "km": 6371.0, "": 3958.8}


class QueryError(ValueError):
    """The expression cannot be read."""


class Subject(Protocol):
    """What an expression is tried on."""

    def values(self, field: Field) -> Iterable[Any]:
        """Return all values of the field."""


Test = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Study:
    """A study document as the subject of an expression."""

    document: Any

    def values(self, field: Field) -> Iterator[Any]:
        """Yield all values of the field."""
        return values(self.document, field.path)


@dataclass(frozen=True, slots=True)
class Site:
    """One site of a study, for expressions that must hold of a single site."""

    study: Subject
    location: Any

    def values(self, field: Field) -> Iterable[Any]:
        """Yield the site's own values for fields of a site, else the study's."""
        if field.path[:3] == _LOCATIONS:
            return values(self.location, field.path[3:])
        return self.study.values(field)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(text: str, default: Area) -> Test:
    """Return the test that an expression stands for; terms without AREA look at ``default``.

    QueryError, with the reason, when it cannot be read.
    """
    reader = _Reader(list(_tokens(text)))
    test = reader.either(default)
    if reader.left:
        raise QueryError(f"Unexpected '{reader.left[0].text}'")
    return test


def _tokens(text: str) -> Iterator[_Token]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise QueryError(f"Unexpected '{text[at:].strip()[:1]}'")
        kind = str(found.lastgroup)
        token = found[kind]
        if kind == "word" and token in _KEYWORDS:
            kind = "keyword"
        elif kind in {"word", "quoted"}:
            token = re.sub(r"\\(.)", r"\1", token)
        yield _Token(kind, token)
        at = found.end()


class _Reader:
    """Reads tokens from the left, operator by operator of rising binding strength."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.left = tokens

    def take(self, kind: str, *texts: str) -> _Token | None:
        if self.left and self.left[0].kind == kind and (not texts or self.left[0].text in texts):
            return self.left.pop(0)
        return None

    def either(self, within: Area) -> Test:
        tests = [self.both(within)]
        while self.take("keyword", "OR"):
            tests.append(self.both(within))
        return tests[0] if len(tests) == 1 else lambda s: any(test(s) for test in tests)

    def both(self, within: Area) -> Test:
        tests = [self.negated(within)]
        while self.take("keyword", "AND"):
            tests.append(self.negated(within))
        return tests[0] if len(tests) == 1 else lambda s: all(test(s) for test in tests)

    def negated(self, within: Area) -> Test:
        if self.take("keyword", "NOT"):
            test = self.negated(within)
            return lambda s: not test(s)
        return self.single(within)

    def single(self, within: Area) -> Test:
        if self.take("paren", "("):
            test = self.either(within)
            if not self.take("paren", ")"):
                raise QueryError("Missing ')'")
            return test
        operator = self.take("operator")
        if operator:
            name, _, argument = operator.text[:-1].partition("[")
            return self.operator(name, argument, within)
        return self.term(within, "Contains")

    def operator(self, name: str, argument: str, within: Area) -> Test:
        if name == "AREA":
            found = area(argument)
            if found is None:
                raise QueryError(f"Unknown area name: '{argument}'")
            return self.single(found)
        if name == "RANGE":
            return _range(argument, within)
        if name in {"COVERAGE", "COVER"}:
            return self.term(within, argument)
        if name == "DISTANCE":
            return distance(argument)
        if name == "SEARCH":
            return (
                _of_one_site(self.single(within)) if argument == "Location" else self.single(within)
            )
        if name in {"EXPANSION", "TILT"}:
            return self.single(within)
        raise QueryError(f"Unknown operator: '{name}'")

    def term(self, within: Area, coverage: str) -> Test:
        phrases: list[str] = []
        bare: list[str] = []
        while self.left and self.left[0].kind in {"word", "quoted"}:
            token = self.left.pop(0)
            (bare if token.kind == "word" else phrases).append(token.text)
        if not phrases and not bare:
            raise QueryError("A term is missing")
        if not phrases and bare == ["MISSING"]:
            return lambda s: not any(True for _ in _texts(s, within))
        if not phrases and bare == ["ALL"]:
            return lambda _: True
        return _term(phrases, bare, within, coverage)


def _term(phrases: list[str], bare: list[str], within: Area, coverage: str) -> Test:
    text = " ".join(bare)
    if within.size:
        return lambda s: str(sum(1 for _ in _values(s, within))) == text
    if within.type in {"date", "number", "age"} and coverage == "Contains":
        return _range(" ".join([*phrases, *bare]), within, single=True)
    tests = {"FullMatch": words.is_whole, "StartsWith": words.starts, "EndsWith": words.ends}
    if coverage in tests:
        whole, how = " ".join([*phrases, *bare]), tests[coverage]
        return lambda s: how(whole, _texts(s, within))
    if coverage != "Contains":
        raise QueryError(f"Unknown coverage: '{coverage}'")
    return lambda s: (
        (not bare or words.has_words(text, _texts(s, within)))
        and all(words.has_phrase(phrase, _texts(s, within)) for phrase in phrases)
    )


def _range(argument: str, within: Area, *, single: bool = False) -> Test:
    ends = [argument, argument] if single else [end.strip() for end in argument.split(",")]
    if len(ends) != 2:
        raise QueryError(f"Invalid range: '{argument}'")
    try:
        inside = between(within.type, ends[0], ends[1])
    except NotComparableError as exc:
        raise QueryError(f"Invalid {within.type} value: '{exc}'") from exc
    return lambda s: any(inside(value) for value in _values(s, within))


def _values(subject: Subject, within: Area) -> Iterator[Any]:
    for field in within.fields:
        yield from subject.values(field)


def _texts(subject: Subject, within: Area) -> Iterator[str]:
    for value in _values(subject, within):
        yield from strings(value)


def _of_one_site(test: Test) -> Test:
    sites = find("Location")
    assert sites is not None

    def holds(subject: Subject) -> bool:
        return any(test(Site(subject, site)) for site in subject.values(sites))

    return holds


def distance(argument: str) -> Test:
    """Return the test for a site within ``latitude,longitude,distance`` (in mi or km)."""
    found = re.fullmatch(r"(-?[\d.]+),\s*(-?[\d.]+),\s*([\d.]+)(km|mi)?", argument.strip())
    if not found:
        raise QueryError(f"Invalid distance: '{argument}'")
    lat, lon, reach = (float(found[group]) for group in (1, 2, 3))
    radius = _MILES[found[4] or ""]
    points = find("LocationGeoPoint")
    assert points is not None
    return lambda s: any(
        radius * _angle(lat, lon, point["lat"], point["lon"]) <= reach for point in s.values(points)
    )


def _angle(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    one, two = math.radians(lat), math.radians(other_lat)
    east = math.radians(other_lon - lon)
    half = math.sin((two - one) / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(east / 2) ** 2
    return 2 * math.asin(min(1.0, math.sqrt(half)))
