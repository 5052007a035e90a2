"""From ``[[source]]`` tables to the settings of the sources."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.config.checking import FaultError, nct_ids
from monitor.config.given import Given
from monitor.config.sources import (
    FILTER_KEYS,
    FOLLOWED_BY_COMMAND,
    QUERY_KEYS,
    SOURCE_TYPES,
    AnySourceSettings,
    CtgovSourceSettings,
)
from monitor.config.tables import Reading, meant, named, type_of
from monitor.errors import ConfigError
from monitor.model.nct import registry_reads_id


def source_settings(
    tables: Iterable[Given], environ: Mapping[str, str]
) -> tuple[AnySourceSettings, ...]:
    """Return the settings of the sources, in the tables' order.

    ConfigError says which source, by its name or, without one, by its number in the file.
    """
    sources: dict[str, AnySourceSettings] = {}
    for numbered in tables:
        table = named(numbered)
        source = _source(table, environ)
        if source.name.casefold() in sources:
            raise ConfigError(f"{table.place} is there twice; give each source its own name")
        if source.name.casefold() == FOLLOWED_BY_COMMAND:
            raise ConfigError(
                f"{table.place}: `monitor follow` has a source of that name; give this one another"
            )
        sources[source.name.casefold()] = source
    return tuple(sources.values())


def _source(table: Given, environ: Mapping[str, str]) -> AnySourceSettings:
    kind = SOURCE_TYPES[type_of(table, SOURCE_TYPES, what="source")]
    source: AnySourceSettings = kind(**_READING.values(table, kind, environ))
    _require_trigger(table.place, source)
    if isinstance(source, CtgovSourceSettings):
        _require_subject(table.place, source)
    return source


def _require_trigger(place: str, source: AnySourceSettings) -> None:
    if source.every is not None and source.cron is not None:
        raise ConfigError(f"{place} has both every and cron; delete one of them")
    if source.every is None and source.cron is None:
        raise ConfigError(
            f'{place} does not say when to look; write every = "1h" or cron = "30 14 * * 1-5"'
        )


def _require_subject(place: str, source: CtgovSourceSettings) -> None:
    narrowed = bool(source.query or source.filter)
    if source.all and narrowed:
        raise ConfigError(
            f"{place}: all = true follows the whole registry; delete it, or query and filter"
        )
    if not (source.nct_ids or narrowed or source.all):
        raise ConfigError(f"{place} follows nothing; write nct_ids, query, filter or all = true")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):  # a folder's name, one with ".." in it
        raise ValueError(name) from None
    return name


def _base_url(url: str) -> str:
    parts = urlsplit(url.strip())
    _ = parts.port  # ValueError for one that is no number
    bare = parts.username is None and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or not bare:
        raise ValueError
    return url.strip().rstrip("/")


def _query(given: dict[str, str]) -> dict[str, str]:
    for key, text in given.items():
        if key not in QUERY_KEYS:
            raise FaultError(f"there is no query.{key}; {meant(key, QUERY_KEYS)}")
        if all(registry_reads_id(word) for word in re.split(r"[\s,|]+", text.strip())):
            # The registry then looks these up and ignores every filter.
            raise FaultError(f"query.{key} holds nothing but NCT IDs; write them under nct_ids")
    return given


def _filter(given: dict[str, str]) -> dict[str, str]:
    for key, text in given.items():
        if key not in FILTER_KEYS:
            raise FaultError(f"there is no filter.{key}; {meant(key, FILTER_KEYS)}")
        pattern, description = FILTER_KEYS[key]
        if re.search(pattern, text) is None:
            raise FaultError(f"filter.{key} takes {description}")
    if ids := given.get("ids"):
        return {**given, "ids": "|".join(nct_ids(tuple(re.split(r"[|,]", ids))))}
    return given


_READING = Reading(
    refined={
        "timezone": _zone,
        "base_url": _base_url,
        "nct_ids": nct_ids,
        "query": _query,
        "filter": _filter,
    },
    hidden={"base_url"},
)
