"""From ``[[subscriber]]`` and ``[[subscription]]`` tables to settings of people."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import structs

from monitor.config.checking import FaultError, checked, nct_ids
from monitor.config.given import Given
from monitor.config.people import LONGEST_NAME, Name, SubscriberSettings, SubscriptionSettings
from monitor.config.tables import Reading, Spell, meant, named
from monitor.errors import ConfigError
from monitor.match.attributes import term_under
from monitor.match.filters import require_usable
from monitor.match.synonyms import Synonyms
from monitor.model.groups import kinds_of
from monitor.model.subscriptions import Filter
from monitor.model.when import AtOnce, parse_quiet, parse_when

_NO_SETS: Mapping[str, tuple[str, ...]] = {}
_LISTED = {"channels", "nct_ids", "filter", "changes"}


def people_settings(
    subscribers: Iterable[Given],
    subscriptions: Iterable[Given],
    environ: Mapping[str, str],
    *,
    channels: Collection[str],
    default: tuple[str, ...] = (),
    sources: Collection[str] = (),
    synonyms: Mapping[str, tuple[str, ...]] = _NO_SETS,
) -> tuple[tuple[SubscriberSettings, ...], tuple[SubscriptionSettings, ...]]:
    """Return the settings of people and of what they ask for, in the tables' order.

    ``channels``: the names that there are; ``default``: of those that are taken where neither a
    subscription nor its subscriber names any. ``sources``: the names that there are;
    ``synonyms``: the sets that there are. ConfigError names the table, the key and the fix.
    """
    people: dict[str, SubscriberSettings] = {}
    for numbered in subscribers:
        table = named(numbered)
        person = SubscriberSettings(**_SUBSCRIBER.values(table, SubscriberSettings, environ))
        require_channels(person.channels, channels, place=f"{table.place} channels")
        if person.name.casefold() in people:
            raise ConfigError(f"{table.place} is there twice; give each subscriber their own name")
        people[person.name.casefold()] = person
    wishes: dict[tuple[str, str], SubscriptionSettings] = {}
    for numbered in subscriptions:
        table = named(numbered)
        wish = read_subscription(table, environ, synonyms=synonyms)
        require_sources(wish.filter, sources, synonyms, place=f"{table.place} filter: ")
        person = people.setdefault(
            wish.subscriber.casefold(), SubscriberSettings(name=wish.subscriber)
        )
        _require_same_spelling(table, wish.subscriber, person.name)
        if not (wish.channels or person.channels):
            wish = structs.replace(wish, channels=default)
        require_complete(wish, person, channels, place=table.place)
        if (key := (wish.subscriber, wish.name.casefold())) in wishes:
            raise ConfigError(
                f"{table.place} of {wish.subscriber} is there twice; give each subscription of a "
                "subscriber its own name"
            )
        wishes[key] = wish
    return tuple(people.values()), tuple(wishes.values())


def read_subscription(
    table: Given,
    environ: Mapping[str, str],
    *,
    spell: Spell | None = None,
    synonyms: Mapping[str, tuple[str, ...]] = _NO_SETS,
) -> SubscriptionSettings:
    """Return what one table says, each key by itself; ConfigError names key and fix.

    ``spell`` names a key's place where it is not in a file. ``synonyms``: the sets that there are.
    """
    filters = partial(_filters, synonyms=Synonyms(synonyms))
    reading = replace(_SUBSCRIPTION, refined={**_SUBSCRIPTION.refined, "filter": filters})
    if spell is not None:
        reading = replace(reading, spell=spell)
    return SubscriptionSettings(**reading.values(table, SubscriptionSettings, environ))


def require_complete(
    wish: SubscriptionSettings,
    person: SubscriberSettings | None,
    channels: Collection[str],
    *,
    place: str,
) -> None:
    """Pass when a subscription says what it is about and where it goes; else ConfigError."""
    some = bool(wish.nct_ids or wish.nct_ids_file or wish.filter)
    if wish.all and some:
        raise ConfigError(
            f"{place}: all = true is about every trial; delete it, or nct_ids, nct_ids_file and "
            "filter"
        )
    if not (wish.all or some):
        raise ConfigError(
            f"{place} is about no trial; write nct_ids, nct_ids_file, filter or all = true"
        )
    if sends_empty_at_once(wish):
        raise ConfigError(
            f'{place}: send_empty = true is about digests; write when = "daily 08:00" or the like, '
            "or delete it"
        )
    if not (wish.channels or (person and person.channels)):
        raise ConfigError(
            f'{place} does not say where to send; write channels = ["NAME"] '
            f"({_known_channels(channels)})"
        )
    require_channels(wish.channels, channels, place=f"{place} channels")


def sends_empty_at_once(wish: SubscriptionSettings) -> bool:
    """Tell whether it asks for empty digests where there are no digests."""
    return wish.send_empty and isinstance(parse_when(wish.when or "at once"), AtOnce)


def person_name(text: str, *, place: str) -> str:
    """Return the name of a subscriber; ConfigError says what one looks like."""
    given = Given(place=place, value=text, from_environment=True)
    name: str = checked(Name, given, {}, refine=_name)
    return name


def require_channels(names: Iterable[str], known: Collection[str], *, place: str) -> None:
    """Pass when there are channels of these names, else raise a ConfigError with the nearest."""
    for name in names:
        if name not in known:
            fix = meant(name, known) if known else _known_channels(known)
            raise ConfigError(f"{place}: there is no [[channel]] {name[:LONGEST_NAME]!r}; {fix}")


def require_sources(
    filters: Iterable[Mapping[str, Any]],
    known: Collection[str],
    synonyms: Mapping[str, tuple[str, ...]],
    *,
    place: str,
) -> None:
    """Pass when there are sources of the names in filters' tables, else raise a ConfigError.

    ``place``: what the error begins with.
    """
    names = {term_under("source", name): name for name in known}
    sets = Synonyms(synonyms)
    for table in filters:
        for value in (*table.get("source", ()), *table.get("not", {}).get("source", ())):
            if not any(term_under("source", one) in names for one in sets.of(value)):
                fix = meant(value, known) if known else "write a [[source]] table first"
                raise ConfigError(f"{place}there is no [[source]] {value[:LONGEST_NAME]!r}; {fix}")


def _known_channels(known: Collection[str]) -> str:
    return f"there are {', '.join(known)}" if known else "write a [[channel]] table first"


def _require_same_spelling(table: Given, written: str, known: str) -> None:
    if written != known:
        raise ConfigError(
            f"{table.place} subscriber = {written!r} is elsewhere spelt {known!r}; spell the name "
            "in one way"
        )


def _name(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable() or ":" in text:
        raise ValueError
    if text != text.strip():
        raise ValueError
    return text


def _filters(
    tables: tuple[dict[str, Any], ...], *, synonyms: Synonyms
) -> tuple[dict[str, Any], ...]:
    found = []
    for number, table in enumerate(tables, 1):
        try:
            wanted = _words({key: value for key, value in table.items() if key != "not"})
            excluded = _words(table.get("not", {}))
            require_usable(Filter(wanted=wanted, excluded=excluded), synonyms)
        except ValueError as exc:
            which = f"filter {number}: " if len(tables) > 1 else ""
            raise FaultError(f"{which}{exc}") from exc
        found.append({**wanted, "not": excluded} if excluded else {**wanted})
    return tuple(found)


def _words(table: Any) -> dict[str, tuple[str, ...]]:
    """Return a filter's keys with lists of values; ValueError for what is no list of texts."""
    if isinstance(table, dict):
        return {key: _values(key, value) for key, value in table.items()}
    raise ValueError('not is a table: not = { country = ["China"] }')


