"""Rules for sites and countries, contacts, and the lead sponsor: who runs the trial, and where."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.detect.keys import key_word
from monitor.detect.rules import items
from monitor.detect.rules.base import (
    Context,
    EventDraft,
    all_except,
    change_at,
    changes_below,
    count_text,
)
from monitor.detect.rules.status import RECRUITING
from monitor.detect.rules.values import arrow
from monitor.detect.texts import plain
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.countries import country_word
from monitor.model.record import TrialRecord

_NAMING = tuple((*fields.LOCATIONS, name) for name in sorted(fields.SITE_NAME_ATTRIBUTES))


def derive_sites(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes below ``locations`` into one event per kind with counts by country."""
    whole = [c for c in changes if c.field == fields.LOCATIONS]
    added = tuple(c for c in whole if c.op == "added")
    removed = tuple(c for c in whole if c.op == "removed")
    if added:
        # All sites of a kind in one event: docs/decisions/2026-11-22-one-event-per-kind.md.
        yield _sites(ChangeKind.SITE_ADDED, added, "added", _same_places(removed, added))
    if removed:
        yield _sites(ChangeKind.SITE_REMOVED, removed, "removed", _same_places(removed, added))
    yield from _statuses(changes_below(changes, fields.LOCATION_STATUS), ctx)
    renamed = changes_below(changes, *_NAMING)
    if renamed:
        sites = {change.path[:4] for change in renamed}
        alike = items.describe_repeated_edits(renamed, "sites")
        yield EventDraft(
            kind=ChangeKind.SITE_RENAMED,
            path=items.common_path(change.field for change in renamed),
            changes=renamed,
            label="Site name",
            summary=f"{count_text(len(sites), 'site')} under another name or spelling"
            + f" ({'; '.join(alike[:2])})" * bool(alike),
            facts={"count": len(sites), "by_country": _by_country(renamed)},
        )
    if whole:  # two sites that are one lie in one country, however it is spelled
        yield from _countries(ctx)


def _sites(
    kind: ChangeKind, changes: tuple[FieldChange, ...], word: str, same_places: list[str]
) -> EventDraft:
    by_country = _by_country(changes)
    listed = ", ".join(f"{country} {count}" for country, count in by_country.items())
    facts: dict[str, Any] = {"count": len(changes), "by_country": by_country}
    if same_places:
        # One name gone and another come at one address: perhaps a rename, perhaps not.
        facts["same_place"] = same_places
    return EventDraft(
        kind=kind,
        path=fields.LOCATIONS,
        changes=changes,
        label="Sites",
        summary=f"{count_text(len(changes), 'site')} {word} ({listed})",
        facts=facts,
    )


def _statuses(changes: tuple[FieldChange, ...], ctx: Context) -> Iterator[EventDraft]:
    consequence = _consequences(changes, ctx)
    for own, follows in ((all_except(changes, consequence), False), (consequence, True)):
        if own:
            yield _status_draft(own, follows, ctx)


def _status_draft(own: tuple[FieldChange, ...], follows: bool, ctx: Context) -> EventDraft:
    moves = Counter(arrow(change.before, change.after) for change in own)
    listed = ", ".join(f"{count} × {move}" for move, count in moves.most_common())
    if len(moves) == 1:
        listed = next(iter(moves))
    facts: dict[str, Any] = {
        "count": len(own),
        "by_country": _by_country(own),
        "transitions": dict(moves.most_common()),
    }
    summary = f"Status of {count_text(len(own), 'site')}: {listed}"
    if follows:
        facts["consequence_of"] = arrow(ctx.old.overall_status, ctx.new.overall_status)
        summary += " (follows from the overall status)"
    return EventDraft(
        kind=ChangeKind.SITE_STATUS_CHANGED,
        path=fields.LOCATION_STATUS,
        changes=own,
        label="Site status",
        summary=summary,
        facts=facts,
        severity=Severity.LOW if follows else None,
    )


def _consequences(changes: tuple[FieldChange, ...], ctx: Context) -> tuple[FieldChange, ...]:
    """Return the sites that gained or lost their status because the whole trial's changed.

    Site statuses exist only while a trial recruits or is about to.
    """
    # NCT06203210 recruits again, and with that version 230 sites gain a status.
    before, after = ctx.old.overall_status, ctx.new.overall_status
    if before == after:
        return ()
    follows = "added" if after in RECRUITING | {"NOT_YET_RECRUITING"} else "removed"
    return tuple(change for change in changes if change.op == follows)


