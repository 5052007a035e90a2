"""``[[subscriber]]`` and ``[[subscription]]`` tables, and the ``[synonyms]`` of their filters."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from msgspec import Meta, structs

from monitor.config.raw_values import RawValue
from monitor.config.tables import Spell, key_place, read_table, require_name
from monitor.config.validation import validate
from monitor.errors import ConfigError
from monitor.match.filter_fields import term_under
from monitor.match.filters import LONGEST_VALUE, require_usable
from monitor.match.synonyms import Synonyms
from monitor.match.text_index import words_of
from monitor.model.subscriptions import Filter
from monitor.model.when import AtOnce, parse_when
from monitor.settings import SubscriberSettings, SubscriptionSettings
from monitor.settings.section import Check, InvalidValueError
from monitor.settings.subscribers import LONGEST_NAME, PersonName, which_filter
from monitor.settings.suggest import suggest

_NO_SETS: Mapping[str, tuple[str, ...]] = {}


def read_subscribers(
    subscribers: Iterable[RawValue],
    subscriptions: Iterable[RawValue],
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
        table = require_name(numbered)
        person = read_table(table, SubscriberSettings, environ)
        require_channels(person.channels, channels, place=f"{table.place} channels")
        # Names that differ only in case look like one person, but would be two in the store.
        if person.name.casefold() in people:
            raise ConfigError(f"{table.place} is there twice; give each subscriber their own name")
        people[person.name.casefold()] = person
    found: dict[tuple[str, str], SubscriptionSettings] = {}
    for numbered in subscriptions:
        table = require_name(numbered)
        subscription = read_subscription(table, environ, synonyms=synonyms)
        require_sources(subscription.filter, sources, synonyms, place=f"{table.place} filter: ")
        # Whoever has a subscription needs no [[subscriber]] table.
        person = people.setdefault(
            subscription.subscriber.casefold(), SubscriberSettings(name=subscription.subscriber)
        )
        _require_same_spelling(table, subscription.subscriber, person.name)
        if not (subscription.channels or person.channels):
            subscription = structs.replace(subscription, channels=default)
        require_complete(subscription, person, channels, place=table.place)
        if (key := (subscription.subscriber, subscription.name.casefold())) in found:
            raise ConfigError(
                f"{table.place} of {subscription.subscriber} is there twice; give each "
                "subscription of a subscriber its own name"
            )
        found[key] = subscription
    return tuple(people.values()), tuple(found.values())


def read_subscription(
    table: RawValue,
    environ: Mapping[str, str],
    *,
    spell: Spell = key_place,
    synonyms: Mapping[str, tuple[str, ...]] = _NO_SETS,
) -> SubscriptionSettings:
    """Return what one table says, each key by itself; ConfigError names key and fix.

    ``spell`` names a key's place where it is not in a file. ``synonyms``: the sets that there are.
    """
    subscription = read_table(table, SubscriptionSettings, environ, spell=spell)
    for number, one in enumerate(subscription.filter, 1):
        try:
            wanted = {key: values for key, values in one.items() if key != "not"}
            require_usable(Filter(wanted=wanted, excluded=one.get("not", {})), Synonyms(synonyms))
        except ValueError as exc:
            which = which_filter(number, subscription.filter)
            raise ConfigError(f"{spell(table, 'filter')}: {which}{exc}") from exc
    return subscription


def require_complete(
    subscription: SubscriptionSettings,
    person: SubscriberSettings | None,
    channels: Collection[str],
    *,
    place: str,
) -> None:
    """Pass when a subscription says what it is about and where it goes; else ConfigError."""
    some = bool(subscription.nct_ids or subscription.nct_ids_file or subscription.filter)
    if subscription.all and some:
        raise ConfigError(
            f"{place}: all = true is about every trial; delete it, or nct_ids, nct_ids_file and "
            "filter"
        )
    if not (subscription.all or some):
        raise ConfigError(
            f"{place} is about no trial; write nct_ids, nct_ids_file, filter or all = true"
        )
    if sends_empty_at_once(subscription):
        raise ConfigError(
            f'{place}: send_empty = true is about digests; write when = "daily 08:00" or the like, '
            "or delete it"
        )
    if not (subscription.channels or (person and person.channels)):
        raise ConfigError(
            f'{place} does not say where to send; write channels = ["NAME"] '
            f"({_known_channels(channels)})"
        )
    require_channels(subscription.channels, channels, place=f"{place} channels")


def sends_empty_at_once(subscription: SubscriptionSettings) -> bool:
    """Return whether it asks for empty digests where there are no digests."""
    return subscription.send_empty and isinstance(
        parse_when(subscription.when or "at once"), AtOnce
    )


def parse_subscriber_name(text: str, *, place: str) -> str:
    """Return the name of a subscriber; ConfigError says what one looks like."""
    # Taken literally: no `${NAME}` in what a command is given.
    given = RawValue(place=place, value=text, from_environment=True)
    name: str = validate(PersonName, given, {})
    return name


def require_channels(names: Iterable[str], known: Collection[str], *, place: str) -> None:
    """Pass when there are channels of these names, else raise a ConfigError with the nearest."""
    for name in names:
        if name not in known:
            fix = suggest(name, known) if known else _known_channels(known)
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
                fix = suggest(value, known) if known else "write a [[source]] table first"
                raise ConfigError(f"{place}there is no [[source]] {value[:LONGEST_NAME]!r}; {fix}")


def _known_channels(known: Collection[str]) -> str:
    return f"there are {', '.join(known)}" if known else "write a [[channel]] table first"


def _require_same_spelling(table: RawValue, written: str, known: str) -> None:
    if written != known:
        raise ConfigError(
            f"{table.place} subscriber = {written!r} is elsewhere spelt {known!r}; spell the name "
            "in one way"
        )


# --- synonyms: sets of words that filters take for one another ------------------------------------

_LONGEST_SET_NAME = 64


def read_synonyms(
    tables: Iterable[RawValue], environ: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the words of each set by the set's name, in the file's order.

    ConfigError for a name or a text without a letter or a digit, one that is too long, and a set
    without texts.
    """
    found: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for name, value in table.value.items():
            place = f"{table.place} {name[:_LONGEST_SET_NAME]!r}"
            if not words_of(name) or len(name) > _LONGEST_SET_NAME:
                raise ConfigError(
                    f"{place}: name a set by 1 to {_LONGEST_SET_NAME} characters, a letter or a "
                    "digit among them"
                )
            found[name] = validate(_Words, replace(table, place=place, value=value), environ)
    return found


def _texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise InvalidValueError("a set needs at least one text")
    for text in texts:
        if not words_of(text):
            raise InvalidValueError(
                f"{text[:40]!r} has no letter and no digit, so nothing could match it"
            )
        if len(text) > LONGEST_VALUE:
            raise InvalidValueError(f"{text[:40]!r}… is longer than {LONGEST_VALUE} characters")
    return tuple(dict.fromkeys(texts))


_Words = Annotated[
    tuple[str, ...],
    Meta(description='a list of texts: ["CAR T", "chimeric antigen receptor T"]'),
    Check(_texts),
]
