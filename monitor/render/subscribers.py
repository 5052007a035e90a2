"""Subscribers, subscriptions and silences: as tables, one by one, and as JSON."""

from collections.abc import Iterator, Mapping, Sequence

from monitor.model.changes import GROUPS, ChangeKind, Severity
from monitor.model.subscriptions import Changes, Filter, Silence, Subscriber, Subscription, Trials
from monitor.render.json_values import JsonObject
from monitor.render.lines import Line, Span, Table, TextBlock, line
from monitor.render.values import count_text, moment

_SHOWN_IDS = 3
_LABEL = 16


# --- tables -----------------------------------------------------------------------------------


def subscribers_table(
    subscribers: Sequence[Subscriber], counts: Mapping[str, int]
) -> Iterator[TextBlock]:
    """Yield one row per person; ``counts``: their subscriptions."""
    rows = tuple(
        (
            one.name,
            one.status.value,
            one.origin.value,
            str(counts.get(one.name, 0)),
            moment(one.created_at),
        )
        for one in subscribers
    )
    yield Table(head=("Name", "Status", "From", "Subscriptions", "Created (UTC)"), rows=rows)
    yield Line((Span(count_text(len(rows), "subscriber"), "dim"),))


def subscriptions_table(subscriptions: Sequence[Subscription]) -> Iterator[TextBlock]:
    """Yield one row per subscription."""
    head = ("ID", "Subscriber", "Name", "Status", "From", "When", "Channels", "Filter")
    rows = tuple(
        (
            str(one.id),
            one.subscriber,
            one.name,
            one.status.value,
            one.origin.value,
            str(one.when),
            ", ".join(one.channels),
            f"{trials_words(one.trials)}: {changes_words(one.changes)}",
        )
        for one in subscriptions
    )
    yield Table(head=head, rows=rows, note=True)
    yield Line((Span(count_text(len(rows), "subscription"), "dim"),))


def silences_table(silences: Sequence[Silence]) -> Iterator[TextBlock]:
    """Yield one row per silence."""
    head = ("ID", "Until (UTC)", "Trial", "Kind", "For", "Reason")
    rows = tuple(
        (
            str(one.id),
            moment(one.until),
            one.nct_id or "any",
            one.kind or "any",
            one.subscriber or "everybody",
            one.reason,
        )
        for one in silences
    )
    yield Table(head=head, rows=rows)
    yield Line((Span(count_text(len(rows), "silence"), "dim"),))


def subscription_lines(
    one: Subscription, *, file: str | None, feed: Mapping[str, str]
) -> Iterator[Line]:
    """Yield all that one subscription says.

    ``file``: where those of the configuration stand; ``feed``: addresses of its feed, by format.
    """
    digest = ", critical changes at once" if one.critical_at_once else ""
    empty = ", also when nothing happened" if one.send_empty else ""
    from_file = f"the configuration ({file})" if file else "the configuration"
    yield line(Span(f"{one.id}  {one.name}", "title"))
    for label, value in (
        ("Subscriber", one.subscriber),
        ("Status", one.status.value),
        ("From", from_file if one.origin == "config" else f"a {one.origin}"),
        ("Created (UTC)", moment(one.created_at)),
        ("Trials", trials_words(one.trials, shown=None)),
        ("Changes", changes_words(one.changes)),
        ("When", f"{one.when}{digest}{empty}"),
        ("Quiet hours", str(one.quiet) if one.quiet else "none"),
        ("Channels", ", ".join(one.channels)),
        *(("Feed (secret)", address) for address in feed.values()),
    ):
        yield line(Span(label.ljust(_LABEL), "label"), value, hang=_LABEL)


# --- words ------------------------------------------------------------------------------------


def trials_words(trials: Trials, *, shown: int | None = _SHOWN_IDS) -> str:
    """Say which trials: ``NCT06733935; condition: lupus``; of many IDs the first ``shown``."""
    if trials.everything:
        return "all trials"
    ids = sorted(trials.nct_ids)
    # IDs first: they decide before filters (docs/architecture.md, "Who wants it").
    parts = [", ".join(ids[:shown])] if ids else []
    if shown is not None and len(ids) > shown:
        parts = [f"{parts[0]} and {len(ids) - shown} more"]
    return " or ".join([*parts, *map(filter_words, trials.filters)])


def filter_words(filter_: Filter) -> str:
    """Say what a filter asks for: ``condition: lupus, gout; not country: China``."""
    wanted = [f"{key}: {', '.join(values)}" for key, values in filter_.wanted.items()]
    excluded = [f"not {key}: {', '.join(values)}" for key, values in filter_.excluded.items()]
    return "; ".join([*wanted, *excluded])


def changes_words(changes: Changes) -> str:
    """Say which changes: groups by their names, then single kinds, then limits."""
    words = "all but noise" if changes.kinds is None else ", ".join(_named(changes.kinds))
    if changes.min_severity.rank > Severity.LOW.rank:
        words += f"; {changes.min_severity} and above"
    if changes.min_days is not None:
        words += f"; from {changes.min_days} days"
    if changes.min_percent is not None:
        words += f"; from {changes.min_percent:g} %"
    return words


def _named(kinds: frozenset[ChangeKind]) -> list[str]:
    # "outcomes" is what was written, not its six kinds; the names come back as they can be written.
    groups = [name for name, members in GROUPS.items() if members <= kinds]
    single = kinds - {kind for name in groups for kind in GROUPS[name]}
    return [*groups, *sorted(single)]


# --- JSON -------------------------------------------------------------------------------------


def subscriber_to_json(one: Subscriber, subscriptions: int) -> JsonObject:
    """Return a person of a list."""
    return {
        "name": one.name,
        "status": one.status.value,
        "origin": one.origin.value,
        "subscriptions": subscriptions,
        "created_at": one.created_at.isoformat(),
    }


def subscription_to_json(one: Subscription) -> JsonObject:
    """Return a subscription with the names of its keys in the configuration."""
    return {
        "id": one.id,
        "subscriber": one.subscriber,
        "name": one.name,
        "status": one.status.value,
        "origin": one.origin.value,
        "created_at": one.created_at.isoformat(),
        "nct_ids": sorted(one.trials.nct_ids),
        "filter": [
            {
                **{key: list(values) for key, values in filter_.wanted.items()},
                "not": {key: list(values) for key, values in filter_.excluded.items()},
            }
            for filter_ in one.trials.filters
        ],
        "all": one.trials.everything,
        "changes": None if one.changes.kinds is None else sorted(one.changes.kinds),
        "min_severity": one.changes.min_severity.value,
        "min_days": one.changes.min_days,
        "min_percent": one.changes.min_percent,
        "when": str(one.when),
        "critical_at_once": one.critical_at_once,
        "quiet": str(one.quiet) if one.quiet else None,
        "send_empty": one.send_empty,
        "channels": list(one.channels),
    }


def silence_to_json(one: Silence) -> JsonObject:
    """Return a silence."""
    return {
        "id": one.id,
        "subscriber": one.subscriber,
        "nct_id": one.nct_id,
        "kind": one.kind,
        "until": one.until.isoformat(),
        "reason": one.reason,
        "created_at": one.created_at.isoformat(),
    }
