"""How the monitor is doing: its sources, its store, and who schedules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.model.lease import Lease
from monitor.model.messages import ChannelState, MessageState
from monitor.model.tracking import Presence, SourceRow, StoreCounts
from monitor.render.lines import BLANK, Line, Span, Table, TextBlock, line
from monitor.render.outbox import tally
from monitor.render.values import clock_time, count_text, moment, one_line

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a store and the configuration tell at one time (``at``, aware UTC).

    ``sources``: those that are followed, whether they have been read yet or not, and those that
    the store remembers from before; ``enabled`` are the names of the former. ``scheduled``
    are those of them that have a clock of their own. ``messages``: how many, by state and
    channel; ``oldest_due``: when the first that waits is due; ``channels``: those that fail.
    ``unmatched``: which subscription or source names what matches nothing, and a sentence on it.
    ``overdue``, ``full_disks``: a sentence for each. ``checked_at``: when the store's file was
    checked last; ``damage``: what was found damaged. ``rules``: the name of the present rules with
    their thresholds; ``older``: how many versions have events that were derived by others.
    ``config_error``: what is wrong with the configuration; only its [store] counts then.
    """

    at: datetime
    store: str
    sources: tuple[SourceRow, ...]
    enabled: frozenset[str]
    scheduled: frozenset[str]
    followed: Mapping[str, Mapping[Presence, int]]
    counts: StoreCounts
    lease: Lease | None
    messages: Mapping[MessageState, Mapping[str, int]] = field(default_factory=dict)
    oldest_due: datetime | None = None
    channels: tuple[ChannelState, ...] = ()
    overdue: tuple[str, ...] = ()
    unmatched: tuple[tuple[str, str], ...] = ()
    full_disks: tuple[str, ...] = ()
    checked_at: datetime | None = None
    damage: str = ""
    rules: str = ""
    older: int = 0
    config_error: str | None = None

    @property
    def lease_is_held(self) -> bool:
        """Whether a process holds the lease at that time."""
        return self.lease is not None and self.lease.is_current


def status_lines(status: Status) -> Iterator[TextBlock]:
    """Yield the store, who schedules, one row per source, and why failing ones fail."""
    yield _named("Store", f"{status.store}: {_holds(status.counts)}")
    yield _named("Schedule", _schedule(status))
    if status.messages:
        yield _named("Outbox", _outbox(status))
    if status.older:
        yield _named("Rules", _older(status))
    yield BLANK
    head = ("Source", "State", "Last success (UTC)", "Next due (UTC)", "Data of", "Follows")
    rows = tuple(
        (
            one_line(row.name, longest=None),
            _state(row, status),
            moment(row.last_success_at) if row.last_success_at else None,
            _next_due(row, status),
            one_line(row.data_timestamp) if row.data_timestamp else None,
            _follows(status.followed.get(row.name, {})),
        )
        for row in status.sources
    )
    yield Table(head=head, rows=rows)
    yield Line((Span(count_text(len(rows), "source"), "dim"),))
    # Below the table: sentences would widen a column for all rows.
    yield from _remarks(status)


def status_to_json(status: Status) -> dict[str, Any]:
    """Return the same for ``--json``; times in UTC."""
    return {
        "at": status.at.isoformat(),
        "store": status.store,
        "configuration_error": status.config_error,
        "lease": _lease_to_json(status),
        "sources": [_source_to_json(row, status) for row in status.sources],
        "outbox": {state.value: dict(status.messages.get(state, {})) for state in MessageState},
        "oldest_due_at": _iso(status.oldest_due),
        "failing_channels": [_channel_to_json(state, status) for state in status.channels],
        "warnings": [{"about": about, "detail": sentence} for about, sentence in status.unmatched],
        "overdue": list(status.overdue),
        "full_disks": list(status.full_disks),
        "checked_at": _iso(status.checked_at),
        "damage": status.damage or None,
        "trials": status.counts.trials,
        "versions": status.counts.versions,
        "events": status.counts.events,
        "rules": status.rules,
        "versions_by_older_rules": status.older,
        "quarantined": status.counts.quarantined,
        "size_bytes": status.counts.size_bytes,
    }


def _lease_to_json(status: Status) -> dict[str, Any] | None:
    lease = status.lease
    if lease is None:
        return None
    return {
        "holder": lease.holder,
        "since": lease.acquired_at.isoformat(),
        "until": lease.expires_at.isoformat(),
        "held": status.lease_is_held,
    }


def _channel_to_json(state: ChannelState, status: Status) -> dict[str, Any]:
    return {
        "name": state.channel,
        "failures": state.failures,
        "paused": state.paused_until is not None and state.paused_until > status.at,
        "paused_until": _iso(state.paused_until),
        "last_error": state.last_error,
    }


def _source_to_json(row: SourceRow, status: Status) -> dict[str, Any]:
    known = status.followed.get(row.name, {})
    return {
        "name": row.name,
        "type": row.type,
        "enabled": row.name in status.enabled,
        "last_attempt_at": _iso(row.last_attempt_at),
        "last_success_at": _iso(row.last_success_at),
        "next_due_at": _iso(row.next_due_at),
        "failures": row.failures,
        "failing_since": _iso(row.failing_since),
        "last_reason": row.last_reason,
        "data_timestamp": row.data_timestamp,
        "cursor": row.cursor,
        "followed": {presence.value: known.get(presence, 0) for presence in Presence},
    }


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()


