"""Sites that came, went or changed: counts by country first, then some of their names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from monitor.model import fields
from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange
from monitor.model.countries import country_names, country_word
from monitor.render.events import item_names
from monitor.render.lines import Line, Span, line
from monitor.render.values import change_spans, count_text, value_text

_WORDS = {ChangeKind.SITE_ADDED: ("added", "+ "), ChangeKind.SITE_REMOVED: ("removed", "- ")}
_COUNTRIES = {ChangeKind.COUNTRY_ADDED: "added", ChangeKind.COUNTRY_REMOVED: "removed"}
_COUNTRIES_IN_HEADLINE = 5
_FACILITIES, _PLACES = 3, 4
_NUMBER = re.compile(r" \(\d+\)$")
_Site = tuple[str, str]


def is_list_of_sites(event: ChangeEvent) -> bool:
    """Return whether the event lists sites that were added or removed."""
    return event.kind in _WORDS and bool(_counts(event))


def sites_headline(event: ChangeEvent) -> str:
    """Write ``43 sites added: Spain 12, France 9, …, and 14 more in 6 countries``."""
    counts = _counts(event)
    word = _WORDS[event.kind][0]
    head = f"{count_text(sum(counts.values()), 'site')} {word}: "
    if len(counts) == 1:
        return head + next(iter(counts))
    listed, rest = _first(counts)
    if not rest:
        return head + listed
    more = sum(rest.values())
    return f"{head}{listed}, and {more} more in {count_text(len(rest), 'country', 'countries')}"


def countries_headline(events: Sequence[ChangeEvent]) -> str:
    """Write several events of one kind: ``3 countries added: Spain 12, France 9, Chile 1``."""
    found = [(value_text(event.facts.get("country")), event.facts.get("sites")) for event in events]
    listed, rest = _first(_rank({name: sites for name, sites in found if isinstance(sites, int)}))
    more = f", and {len(rest)} more" if rest else ""
    return f"{len(events)} countries {_COUNTRIES[events[0].kind]}: {listed}{more}"


def are_countries(events: Sequence[ChangeEvent]) -> bool:
    """Return whether these events of one kind can be shown as one."""
    return len(events) > 1 and events[0].kind in _COUNTRIES


def fold_sites(events: Iterable[ChangeEvent]) -> list[list[ChangeEvent]]:
    """Group the events that are shown, and counted, as one: countries that came, or went, together.

    All others are groups of their own.
    """
    found: list[list[ChangeEvent]] = []
    for event in events:
        # Neighbors only, so that the order by severity stays.
        if found and found[-1][0].kind is event.kind and are_countries([event, event]):
            found[-1].append(event)
        else:
            found.append([event])
    return found


def _first(counts: Mapping[str, int]) -> tuple[str, dict[str, int]]:
    """Write the first countries with their counts; return the others."""
    ranked = list(counts.items())
    listed = ", ".join(f"{country} {count}" for country, count in ranked[:_COUNTRIES_IN_HEADLINE])
    return listed, dict(ranked[_COUNTRIES_IN_HEADLINE:])


def site_lines(event: ChangeEvent) -> Iterator[Line]:
    """Yield one line per country: how many, and the names of some."""
    _, sign = _WORDS[event.kind]
    named: dict[str, list[_Site]] = {}
    for change in event.fields:
        site = _site(change)
        if site is not None:
            named.setdefault(country_word(_country(site)), []).append(_name(site))
    for country, count in _counts(event).items():
        if sites := named.get(country_word(country)):
            yield _line([Span(sign, "dim")], [Span(country, "label")], count, sites)


def are_statuses(event: ChangeEvent) -> bool:
    """Return whether the event lists sites whose status changed."""
    return event.kind is ChangeKind.SITE_STATUS_CHANGED and bool(_counts(event))


def status_lines(event: ChangeEvent) -> Iterator[Line]:
    """Yield the sites of each change of status; by country where all changed alike.

    Nothing where the headline says it all: the sites only follow the trial's own status.
    """
    # NCT06203210: 230 sites that recruit again with their trial would be 230 names to skip.
    if event.facts.get("consequence_of"):
        return
    moved: dict[tuple[str, str], list[str]] = {}
    for change in event.fields:
        site = value_text(next(iter(item_names(change)), "?"), longest=None)
        moved.setdefault((value_text(change.before), value_text(change.after)), []).append(site)
    sign = [Span("~ ", "dim")]
    if len(moved) == 1:
        yield from _by_country(event, sign, next(iter(moved.values())))
        return
    for (before, after), sites in sorted(moved.items(), key=lambda one: -len(one[1])):
        found = []
        for site in sites:
            facility, place, country = _split_key(site, _counts(event))
            found.append((facility, ", ".join(filter(None, [place, country]))))
        yield _line(sign, change_spans(before, after), len(found), found)


def _by_country(event: ChangeEvent, sign: list[Span], sites: Sequence[str]) -> Iterator[Line]:
    named: dict[str, list[_Site]] = {}
    names: dict[str, str] = {}
    for site in sites:
        facility, place, country = _split_key(site, _counts(event))
        # One line for "Turkey" and "Turkey (Türkiye)", under the name that comes first.
        country = names.setdefault(country_word(country), country)
        named.setdefault(country or "(no country)", []).append((facility, place))
    for country, found in sorted(named.items(), key=lambda one: (-len(one[1]), one[0])):
        yield _line(sign, [Span(country, "label")], len(found), found)


def _line(sign: Sequence[Span], head: Sequence[Span], count: int, sites: Sequence[_Site]) -> Line:
    """Write ``+ Spain 10: Hospital A, Madrid; Hospital B (Lugo 2, Vigo); and 6 more``."""
    facilities: dict[str, dict[str, int]] = {}
    for facility, place in sites:
        places = facilities.setdefault(facility, {})
        places[place] = places.get(place, 0) + 1
    listed, names = 0, []
    for facility, places in list(facilities.items())[:_FACILITIES]:
        shown = dict(list(places.items())[:_PLACES])
        listed += sum(shown.values())
        names.append(_facility(facility, shown))
    more = [Span(f"; and {count - listed} more", "dim")] if count > listed else []
    return line(*sign, *head, Span(f" {count}: ", "label"), Span("; ".join(names)), *more)


def _facility(name: str, places: Mapping[str, int]) -> str:
    """Write a facility with its place; several of one name together, each place with its count."""
    if sum(places.values()) == 1:
        return ", ".join(filter(None, [name, *places])) or "?"
    listed = [
        f"{place or '?'} {count}" if count > 1 else place or "?" for place, count in places.items()
    ]
    # "Lugo, Spain; Vigo, Spain": a comma would run into those of the places.
    joint = "; " if any("," in place for place in places) else ", "
    return f"{name or '?'} ({joint.join(listed)})"


def _split_key(key: str, countries: Iterable[str]) -> tuple[str, str, str]:
    """Part a site's natural key into facility, place and country, which may hold a comma.

    The postal code is left out, and the number that tells sites of one key apart.
    """
    named = _NUMBER.sub("", key) if ", " in key else key
    # Under any of its names: the key has the one of its version ("Korea, Republic of").
    names = (name for one in countries for name in country_names(one))
    country = next((one for one in names if named.endswith(f", {one}")), "")
    facility, *place = named.removesuffix(f", {country}").split(", ")
    if country and len(place) > 1 and any(character.isdigit() for character in place[-1]):
        del place[-1]
    return facility, ", ".join(place), country


def _counts(event: ChangeEvent) -> dict[str, int]:
    """Return how many sites by country, most first."""
    found = event.facts.get("by_country")
    if not isinstance(found, Mapping):
        return {}
    return _rank({value_text(country): int(count) for country, count in found.items()})


def _rank(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _site(change: FieldChange) -> Mapping[str, Any] | None:
    value = change.after if change.op == "added" else change.before
    return value if change.field == fields.LOCATIONS and isinstance(value, Mapping) else None


def _country(site: Mapping[str, Any]) -> str:
    country = site.get("country")
    return value_text(country) if isinstance(country, str) else "(no country)"


def _name(site: Mapping[str, Any]) -> _Site:
    facility, city = (
        value_text(part) if isinstance(part := site.get(name), str) else ""
        for name in ("facility", "city")
    )
    return facility, city
