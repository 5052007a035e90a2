"""Following trials by command: the source that reads them, and the subscriptions to them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace as replaced

from monitor.app.lookups import present_id
from monitor.app.subscribers import sync_from_config
from monitor.app.wiring import App
from monitor.config.subscriptions import build_subscription
from monitor.errors import StoreError, UsageError
from monitor.model.subscriptions import Subscription, SubscriptionOrigin, SubscriptionStatus, Trials
from monitor.settings import SubscriptionSettings
from monitor.settings.sources import (
    FOLLOWED_BY_COMMAND,
    AnySourceSettings,
    CtgovSourceSettings,
)

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.store.reader import Reader
    from monitor.store.subscribers import SubscriberWriter
    from monitor.store.transaction import Transaction

_EVERY = timedelta(hours=1)
_NAME = "followed trials by "
_WHO = "me"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedTrial:
    """What became of one NCT ID that was given.

    ``requested_ids``: as it was given; ``nct_id``: what the trial has now. ``changed``: it was not
    followed by command before, or is no longer now. ``subscriptions``: those that
    report it, or reported it until now.
    ``elsewhere``: sources of the configuration that follow it too. ``others``: subscriptions that
    name it, besides those of ``monitor follow``.
    """

    requested_id: str
    nct_id: str
    changed: bool
    subscriptions: tuple[Subscription, ...] = ()
    elsewhere: tuple[str, ...] = ()
    others: tuple[Subscription, ...] = ()


# --- the source -----------------------------------------------------------------------------------


def with_followed(app: App) -> App:
    """Return the monitor with the source of what is followed by command, where anything is.

    Of a store that cannot be read nothing is: what opens it next tells why.
    """
    try:
        return following(app, followed_by_command(app))
    except StoreError:
        return app


def followed_by_command(app: App) -> tuple[str, ...]:
    """Return the NCT IDs that are followed by command, ascending; StoreError without a store."""
    with app.reader() as reader:
        return tuple(reader.sources.followed_by_command())


def following(app: App, nct_ids: Sequence[str]) -> App:
    """Return the monitor with a source of these NCT IDs in place of the one it may have."""
    own = tuple(one for one in app.settings.sources if one.name != FOLLOWED_BY_COMMAND)
    sources = (*own, _source(own, tuple(nct_ids))) if nct_ids else own
    return replace(app, settings=replaced(app.settings, sources=sources))


def _source(own: Iterable[AnySourceSettings], nct_ids: tuple[str, ...]) -> CtgovSourceSettings:
    """Return a source that asks where and when the first ``ctgov`` source does."""
    for one in own:
        if isinstance(one, CtgovSourceSettings) and one.enabled:
            return replaced(
                one, name=FOLLOWED_BY_COMMAND, nct_ids=nct_ids, query={}, filter={}, all=False
            )
    return CtgovSourceSettings(name=FOLLOWED_BY_COMMAND, nct_ids=nct_ids, every=_EVERY)


# --- following ------------------------------------------------------------------------------------


def follow(
    app: App,
    requested_ids: Sequence[str],
    *,
    channels: Sequence[str] = (),
    subscriber: str | None = None,
    alerts: bool = True,
) -> list[FollowedTrial]:
    """Follow trials and subscribe somebody to them; return what became of each, in order.

    ``subscriber`` None: the only one there is, else ``me``. ``channels`` empty: those by which
    they hear of followed trials already, else their own, else the only one there is. ``alerts``
    False: the trials are followed, and nobody is subscribed. UsageError, and nothing stored, when
    it is open by which channel.
    """
    sync_from_config(app)
    with app.store() as store, store.transaction() as tx:
        present = _present(app, requested_ids)
        wanted = list(dict.fromkeys(present.values()))
        before = set(tx.sources.followed_by_command())
        subscribed: list[Subscription] = []
        if alerts:
            person = subscriber or _only_subscriber(tx.subscribers)
            ways = channels or _channels_of(app.settings, tx.subscribers, person)
            subscribed = [
                _subscribe(app, tx.subscribers, person, channel, wanted) for channel in ways
            ]
        tx.sources.follow_by_command(wanted, at=app.now())
        if set(wanted) - before:
            _make_due(tx, app)
    return [
        FollowedTrial(
            requested_id=one,
            nct_id=present[one],
            changed=present[one] not in before,
            subscriptions=tuple(subscribed),
        )
        for one in present
    ]


def _make_due(tx: "Transaction", app: App) -> None:
    """Let the source be read by the next one who looks what is due."""
    row = tx.sources.get(FOLLOWED_BY_COMMAND)
    if row is not None:
        tx.sources.store_row(replace(row, next_due_at=app.now()))


def _only_subscriber(people: "SubscriberWriter") -> str:
    live = [
        one.name for one in people.subscribers() if one.status is not SubscriptionStatus.RETIRED
    ]
    return live[0] if len(live) == 1 else _WHO


def _channels_of(settings: "Settings", people: "SubscriberWriter", person: str) -> Sequence[str]:
    """Return the default channels of a subscriber to followed trials."""
    already = [one for of in _live(people, person) if _is_of_follow(of) for one in of.channels]
    own = next((one.channels for one in settings.subscribers if one.name == person), ())
    names = settings.named_channels
    found = list(dict.fromkeys(already)) or own or settings.default_channels
    if found or len(names) == 1:
        return found or names
    raise UsageError(f"say where to send: --to; there are {', '.join(names)}")


def _subscribe(
    app: App, people: "SubscriberWriter", person: str, channel: str, wanted: Collection[str]
) -> Subscription:
    name = f"{_NAME}{channel}"
    known = people.subscription(person, name)
    if known is not None and known.status is not SubscriptionStatus.RETIRED:
        if known.origin is SubscriptionOrigin.CONFIG:
            raise UsageError(
                f"{person} has a subscription {name!r} in the configuration; give that one another"
                " name"
            )
        trials = replace(known.trials, nct_ids=known.trials.nct_ids | frozenset(wanted))
        new = replace(known, trials=trials)
    else:
        given = SubscriptionSettings(
            name=name, subscriber=person, nct_ids=tuple(wanted), channels=(channel,)
        )
        settings = next((one for one in app.settings.subscribers if one.name == person), None)
        new = build_subscription(given, settings, origin=SubscriptionOrigin.COMMAND, now=app.now())
    return replace(new, id=people.put_subscription(new))


# --- unfollowing ----------------------------------------------------------------------------------


def unfollow(
    app: App,
    requested_ids: Sequence[str],
    *,
    channels: Sequence[str] = (),
    subscriber: str | None = None,
) -> list[FollowedTrial]:
    """Undo what ``follow`` did, by these channels and for this subscriber alone where given.

    A trial is read on as long as another one of its subscriptions is left. Returns what became of
    each, in order; one that was not followed is no error.
    """
    sync_from_config(app)
    with app.store() as store, store.transaction() as tx:
        everybody = _live(tx.subscribers, None)
        ours = [one for one in everybody if _is_of_follow(one)]
        followed = tx.sources.followed_by_command()
        # Trials may have another ID by now: all are compared by the present one.
        ids = {
            *requested_ids,
            *followed,
            *(nct_id for one in ours for nct_id in one.trials.nct_ids),
        }
        now = _present(app, sorted(ids))
        gone = {now[one] for one in requested_ids}
        chosen = [
            one
            for one in ours
            if subscriber in (None, one.subscriber)
            and (not channels or not set(channels).isdisjoint(one.channels))
        ]
        for one in chosen:
            _drop(
                tx.subscribers,
                one,
                {nct_id for nct_id in one.trials.nct_ids if now[nct_id] in gone},
            )
        rest = [one for one in ours if one not in chosen]
        kept = {now[nct_id] for one in rest for nct_id in one.trials.nct_ids}
        removed = {nct_id for nct_id in followed if now[nct_id] in gone - kept}
        tx.sources.unfollow_by_command(removed)
        tx.sources.unfollow(FOLLOWED_BY_COMMAND, removed)
    return [
        FollowedTrial(
            requested_id=one,
            nct_id=now[one],
            changed=any(now[nct_id] == now[one] for nct_id in removed),
            subscriptions=tuple(s for s in chosen if _names(s, now[one], now.__getitem__)),
            elsewhere=_elsewhere(app, now[one]),
            others=tuple(
                s for s in everybody if s not in ours and {one, now[one]} & s.trials.nct_ids
            ),
        )
        for one in dict.fromkeys(requested_ids)
    ]


def _drop(people: "SubscriberWriter", one: Subscription, gone: Collection[str]) -> None:
    """Take trials out of a subscription, which is retired when nothing is left of it."""
    left = one.trials.nct_ids - frozenset(gone)
    trials = replace(one.trials, nct_ids=left)
    if trials == Trials():
        people.set_status(one.subscriber, one.name, SubscriptionStatus.RETIRED)
    elif gone:
        people.put_subscription(replace(one, trials=trials))


def _names(one: Subscription, nct_id: str, now: Callable[[str], str]) -> bool:
    return any(now(other) == nct_id for other in one.trials.nct_ids)


def _elsewhere(app: App, nct_id: str) -> tuple[str, ...]:
    with app.reader() as reader:
        return tuple(followers(app.settings.sources, reader, [nct_id])[nct_id])


def followers(
    sources: Iterable[AnySourceSettings], reader: "Reader", nct_ids: Iterable[str]
) -> dict[str, list[str]]:
    """Return by NCT ID the names of the enabled sources that follow it.

    A source that names the trial follows it, whether it was read yet or not.
    """
    enabled = [one for one in sources if one.enabled]
    return {
        nct_id: [
            one.name
            for one in enabled
            if (isinstance(one, CtgovSourceSettings) and nct_id in one.nct_ids)
            or reader.sources.followed_record(one.name, nct_id)
        ]
        for nct_id in nct_ids
    }


# --- both -----------------------------------------------------------------------------------------


def _live(people: "SubscriberWriter", person: str | None) -> list[Subscription]:
    found = people.subscriptions(subscriber=person)
    return [one for one in found if one.status is not SubscriptionStatus.RETIRED]


def _is_of_follow(one: Subscription) -> bool:
    return one.origin is SubscriptionOrigin.COMMAND and one.name.startswith(_NAME)


def _present(app: App, nct_ids: Iterable[str]) -> Mapping[str, str]:
    """Return by NCT ID the one that its trial has now, as far as the store knows."""
    with app.reader() as reader:
        return {nct_id: present_id(reader, nct_id) for nct_id in nct_ids}