def _named(name: str, text: str) -> Line:
    return line(Span(name.ljust(10), "label"), one_line(text, longest=None), hang=10)


def _holds(counts: StoreCounts) -> str:
    pairs = ((counts.trials, "trial"), (counts.versions, "version"), (counts.events, "event"))
    sentence = ", ".join(f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in pairs)
    sentence += f", {counts.quarantined:,} in the quarantine"
    return sentence if counts.size_bytes is None else f"{sentence}; {size(counts.size_bytes)}"


def size(count: int) -> str:
    """Write a number of bytes in the unit that fits: ``12.3 MB``, each 1,000 of the one before."""
    value, unit = float(count), 0
    # 999.95 KB would be written "1000.0 KB".
    while value >= 999.95 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count} bytes" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def _schedule(status: Status) -> str:
    lease = status.lease
    if lease is None:
        return "not running; start it with `monitor run`"
    if status.lease_is_held:
        # To the second: leases are short.
        until = clock_time(lease.expires_at, now=status.at)
        return f"{lease.holder} since {moment(lease.acquired_at)} UTC; lease expires {until}"
    if lease.fault is not None:
        return f"unknown: the lease of {lease.holder} is impossible: {lease.fault}"
    ended = moment(lease.expires_at)
    return f"not running; {lease.holder} stopped responding, its lease expired {ended} UTC"


def _outbox(status: Status) -> str:
    """Write how many messages there are, and since when the oldest one that is due waits."""
    sentence = tally(status.messages)
    if status.oldest_due is not None and status.oldest_due <= status.at:
        sentence += f"; oldest due since {moment(status.oldest_due)} UTC"
    return sentence


def _older(status: Status) -> str:
    versions = status.counts.versions
    of = f"{versions:,} {'version' if versions == 1 else 'versions'}"
    has = "has" if status.older == 1 else "have"
    return (
        f"{status.older:,} of {of} {has} events by older rules or thresholds: `monitor reclassify`"
    )


def _state(row: SourceRow, status: Status) -> str:
    if row.failures:
        # Before "off": a source that was switched off while it failed still explains a gap.
        return f"failing ({row.failures})"
    if row.name not in status.enabled:
        return "off"
    if row.last_success_at:
        known = status.followed.get(row.name, {})
        found = any(known.get(one) for one in Presence if one is not Presence.UNKNOWN)
        # A search that finds nothing is more often a mistake in the query than the truth.
        return "ok" if found or row.type != "ctgov" else "finds nothing"
    # The first pass over much takes its time; what it has stored so far shows that it is on.
    started = row.cursor or any(status.followed.get(row.name, {}).values())
    return "first pass begun" if started else "not read yet"


def _next_due(row: SourceRow, status: Status) -> str | None:
    if row.name not in status.scheduled:
        return None
    if row.next_due_at is None or row.next_due_at <= status.at:
        return "now"
    return moment(row.next_due_at)


def _follows(known: Mapping[Presence, int]) -> str:
    """Write how many are shown, and how many are not: ``1,204 (3 gone)``."""
    # Gone, merged or unknown records are still asked for, so they are not left out of the number.
    others = [
        f"{known[presence]:,} {presence.value}"
        for presence in Presence
        if presence is not Presence.SHOWN and known.get(presence)
    ]
    shown = f"{known.get(Presence.SHOWN, 0):,}"
    return f"{shown} ({', '.join(others)})" if others else shown


def _remarks(status: Status) -> Iterator[Line]:
    """Yield what no column holds: damage, full disks, why sources fail, how far they have read."""
    if status.damage:
        checked = f" (checked {moment(status.checked_at)} UTC): " if status.checked_at else ": "
        detail = checked + one_line(status.damage, longest=None)
        yield line(Span("the store is damaged", "high"), detail)
    for sentence in (*status.overdue, *status.full_disks):
        yield line(Span(one_line(sentence, longest=None), "high"))
    for row in status.sources:
        if row.failures:
            since = f", since {moment(row.failing_since)} UTC" if row.failing_since else ""
            times = count_text(row.failures, "time") + (" in a row" if row.failures > 1 else "")
            detail = f" failed {times}{since}: {one_line(row.last_reason, longest=None)}"
            yield line(Span(one_line(row.name, longest=None), "high"), detail)
    for state in status.channels:
        until = state.paused_until
        rest = (
            f", paused after failures until {moment(until)} UTC"
            if until and until > status.at
            else ""
        )
        times = count_text(state.failures, "time") + (" in a row" if state.failures > 1 else "")
        detail = f" failed {times}{rest}: {one_line(state.last_error, longest=None)}"
        yield line(Span(f"channel {one_line(state.channel, longest=None)}", "high"), detail)
    for about, sentence in status.unmatched:
        detail = f": {one_line(sentence, longest=None)}"
        yield line(Span(one_line(about, longest=None), "high"), detail)
    for row in status.sources:
        if row.cursor:
            name = one_line(row.name, longest=None)
            yield line(Span(f"{name} has read up to {one_line(row.cursor)}", "dim"))
