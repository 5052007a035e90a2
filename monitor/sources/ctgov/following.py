"""What a source follows, checked against what API v2 takes before anything is asked."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from monitor.errors import ConfigError, UsageError
from monitor.model import fields
from monitor.model.nct import normalise_nct_id, registry_reads_id

Value = str | Sequence[str]
"""A list where API v2 takes one; it is joined with ``|``."""

# Source of names, lists and patterns: the registry's own description of API v2 (2.0.5).
_QUERIES = frozenset(
    {"cond", "term", "locn", "titles", "intr", "outc", "spons", "lead", "id", "patient"}
)
_STATUSES = frozenset(fields.ENUMERATIONS[fields.OVERALL_STATUS])
_GEO = re.compile(r"distance\(-?\d+(\.\d+)?,-?\d+(\.\d+)?,\d+(\.\d+)?(km|mi)?\)")
_SYNONYM = re.compile(r"[A-Za-z][A-Za-z0-9]*:\d+")
_SEPARATORS = re.compile(r"[,|]")
_SPACES_AND_COMMAS = re.compile(r"[,\s]+")
_PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What is followed under a name: watched NCT IDs, a search, both, or everything.

    ``query`` and ``filter`` hold the ``query.*`` and ``filter.*`` of API v2 by what stands behind
    the dot; together they are one search (``filter`` alone is one too), and neither narrows
    ``nct_ids``. ``everything``: the whole registry. ``reread_every``: after so much of the
    registry's own time all followed records are read again, whatever their date.
    ConfigError names the key and the fix.
    """

    name: str
    nct_ids: tuple[str, ...] = ()
    query: Mapping[str, Value] = field(default_factory=dict)
    filter: Mapping[str, Value] = field(default_factory=dict)
    everything: bool = False
    reread_every: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        complaint = _Complaint(self.name)
        set_as = object.__setattr__  # a frozen class has no other way to normalise
        set_as(self, "nct_ids", _nct_ids(self.nct_ids, complaint.at("nct_ids")))
        queries = {key: _query(key, text, complaint) for key, text in sorted(self.query.items())}
        filters = {key: _filter(key, text, complaint) for key, text in sorted(self.filter.items())}
        set_as(self, "query", queries)
        set_as(self, "filter", filters)
        if self.everything and (queries or filters):
            raise complaint.at("all")("takes in every search: leave out query and filter, or all")
        if not (self.everything or queries or filters or self.nct_ids):
            raise complaint.at("nct_ids")(
                "follows nothing: it takes nct_ids, a query or a filter, or all = true"
            )
        if self.reread_every < timedelta(0):
            raise complaint.at("reread_every")("is negative: it is like 7d")

    @property
    def search(self) -> dict[str, str] | None:
        """The parameters of the search; {} for everything, None when only IDs are watched."""
        if not (self.everything or self.query or self.filter):
            return None
        return {
            **{f"query.{key}": str(text) for key, text in self.query.items()},
            **{f"filter.{key}": str(text) for key, text in self.filter.items()},
        }

    @property
    def digest(self) -> str:
        """A hash of what is followed; the name and the rhythm do not count."""
        return digest([self.nct_ids, self.search])

    @property
    def search_digest(self) -> str:
        """A hash of the search alone."""
        return digest(self.search)


def digest(value: object) -> str:
    """Return a short hash of something that JSON can hold."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


_Refuse = Callable[[str], ConfigError]


@dataclass(frozen=True, slots=True)
class _Complaint:
    name: str

    def at(self, key: str) -> _Refuse:
        return lambda what: ConfigError(f"source {self.name!r}: {key} {what}")


def _query(key: str, value: Value, complaint: _Complaint) -> str:
    refuse = complaint.at(f"query.{key}")
    if key not in _QUERIES:
        raise refuse(f"is unknown to the registry: it knows {', '.join(sorted(_QUERIES))}")
    if not isinstance(value, str):
        raise refuse('takes one text; words go together as in "lupus OR SLE"')
    if not value.strip():
        raise refuse("is empty: leave it out")
    if all(registry_reads_id(word) for word in _SPACES_AND_COMMAS.split(value.strip(", \t\n"))):
        raise refuse(
            "holds nothing but NCT IDs, and the registry then ignores every filter:"
            " list them in nct_ids"
        )
    return value.strip()


def _filter(key: str, value: Value, complaint: _Complaint) -> str:
    refuse = complaint.at(f"filter.{key}")
    if key not in _FILTERS:
        raise refuse(f"is unknown to the registry: it knows {', '.join(sorted(_FILTERS))}")
    if not (value.strip() if isinstance(value, str) else value):
        raise refuse("is empty: leave it out")
    return _FILTERS[key](value, refuse)


def _words(value: Value) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    return [word.strip() for text in texts for word in _SEPARATORS.split(text) if word.strip()]


def _nct_ids(words: Iterable[str], refuse: _Refuse) -> tuple[str, ...]:
    try:
        return tuple(sorted({normalise_nct_id(word) for word in words}))
    except UsageError as exc:
        raise refuse(f"cannot be asked for: {exc}") from None


def _statuses(value: Value, refuse: _Refuse) -> str:
    words = _words(value)
    for word in words:
        if word not in _STATUSES:
            raise refuse(f"has no status {word[:40]!r}: it has {', '.join(sorted(_STATUSES))}")
    return "|".join(words)


def _synonyms(value: Value, refuse: _Refuse) -> str:
    words = _words(value)
    for word in words:
        if not _SYNONYM.fullmatch(word):
            raise refuse(f"has {word[:40]!r}: it takes pairs like ConditionSearch:1651367")
    return "|".join(words)


def _ids(value: Value, refuse: _Refuse) -> str:
    return "|".join(_nct_ids(_words(value), refuse))


def _geo(value: Value, refuse: _Refuse) -> str:
    text = value.replace(" ", "") if isinstance(value, str) else ""
    if not _GEO.fullmatch(text):
        raise refuse("is like distance(39.0035707,-77.1013313,50mi)")
    return text


def _advanced(value: Value, refuse: _Refuse) -> str:
    if not isinstance(value, str):
        raise refuse("takes one expression")
    if not _is_closed(value):
        # It is put in parentheses, to be narrowed by date: it must not break out of them.
        raise refuse("has a parenthesis, bracket or quotation mark without its counterpart")
    return value.strip()


def _is_closed(expression: str) -> bool:
    """Tell whether parentheses, brackets and quotation marks come in pairs, well nested."""
    opened: list[str] = []
    escaped = quoted = False
    for char in expression:
        if escaped or char == "\\":
            escaped = not escaped
        elif char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char in "([":
            opened.append(char)
        elif char in _PAIRS and (not opened or opened.pop() != _PAIRS[char]):
            return False
    return not (opened or quoted or escaped)


_FILTERS: dict[str, Callable[[Value, _Refuse], str]] = {
    "overallStatus": _statuses,
    "geo": _geo,
    "ids": _ids,
    "advanced": _advanced,
    "synonyms": _synonyms,
}
