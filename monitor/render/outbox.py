"""The outbox: messages, what they tell of, and the tries to send them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from monitor.model.changes import ChangeEvent
from monitor.model.identity import part_id
from monitor.model.incidents import OVER, Notice
from monitor.model.messages import Announcement, Attempt, MessageState, OutboxItem, OutboxMessage
from monitor.render.json_values import JsonObject
from monitor.render.lines import BLANK, Line, Span, Table, TextBlock, line
from monitor.render.values import count_text, moment, one_line

StateCounts = Mapping[MessageState, Mapping[str, int]]
Announced = Mapping[int, Announcement | None]


def outbox_table(
    messages: Sequence[OutboxMessage],
    counts: StateCounts,
    trials: Mapping[int, tuple[str, int]],
    notices: Mapping[int, Sequence[Notice]],
) -> Iterator[TextBlock]:
    """Yield a row for each message, and how many there are of each state.

    ``trials``: by message the first trial that it reports, and how many. ``notices``: by message
    to the operator, what it reports.
    """
    yield Table(
        head=("ID", "State", "To", "Channel", "What", "Due (UTC)", "Tries", "Last error"),
        rows=tuple(
            (
                str(message.id),
                message.state.value,
                _to(message),
                one_line(message.channel, longest=None),
                _what(message, trials.get(message.id), notices.get(message.id, ())),
                moment(message.due_at),
                str(message.attempts),
                one_line(message.last_error, longest=None) if message.last_error else None,
            )
            for message in messages
        ),
        # The last error is the longest cell, and its end often says what to do.
        note=True,
    )
    yield line(Span(f"{count_text(len(messages), 'message')} shown; {tally(counts)}", "dim"))


def tally(counts: StateCounts) -> str:
    """Write how many messages there are: ``3 waiting, 1 dead``."""
    found = [
        f"{sum(counts[state].values()):,} {state.value}"
        for state in MessageState
        if counts.get(state)
    ]
    return ", ".join(found) or "the outbox is empty"


def whole_message_lines(
    message: OutboxMessage,
    items: Sequence[OutboxItem],
    attempts: Sequence[Attempt],
    subscriptions: Mapping[int, str],
    announced: Announced,
    notices: Sequence[Notice],
) -> Iterator[Line]:
    """Yield a message, its items and its attempts; ``subscriptions``: names by id.

    ``announced``: what was announced of the versions that the items are about. ``notices``: what a
    message to the operator reports.
    """
    delivery = f"delivery {message.uid}" if message.uid else "which gets its id when it leaves"
    yield _named("Message", f"{message.id}, {delivery}")
    yield _named("To", f"{_to(message)} by {message.channel}")
    yield _named("State", _state(message))
    if message.cutoff:
        yield _named("Digest", f"of what came until {moment(message.cutoff)} UTC")
    if message.group_until:
        count = count_text(len({item.version_id for item in items}), "alert")
        yield _named("Group", f"of {count} that came until {moment(message.group_until)} UTC")
    if message.part and message.parts:
        yield _named("Part", _part(message.uid or "", message.part, message.parts))
    yield _named("Created", f"{moment(message.created_at)} UTC")
    yield BLANK
    # A notice is made of incidents; it has no items and no subscription.
    if message.kind == "notice":
        yield line(Span(count_text(len(notices), "incident"), "label"))
        yield from _notice_lines(notices)
    else:
        yield line(Span(count_text(len(items), "item"), "label"))
    for item in items:
        name = subscriptions.get(item.subscription_id, f"subscription {item.subscription_id}")
        events = count_text(len(item.positions), "event")
        text = f"  {item.nct_id}, {events} for “{one_line(name)}”: {one_line(item.reason)}"
        yield line(text, hang=4)
        for event in _events(item, announced):
            summary = one_line(event.summary, longest=None)
            yield line(f"    {event.severity} {event.kind}: {summary}", hang=6)
    yield BLANK
    yield line(Span(count_text(len(attempts), "attempt"), "label"))
    for attempt in attempts:
        text = one_line(attempt.detail, longest=None)
        yield line(f"  {moment(attempt.at)} UTC  {attempt.outcome}: {text}", hang=4)


def message_to_json(message: OutboxMessage) -> JsonObject:
    """Return a message for ``--json``; times in UTC."""
    return {
        "id": message.id,
        "uid": message.uid,
        "state": message.state.value,
        "subscriber": message.subscriber,
        "channel": message.channel,
        "target": message.target,
        "digest_until": _iso(message.cutoff),
        "group_until": _iso(message.group_until),
        "part": message.part,
        "parts": message.parts,
        "due_at": _iso(message.due_at),
        "attempts": message.attempts,
        "last_error": message.last_error,
        "created_at": _iso(message.created_at),
        "sent_at": _iso(message.sent_at),
        "claimed_by": message.claimed_by,
    }


def whole_message_to_json(
    message: OutboxMessage,
    items: Sequence[OutboxItem],
    attempts: Sequence[Attempt],
    subscriptions: Mapping[int, str],
    announced: Announced,
    notices: Sequence[Notice],
) -> JsonObject:
    """Return a message with items, incidents and tries for ``--json``; the tries are ``tries``."""
    return {
        **message_to_json(message),
        "items": [
            {
                "nct_id": item.nct_id,
                "version_id": item.version_id,
                "positions": list(item.positions),
                "subscription_id": item.subscription_id,
                "subscription": subscriptions.get(item.subscription_id),
                "reason": item.reason,
                "events": [
                    {
                        "kind": str(event.kind),
                        "severity": str(event.severity),
                        "path": event.path,
                        "summary": event.summary,
                    }
                    for event in _events(item, announced)
                ],
            }
            for item in items
        ],
        "incidents": [
            {
                "incident": one.incident.key,
                "state": one.state,
                "began_at": _iso(one.incident.began_at),
                "ended_at": _iso(one.incident.ended_at),
                "what": _sentence(one),
                "why": one.incident.detail,
            }
            for one in notices
        ],
        # `attempts` is their number in `message_to_json`, and stays it.
        "attempt_history": [
            {"at": _iso(attempt.at), "outcome": attempt.outcome, "detail": attempt.detail}
            for attempt in attempts
        ],
    }


def _sentence(one: Notice) -> str:
    return one.incident.over if one.state == OVER else one.incident.began


def _notice_lines(notices: Sequence[Notice]) -> Iterator[Line]:
    """Yield what the operator is notified of, and since when it is so."""
    for one in notices:
        incident = one.incident
        at = incident.ended_at if one.state == OVER else incident.began_at
        since = f"{moment(at)} UTC: " if at else ""
        yield line(f"  {since}{one_line(_sentence(one), longest=None)}", hang=4)
        if incident.detail and one.state != OVER:
            yield line(f"    {one_line(incident.detail, longest=None)}", hang=6)
        # Two messages of one incident would otherwise contradict each other here.
        if not one.is_latest:
            yield line("    not reported any more: a later message says how it went on", hang=6)


def _events(item: OutboxItem, announced: Announced) -> list[ChangeEvent]:
    """Return an item's events as announced; none where a program of before kept no copy."""
    announcement = announced.get(item.version_id)
    # As announced, not as rules derive them now: the message said that.
    events = (announcement and announcement.events) or ()
    return [events[at] for at in item.positions if at < len(events)]


