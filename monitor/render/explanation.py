"""Why subscriptions get events, or do not: as lines and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from monitor.model.changes import ChangeEvent
from monitor.model.explanation import EventExplanation
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.messages import MessageState, OutboxMessage
from monitor.model.subscriptions import MatchDecision, Subscription
from monitor.render.code_words import plain_codes
from monitor.render.json_values import version_to_json
from monitor.render.lines import BLANK, Line, Span, line
from monitor.render.outbox import message_to_json
from monitor.render.values import moment, one_line, value_text

Answers = Sequence[tuple[Subscription, Sequence[EventExplanation]]]


def explanation_lines(
    trial: TrialRow,
    numbered: tuple[int, StoredVersion],
    events: Sequence[ChangeEvent],
    answers: Answers,
) -> Iterator[Line]:
    """Yield the version's events, numbered, and what became of each of them for each subscription.

    Events of which a subscription has the same to say stand on one line, and each message has
    a line.
    """
    number, version = numbered
    yield line(Span(f"{trial.nct_id}, version {number}", "title"), f"  of {version.version_date}")
    for at, event in enumerate(events, 1):
        summary = plain_codes(value_text(event.summary))
        yield line(Span(f"{at:>3} ", "dim"), Span(event.severity, event.severity.value),
                   f"  {', '.join(event.kinds)}: {summary}", indent=2, hang=6)  # fmt: skip
    if not events:
        yield line("it has no events", indent=2)
    for subscription, own in answers:
        yield BLANK
        name = f"{subscription.id}  {subscription.subscriber}: {subscription.name}"
        yield line(Span(name, "label"))
        for answer, positions in _alike(own):
            which = ", ".join(str(at + 1) for at in positions)
            for sign, words in _outcomes(answer):
                yield line(Span(f"{which}: ", "dim"), sign, words, indent=2, hang=4)
    if not answers:
        yield line("there are no subscriptions")


def _outcomes(answer: EventExplanation) -> Iterator[tuple[Span, str]]:
    """Yield what became of an event, in a word and in words: for each message, or once."""
    why = decision_text(answer.verdict)
    if not answer.messages:
        yield Span("not sent", "before"), f", {why}"
    for message in answer.messages:
        name = f"{_message_name(message)} by {one_line(message.channel)}"
        # It was put into the outbox, and left out when the message was made: a silence began.
        if not answer.verdict.sends:
            yield Span("not sent", "before"), f", {why}: {name} left it out"
            continue
        lost = message.state in {MessageState.DEAD, MessageState.DROPPED}
        sign = Span(message.state.value, "before" if lost else "after")
        yield sign, f", {why}; {name}{_delivery_text(message)}"


def _message_name(message: OutboxMessage) -> str:
    """Name a message, and what it is together with others."""
    within = "" if message.kind == "alert" else f", a {message.kind}"
    part = f", part {message.part} of {message.parts}" if message.part else ""
    return f"message {message.id}{within}{part}," if within else f"message {message.id}"


def _delivery_text(message: OutboxMessage) -> str:
    if message.state is MessageState.SENT and message.sent_at:
        return f", {moment(message.sent_at)} UTC"
    due = f", due {moment(message.due_at)} UTC" if message.state is MessageState.WAITING else ""
    error = one_line(message.last_error, longest=None) if message.last_error else ""
    return f"{due}: {error}" if error else due


def decision_text(verdict: MatchDecision) -> str:
    """Say a verdict in words: ``its filter matches this trial (condition: lupus)``."""
    words = one_line(verdict.words, longest=None)
    return f"{verdict.reason} ({words})" if verdict.words else str(verdict.reason)


def explanation_to_json(
    trial: TrialRow,
    numbered: tuple[int, StoredVersion],
    events: Sequence[ChangeEvent],
    answers: Answers,
) -> dict[str, Any]:
    """Return the same for ``--json``; ``reason`` is a name that does not change."""
    return {
        "nct_id": trial.nct_id,
        **version_to_json(*numbered),
        "events": [
            {"kind": event.kind.value, "severity": event.severity.value, "summary": event.summary}
            for event in events
        ],
        "subscriptions": [
            {
                "id": subscription.id,
                "subscriber": subscription.subscriber,
                "name": subscription.name,
                "verdicts": [
                    {
                        "sends": answer.sends,
                        "reason": answer.verdict.reason.name.lower(),
                        "words": answer.verdict.words,
                        "messages": [message_to_json(one) for one in answer.messages],
                    }
                    for answer in own
                ],
            }
            for subscription, own in answers
        ],
    }


def _alike(answers: Iterable[EventExplanation]) -> list[tuple[EventExplanation, list[int]]]:
    """Return each answer once, with the positions that it stands at."""
    found: dict[EventExplanation, list[int]] = {}
    for position, answer in enumerate(answers):
        # By the whole answer: it is frozen, and equal where all of it is.
        found.setdefault(answer, []).append(position)
    return list(found.items())
