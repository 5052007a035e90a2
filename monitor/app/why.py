"""Why a message came: what it reported of each version, what it left out, and each attempt."""

from dataclasses import dataclass

from monitor.app.explain import explain_stored
from monitor.app.signing import verify_token
from monitor.app.wiring import App
from monitor.errors import NotFoundError
from monitor.model.changes import ChangeEvent
from monitor.model.history import StoredVersion
from monitor.model.messages import Attempt, OutboxItem, OutboxMessage
from monitor.model.signed_tokens import TokenError
from monitor.render.explanation import decision_text
from monitor.store.reader import Reader

_MOST_VERSIONS = 20
"""For how many versions it shows what was left out: a digest may report thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyVersion:
    """A version that a message reported for one subscription.

    ``reason``: why, in words. ``sent``: its events in the message; ``omitted``: the others, each
    with why. Both () beyond the first versions.
    """

    nct_id: str
    version: StoredVersion
    subscription: str
    reason: str
    sent: tuple[ChangeEvent, ...] = ()
    omitted: tuple[tuple[ChangeEvent, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyMessage:
    """A message, why it came, and what became of each try to send it."""

    message: OutboxMessage
    versions: tuple[WhyVersion, ...]
    attempts: tuple[Attempt, ...]


def why(app: App, uid: str, token: str) -> WhyMessage:
    """Return why the message of a link came.

    TokenError when the link is over, another's or none of ours; NotFoundError when the message is
    not kept any more.
    """
    with app.reader() as reader:
        signed = verify_token(app, reader, token, "why")
        # A token is for one message: with another id in the path it opens nothing.
        if signed.subject != uid:
            raise TokenError("this link is another message's")
        message = reader.outbox.message(uid)
        if message is None:
            raise NotFoundError("that message is not kept any more")
        address = reader.readers.address_of(message.subscriber)
        # "Make a new link" on the reader's own page ends these links, too (docs/subscribing.md,
        # "Links").
        if (address.generation if address else 0) != signed.generation:
            raise TokenError("this link was ended; take the one of a newer mail")
        items = [
            (item, version)
            for item in reader.outbox.items(message.id)
            if (version := _version(reader, item)) is not None
        ]
        numbers = {version.id: _number(reader, version) for _, version in items[:_MOST_VERSIONS]}
        attempts = tuple(reader.outbox.attempts(message.id))
        names = {
            one.id: one.name
            for one in reader.subscribers.subscriptions(subscriber=message.subscriber, damaged=[])
        }
    versions = [
        _explain_version(app, item, version, numbers.get(version.id), names)
        for item, version in items
    ]
    return WhyMessage(message=message, versions=tuple(versions), attempts=attempts)


def _version(reader: Reader, item: OutboxItem) -> StoredVersion | None:
    return next((one for one in reader.versions(item.nct_id) if one.id == item.version_id), None)


def _number(reader: Reader, version: StoredVersion) -> int:
    ids = [one.id for one in reader.versions(version.nct_id)]
    return ids.index(version.id) + 1


def _explain_version(
    app: App,
    item: OutboxItem,
    version: StoredVersion,
    number: int | None,
    names: dict[int, str],
) -> WhyVersion:
    name = names.get(item.subscription_id, "a subscription that is no more")
    found = WhyVersion(nct_id=item.nct_id, version=version, subscription=name, reason=item.reason)
    if number is None:
        return found
    explanation = explain_stored(app, item.nct_id, number, subscriber=item.subscriber)
    answers = next((own for one, own in explanation.answers if one.id == item.subscription_id), ())
    sent = {at for at in item.positions if at >= len(answers) or answers[at].verdict.sends}
    events = explanation.events
    return WhyVersion(
        nct_id=item.nct_id,
        version=version,
        subscription=name,
        reason=item.reason,
        sent=tuple(event for at, event in enumerate(events) if at in sent),
        omitted=tuple(
            (events[at], decision_text(answer.verdict))
            for at, answer in enumerate(answers)
            if at not in sent
        ),
    )