def _values(key: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list | tuple) and all(isinstance(one, str) for one in values):
        return tuple(dict.fromkeys(values))
    raise ValueError(f"{key[:LONGEST_NAME]} takes a text or a list of texts")


def _by(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Return a check that keeps the text, written tidily; what the parser says is the fix."""

    def check(text: str) -> str:
        if text.strip():
            try:
                parse(text)
            except ValueError as exc:
                raise FaultError(f"{text[:LONGEST_NAME]!r} will not do; {exc}") from exc
        return text.strip()

    return check


def _changes(words: tuple[str, ...]) -> tuple[str, ...]:
    try:
        kinds_of(words)
    except ValueError as exc:
        raise FaultError(str(exc)) from exc
    return words


def _zone(name: str) -> str:
    parse_quiet("0:00-0:00", zone=name)
    return name


def _some_quiet(text: str) -> None:
    quiet = parse_quiet(text)
    if quiet.start == quiet.end:
        raise ValueError('they would be over as they begin; write "22:00-07:00 Europe/Madrid"')


_WHEN = _by(parse_when)
_QUIET = _by(_some_quiet)
_SUBSCRIBER = Reading(
    refined={"name": _name, "quiet": _QUIET, "timezone": _zone}, listed={"channels"}
)
_SUBSCRIPTION = Reading(
    refined={
        "name": _name,
        "subscriber": _name,
        "nct_ids": nct_ids,
        "changes": _changes,
        "when": _WHEN,
        "quiet": _QUIET,
    },
    listed=_LISTED,
)
