"""What can be set for a source: one struct for each type of ``[[source]]`` table."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, field

from monitor.errors import UsageError
from monitor.model import fields
from monitor.model.nct import normalize_nct_id, registry_reads_id
from monitor.settings.section import (
    HIDDEN,
    Check,
    Flag,
    InvalidValueError,
    Name,
    Section,
    seconds,
)
from monitor.settings.suggest import suggest
from monitor.settings.times import DURATION, Duration, TimeZone

FOLLOWED_BY_COMMAND = "followed by command"
"""The name of the source of the trials that `monitor follow` was given."""

REGISTRY = "https://clinicaltrials.gov"
"""The address of ClinicalTrials.gov."""

_CRON_FIELD = "[0-9A-Za-z*/,-]+"
_CronFields = Annotated[str, Meta(pattern=rf"^\s*({_CRON_FIELD}\s+){{4}}{_CRON_FIELD}\s*\Z")]
_Filled = Annotated[str, Meta(pattern=r"\S")]


# --- what keys take -------------------------------------------------------------------------------


def _base_url(url: str) -> str:
    parts = urlsplit(url.strip())
    _ = parts.port  # ValueError for one that is no number
    bare = parts.username is None and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or not bare:
        raise ValueError
    return url.strip().rstrip("/")


def distinct_nct_ids(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return NCT IDs in the registry's spelling, each once, ascending.

    InvalidValueError names what is none.
    """
    try:
        return tuple(sorted({normalize_nct_id(word) for word in words}))
    except UsageError as exc:
        raise InvalidValueError(str(exc)) from exc


# --- what ClinicalTrials.gov takes (source: its description of API v2, version 2.0.5) -------------

_QUERY_WORDS = "cond, term, locn, titles, intr, outc, spons, lead, id, patient"
QUERY_KEYS = tuple(_QUERY_WORDS.split(", "))
"""The parameters ``query.…``."""

_STATUSES = fields.ENUMERATIONS[fields.OVERALL_STATUS]
_GEO = re.compile(r"distance\(-?[0-9]+(\.[0-9]+)?,-?[0-9]+(\.[0-9]+)?,[0-9]+(\.[0-9]+)?(km|mi)?\)")
_SYNONYM = re.compile(r"[A-Za-z][A-Za-z0-9]*:[0-9]+")
_PAIRS = {")": "(", "]": "["}


def _query(given: dict[str, str]) -> dict[str, str]:
    """Return the ``query.…`` parameters, without white space around them."""
    for key, text in given.items():
        if key not in QUERY_KEYS:
            raise InvalidValueError(f"there is no query.{key}; {suggest(key, QUERY_KEYS)}")
        words = [word for word in re.split(r"[\s,|]+", text) if word]
        if words and all(map(registry_reads_id, words)):
            # The registry then looks these up and ignores every filter.
            raise InvalidValueError(
                f"query.{key} holds nothing but NCT IDs; write them under nct_ids"
            )
    return {key: text.strip() for key, text in given.items()}


def _filter(given: dict[str, str]) -> dict[str, str]:
    """Return the ``filter.…`` parameters as the registry takes them."""
    checked = {}
    for key, text in given.items():
        if key not in FILTERS:
            raise InvalidValueError(f"there is no filter.{key}; {suggest(key, FILTERS)}")
        checked[key] = FILTERS[key](text)
    return checked


def _words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,|]", text) if word.strip()]


def _statuses(text: str) -> str:
    for word in _words(text):
        if word not in _STATUSES:
            fix = suggest(word[:40].upper(), _STATUSES)
            raise InvalidValueError(
                f"filter.overallStatus: there is no status {word[:40]!r}; {fix}"
            )
    return _joined(
        _words(text),
        "filter.overallStatus takes statuses with | between them: RECRUITING|COMPLETED",
    )


def _geo(text: str) -> str:
    place = re.sub(r"\s", "", text)
    if _GEO.fullmatch(place) is None:
        raise InvalidValueError(
            "filter.geo takes distance(LATITUDE,LONGITUDE,DISTANCE), for example"
            " distance(39.0,-77.1,50mi)"
        )
    return place


def _ids(text: str) -> str:
    return _joined(
        distinct_nct_ids(tuple(_words(text))), "filter.ids takes NCT IDs with | between them"
    )


def _advanced(text: str) -> str:
    if not _is_closed(text):
        # It is put in parentheses, to be narrowed by date: it must not break out of them.
        raise InvalidValueError(
            "filter.advanced has a parenthesis, bracket or quotation mark without its counterpart;"
            " write an expression, for example AREA[Phase]PHASE3"
        )
    return text.strip()