def change_lines(count: int, word: str) -> Iterator[Line]:
    """Yield how many messages were changed, and into what."""
    yield line(f"{count_text(count, 'message')} {word}")


def _state(message: OutboxMessage) -> str:
    tries = f"after {count_text(message.attempts, 'attempt')}"
    if message.state is MessageState.SENT and message.sent_at:
        return f"sent {moment(message.sent_at)} UTC"
    if message.state is MessageState.SENDING and message.claimed_by:
        return f"being sent by {message.claimed_by}"
    if message.state is MessageState.WAITING:
        text = f"waiting for {moment(message.due_at)} UTC"
        return f"{text}, {tries}" if message.attempts else text
    return f"{message.state.value} {tries}" if message.attempts else message.state.value


def _what(message: OutboxMessage, trials: tuple[str, int] | None, notices: Sequence[Notice]) -> str:
    """Say which trial a message reports; of a digest or a group how many, and which part it is."""
    nct_id, count = trials or ("", 0)
    if notices:
        more = f" (+ {len(notices) - 1} more)" if len(notices) > 1 else ""
        return f"notice, {one_line(_sentence(notices[0]))}{more}"
    if message.kind in ("confirmation", "welcome"):
        return f"welcome, {count_text(len(message.welcomes), 'subscription')}"
    if message.kind == "alert":
        return nct_id or "alert"
    part = f", part {message.part} of {message.parts}" if message.part else ""
    return f"{message.kind}, {nct_id if count == 1 else count_text(count, 'trial')}{part}"


def _part(uid: str, number: int, of: int) -> str:
    # The parts of "2766…" are "2766….1", "2766….2" (`part_id`).
    whole = uid.rpartition(".")[0]
    others = [part_id(whole, one) for one in range(1, of + 1) if one != number]
    return f"{number} of {of}, because the whole was too large; the others: {', '.join(others)}"


def _to(message: OutboxMessage) -> str:
    whom = one_line(message.subscriber)
    return f"{whom} <{one_line(message.target)}>" if message.target else whom


def _named(name: str, text: str) -> Line:
    return line(Span(name.ljust(10), "label"), one_line(text, longest=None), hang=10)


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()