def _by_country(changes: Sequence[FieldChange]) -> dict[str, int]:
    """Count sites (not fields) by country, most first; each under the name it comes with first."""
    sites = {change.path[:4]: _country(change) for change in changes}
    names: dict[str, str] = {}
    for country in sites.values():
        names.setdefault(country_word(country), country)
    counts = Counter(names[country_word(country)] for country in sites.values())
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _country(change: FieldChange) -> str:
    before, after = change.item or (None, None)
    country = (after or before or {}).get("country")
    return country if isinstance(country, str) else "(no country)"


def _same_places(removed: tuple[FieldChange, ...], added: tuple[FieldChange, ...]) -> list[str]:
    def place(value: Any) -> tuple[str, ...] | None:
        if not isinstance(value, dict) or not value.get("zip"):
            return None
        return tuple(key_word(value, name) for name in ("city", "zip", "country"))

    facility_at = {place(change.before): change.before for change in removed}
    pairs = [
        (facility_at[found], change.after)
        for change in added
        if (found := place(change.after)) is not None and found in facility_at
    ]
    return [
        f"{_place(new)}: {arrow(old.get('facility'), new.get('facility'))}" for old, new in pairs
    ]


def _place(site: Mapping[str, Any]) -> str:
    return "/".join(str(site.get(name, "")) for name in ("city", "zip", "country"))


def _countries(ctx: Context) -> Iterator[EventDraft]:
    old, new = _countries_of(ctx.old), _countries_of(ctx.new)
    # A page without sites has no countries either; none was removed.
    stated = ctx.old.coverage.states(fields.LOCATION_COUNTRY) and ctx.new.coverage.states(
        fields.LOCATION_COUNTRY
    )
    if not stated:
        return
    for word in sorted(new.keys() - old.keys()):
        yield _country_draft(ChangeKind.COUNTRY_ADDED, new[word], "added")
    for word in sorted(old.keys() - new.keys()):
        yield _country_draft(ChangeKind.COUNTRY_REMOVED, old[word], "removed")


def _country_draft(kind: ChangeKind, names: list[str], word: str) -> EventDraft:
    added = kind is ChangeKind.COUNTRY_ADDED
    country, sites = names[0], len(names)
    return EventDraft(
        kind=kind,
        path=fields.LOCATION_COUNTRY,
        before=None if added else country,
        after=country if added else None,
        label="Country",
        summary=f"Country {word}: {country} ({count_text(sites, 'site')})",
        facts={"country": country, "sites": sites},
    )


def _countries_of(record: TrialRecord) -> dict[str, list[str]]:
    """Return the country of every site, by one word for all spellings of a country."""
    names = Counter(
        [country for site in record.locations if isinstance(country := site.get("country"), str)]
    )
    found: dict[str, list[str]] = {}
    for country, sites in names.items():  # hundreds of sites, a handful of countries
        if plain(country):
            found.setdefault(country_word(plain(country)), []).extend([country] * sites)
    return found


def derive_contacts(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Gather changes of central and site contacts in one event."""
    del ctx
    sites = {c.path[:4] for c in changes_below(changes, fields.LOCATION_CONTACTS)}
    ops = Counter(
        item.op for item in items.items_of(changes_below(changes, fields.CENTRAL_CONTACTS))
    )
    # One name gone and another come is one contact that changed.
    central = ops["changed"] + max(ops["added"], ops["removed"])
    parts = [count_text(central, "change") + " of central contacts"] if central else []
    if sites:
        parts.append(f"contacts of {count_text(len(sites), 'site')}")
    yield EventDraft(
        kind=ChangeKind.CONTACT_CHANGED,
        path=items.common_path(change.field for change in changes),
        changes=tuple(changes),
        label="Contacts",
        summary="Contacts changed: " + " and ".join(parts),
        facts={"central": central, "sites": len(sites)},
    )


def derive_sponsor(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn a change of the lead sponsor, and of the organization with it, into one event."""
    del ctx
    sponsor = changes_below(changes, fields.LEAD_SPONSOR)
    if not sponsor:
        return
    lead = change_at(sponsor, fields.LEAD_SPONSOR_NAME) or sponsor[0]
    yield EventDraft(
        kind=ChangeKind.SPONSOR_CHANGED,
        path=lead.field,
        changes=tuple(changes),
        summary=f"{fields.label(lead.field)}: {arrow(lead.before, lead.after)}",
    )