def _is_closed(expression: str) -> bool:
    """Return whether parentheses, brackets and quotation marks come in pairs, well nested."""
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


def _synonyms(text: str) -> str:
    takes = "filter.synonyms takes AREA:ID pairs with | between them: ConditionSearch:1651367"
    if not all(map(_SYNONYM.fullmatch, _words(text))):
        raise InvalidValueError(takes)
    return _joined(_words(text), takes)


def _joined(words: list[str] | tuple[str, ...], takes: str) -> str:
    """Return a list as the registry takes it; InvalidValueError when it is empty."""
    if not words:
        raise InvalidValueError(takes)
    return "|".join(words)


FILTERS: Mapping[str, Callable[[str], str]] = {
    "overallStatus": _statuses,
    "geo": _geo,
    "ids": _ids,
    "advanced": _advanced,
    "synonyms": _synonyms,
}
"""The parameters ``filter.…``, and what returns each as the registry takes it."""


# --- the tables -----------------------------------------------------------------------------------


class SourceSettings(Section, frozen=True, kw_only=True):
    """What every source has: a name, and either an interval or a cron expression."""

    name: Name
    every: Annotated[timedelta | None, DURATION] = None
    cron: Annotated[
        _CronFields | None,
        Meta(
            description=(
                "minute, hour, day of the month, month and day of the week, for example"
                ' "30 14 * * 1-5"'
            ),
        ),
    ] = None
    timezone: TimeZone = "UTC"
    enabled: Flag = True

    def contradiction(self) -> str | None:
        """Say that nothing or too much tells when to look."""
        if self.every is not None and self.cron is not None:
            return "has both every and cron; delete one of them"
        if self.every is None and self.cron is None:
            return 'does not say when to look; write every = "1h" or cron = "30 14 * * 1-5"'
        return None


class CtgovSourceSettings(SourceSettings, frozen=True, kw_only=True):
    """A search, a list of records or the whole of ClinicalTrials.gov.

    ``nct_ids`` are in the registry's spelling, without repeats, ascending. ``query`` and
    ``filter`` have the short names: ``{"cond": "lupus"}`` is ``query.cond``. Together they are
    one search (``filter`` alone is one too), and neither narrows ``nct_ids``. At least one of
    ``nct_ids``, ``query``, ``filter`` and ``all`` is given, ``all`` without query and filter.
    ``reread_every``: after so much of the registry's own time all followed records are read
    again, whatever their date.
    """

    type: Annotated[Literal["ctgov"], Meta(description="ctgov")] = "ctgov"
    base_url: Annotated[
        str,
        Meta(description="http:// or https:// and a host, without user, password, ? and #"),
        HIDDEN,
        Check(_base_url),
    ] = REGISTRY
    nct_ids: Annotated[
        tuple[str, ...],
        Meta(description='an NCT ID or a list of them: ["NCT06733935"]'),
        Check(distinct_nct_ids),
    ] = ()
    query: Annotated[
        dict[str, _Filled],
        Meta(description=f'a table of texts, {{ cond = "lupus" }}, with the keys {_QUERY_WORDS}'),
        Check(_query),
    ] = field(default_factory=dict)
    filter: Annotated[
        dict[str, _Filled],
        Meta(
            description='a table of texts, { overallStatus = "RECRUITING" }, with the keys '
            + ", ".join(FILTERS)
        ),
        Check(_filter),
    ] = field(default_factory=dict)
    all: Flag = False
    # The registry also edits records without moving their date; reading all of them again finds
    # that.
    reread_every: Duration = timedelta(days=7)
    backfill: Flag = False

    def contradiction(self) -> str | None:
        """Say as of every source, or that nothing or too much is followed."""
        if contradiction := SourceSettings.contradiction(self):
            return contradiction
        narrowed = bool(self.query or self.filter)
        if self.all and narrowed:
            return "follows the whole registry by all = true; delete it, or query and filter"
        if not (self.nct_ids or narrowed or self.all):
            return "follows nothing; write nct_ids, query, filter or all = true"
        return None


class FilesSourceSettings(SourceSettings, frozen=True, kw_only=True):
    """A folder that is looked into; a file is read once it has not changed for ``settle_s``."""

    type: Annotated[Literal["files"], Meta(description="files")] = "files"
    path: Annotated[str, Meta(pattern=r"\S", description="the path of a folder")]
    settle_s: Annotated[float, seconds(0, 3600)] = 10.0


AnySourceSettings = CtgovSourceSettings | FilesSourceSettings

SOURCE_TYPES: Mapping[str, type[AnySourceSettings]] = {
    "ctgov": CtgovSourceSettings,
    "files": FilesSourceSettings,
}
