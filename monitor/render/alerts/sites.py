"""Sites that came or went: counts by country first, then some of their names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.model import fields
from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange
from monitor.render.lines import Line, Span, line
from monitor.render.values import counted, worded

_WORDS = {ChangeKind.SITE_ADDED: ("added", "+ "), ChangeKind.SITE_REMOVED: ("removed", "- ")}
_COUNTRIES = {ChangeKind.COUNTRY_ADDED: "added", ChangeKind.COUNTRY_REMOVED: "removed"}
_COUNTRIES_IN_HEADLINE = 5
_SITES_OF_COUNTRY = 3


def is_list_of_sites(event: ChangeEvent) -> bool:
    """Tell whether the event lists sites that were added or removed."""
    return event.kind in _WORDS and bool(_counts(event))


def sites_headline(event: ChangeEvent) -> str:
    """Write ``43 sites added: Spain 12, France 9, …, and 14 more in 6 countries``."""
    counts = _counts(event)
    word = _WORDS[event.kind][0]
    head = f"{counted(sum(counts.values()), 'site')} {word}: "
    if len(counts) == 1:
        return head + next(iter(counts))
    told, rest = _first(counts)
    if not rest:
        return head + told
    more = sum(rest.values())
    return f"{head}{told}, and {more} more in {counted(len(rest), 'country', 'countries')}"


def countries_headline(events: Sequence[ChangeEvent]) -> str:
    """Write several events of one kind: ``3 countries added: Spain 12, France 9, Chile 1``."""
    found = [(worded(event.facts.get("country")), event.facts.get("sites")) for event in events]
    told, rest = _first(_ranked({name: sites for name, sites in found if isinstance(sites, int)}))
    more = f", and {len(rest)} more" if rest else ""
    return f"{len(events)} countries {_COUNTRIES[events[0].kind]}: {told}{more}"


def are_countries(events: Sequence[ChangeEvent]) -> bool:
    """Tell whether these events of one kind can be told as one."""
    return len(events) > 1 and events[0].kind in _COUNTRIES


def _first(counts: Mapping[str, int]) -> tuple[str, dict[str, int]]:
    """Write the first countries with their counts; return the others."""
    ranked = list(counts.items())
    told = ", ".join(f"{country} {count}" for country, count in ranked[:_COUNTRIES_IN_HEADLINE])
    return told, dict(ranked[_COUNTRIES_IN_HEADLINE:])


def site_lines(event: ChangeEvent) -> Iterator[Line]:
    """Yield one line per country: how many, and the names of some."""
    _, sign = _WORDS[event.kind]
    named: dict[str, list[str]] = {}
    for change in event.fields:
        site = _site(change)
        if site is not None:
            country = _country(site)
            named.setdefault(country, []).append(_name(site))
    for country, count in _counts(event).items():
        names = named.get(country, [])[:_SITES_OF_COUNTRY]
        if not names:
            continue
        spans = [Span(sign, "dim"), Span(f"{country} {count}: ", "label")]
        spans.append(Span("; ".join(names)))
        if count > len(names):
            spans.append(Span(f"; and {count - len(names)} more", "dim"))
        yield line(*spans)


def _counts(event: ChangeEvent) -> dict[str, int]:
    """Return how many sites by country, most first."""
    found = event.facts.get("by_country")
    if not isinstance(found, Mapping):
        return {}
    return _ranked({worded(country): int(count) for country, count in found.items()})


def _ranked(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _site(change: FieldChange) -> Mapping[str, Any] | None:
    value = change.after if change.op == "added" else change.before
    return value if change.field == fields.LOCATIONS and isinstance(value, Mapping) else None


def _country(site: Mapping[str, Any]) -> str:
    country = site.get("country")
    return worded(country) if isinstance(country, str) else "(no country)"


def _name(site: Mapping[str, Any]) -> str:
    parts = [site.get("facility"), site.get("city")]
    return ", ".join(worded(part) for part in parts if isinstance(part, str) and part) or "?"
