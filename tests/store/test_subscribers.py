"""Subscribers, subscriptions and silences: kept as given, and never un-paused by a restart."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.errors import StoreError
from monitor.model.changes import ChangeKind
from monitor.model.subscriptions import (
    Changes,
    Silence,
    Subscriber,
    Subscription,
    SubscriptionOrigin,
    SubscriptionStatus,
)
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.store.deliveries import subscription
from tests.store.examples import NCT_ID, SEEN
from tests.store.test_snapshots import run_sql

LATER = SEEN + timedelta(days=3)
COMMAND = SubscriptionOrigin.COMMAND


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    with open_store(store_url) as store:
        yield store


def put(store: StoreWriter, *subscriptions: Subscription) -> list[int]:
    with store.transaction() as transaction:
        return transaction.subscribers.put_subscriptions(subscriptions)


def put_person(
    store: StoreWriter, name: str, origin: SubscriptionOrigin = SubscriptionOrigin.CONFIG
) -> None:
    with store.transaction() as transaction:
        transaction.subscribers.put_subscriber(name, origin, at=SEEN)


def stand(
    store: StoreWriter, subscriber: str, name: str | None, status: SubscriptionStatus
) -> bool:
    with store.transaction() as transaction:
        return transaction.subscribers.set_status(subscriber, name, status)


def version(url: str) -> int:
    with open_reader(url) as reader:
        return reader.subscribers.version()


def subscriptions(url: str) -> list[Subscription]:
    with open_reader(url) as reader:
        return reader.subscribers.subscriptions()


def silence(**other: object) -> Silence:
    columns = {"subscriber": "ana", "nct_id": NCT_ID, "kind": None, "until": LATER}
    return Silence(**{"id": 0, "created_at": SEEN, **columns, **other})  # type: ignore[arg-type]


def test_a_subscription_makes_its_subscriber_known(store: StoreWriter, store_url: str) -> None:
    [number] = put(store, subscription(created_at=SEEN))
    with open_reader(store_url) as reader:
        people = reader.subscribers
        assert people.subscribers() == [
            Subscriber(name="ana", origin=SubscriptionOrigin.CONFIG, created_at=SEEN)
        ]
        assert people.subscriptions() == [replace(subscription(), id=number)]
        assert people.subscription("ana", "lupus") == replace(subscription(), id=number)
        assert people.subscription("ana", "other") is None
        assert people.subscription("ben", "lupus") is None


def test_one_put_again_keeps_its_id_and_its_date(store: StoreWriter, store_url: str) -> None:
    first = put(store, subscription(), subscription(name="other"))
    changed = subscription(changes=Changes(min_days=30), created_at=LATER, origin=COMMAND)
    assert put(store, subscription(name="other"), changed) == first[::-1]
    [kept, _] = subscriptions(store_url)
    assert kept == replace(changed, id=first[0], created_at=SEEN)


def test_two_of_one_name_in_one_call_are_refused(store: StoreWriter, store_url: str) -> None:
    with pytest.raises(ValueError, match="same name"):
        put(store, subscription(), subscription(channels=("slack",)))
    assert subscriptions(store_url) == []


def test_what_changes_nothing_does_not_raise_the_version(
    store: StoreWriter, store_url: str
) -> None:
    put(store, subscription(), subscription(name="other"))
    before = version(store_url)
    put(store, subscription(name="other"), subscription())
    put_person(store, "ana")
    assert not stand(store, "ana", "lupus", SubscriptionStatus.ACTIVE)
    assert not stand(store, "ana", "unknown", SubscriptionStatus.PAUSED)
    assert not stand(store, "ben", None, SubscriptionStatus.PAUSED)
    with store.transaction() as transaction:
        keep = [("ana", "lupus"), ("ana", "other")]
        assert transaction.subscribers.retire_missing(
            origin=SubscriptionOrigin.CONFIG, keep=keep
        ) == (
            [],
            [],
        )
        assert not transaction.subscribers.remove_silence(1)
        assert transaction.subscribers.forget("nobody")["subscribers"] == 0
    assert version(store_url) == before


def test_whatever_changes_raises_the_version(store: StoreWriter, store_url: str) -> None:
    seen = [version(store_url)]

    def look() -> None:
        seen.append(version(store_url))

    put_person(store, "ben")
    look()
    put(store, subscription())
    look()
    put(store, subscription(channels=("slack",)))
    look()
    stand(store, "ana", "lupus", SubscriptionStatus.PAUSED)
    look()
    stand(store, "ana", None, SubscriptionStatus.PAUSED)
    look()
    with store.transaction() as transaction:
        number = transaction.subscribers.put_silence(silence())
    look()
    with store.transaction() as transaction:
        assert transaction.subscribers.remove_silence(number)
    look()
    with store.transaction() as transaction:
        transaction.subscribers.retire_missing(origin=SubscriptionOrigin.CONFIG, keep=[])
    look()
    with store.transaction() as transaction:
        transaction.subscribers.forget("ana")
    look()
    assert seen == sorted(set(seen))


def test_who_was_paused_stays_paused_when_put_again(store: StoreWriter, store_url: str) -> None:
    put(store, subscription())
    stand(store, "ana", "lupus", SubscriptionStatus.PAUSED)
    stand(store, "ana", None, SubscriptionStatus.PAUSED)
    put(store, subscription(channels=("slack",)))
    [kept] = subscriptions(store_url)
    assert (kept.status, kept.channels) == (SubscriptionStatus.PAUSED, ("slack",))
    with open_reader(store_url) as reader:
        assert [one.status for one in reader.subscribers.subscribers()] == [
            SubscriptionStatus.PAUSED
        ]


def test_what_left_the_file_is_retired_and_comes_back_with_it(
    store: StoreWriter, store_url: str
) -> None:
    ids = put(
        store, subscription(), subscription("ben"), subscription("ben", "own", origin=COMMAND)
    )
    put_person(store, "cleo")
    put_person(store, "dan")
    put_person(store, "eve", COMMAND)
    with store.transaction() as transaction:
        gone = transaction.subscribers.retire_missing(
            origin=SubscriptionOrigin.CONFIG, keep=[], subscribers=["dan"]
        )
    assert gone == ([("ana", "lupus"), ("ben", "lupus")], ["ana", "cleo"])
    retired = [SubscriptionStatus.RETIRED, SubscriptionStatus.RETIRED, SubscriptionStatus.ACTIVE]
    assert [one.status for one in subscriptions(store_url)] == retired
    put(store, subscription(origin=COMMAND, created_at=LATER))
    [back, *_] = subscriptions(store_url)
    assert back == replace(subscription(origin=COMMAND), id=ids[0])
    with open_reader(store_url) as reader:
        people = {one.name: one for one in reader.subscribers.subscribers()}
    assert (people["ana"].origin, people["ana"].status) == (COMMAND, SubscriptionStatus.ACTIVE)
    assert (people["ben"].origin, people["ben"].status) == (
        SubscriptionOrigin.CONFIG,
        SubscriptionStatus.ACTIVE,
    )
    assert people["cleo"].status is SubscriptionStatus.RETIRED
    assert people["eve"].status is SubscriptionStatus.ACTIVE


def test_who_is_known_keeps_their_origin(store: StoreWriter, store_url: str) -> None:
    put_person(store, "ana", COMMAND)
    put(store, subscription())
    with open_reader(store_url) as reader:
        assert reader.subscribers.subscribers()[0].origin is COMMAND


def test_a_paused_person_pauses_all_that_is_theirs(store: StoreWriter, store_url: str) -> None:
    put(store, subscription(), subscription(name="old"), subscription("ben"))
    stand(store, "ana", "old", SubscriptionStatus.RETIRED)
    stand(store, "ana", None, SubscriptionStatus.PAUSED)
    with open_reader(store_url) as reader:
        people = reader.subscribers
        own = [one.status for one in people.subscriptions()]
        assert own == [
            SubscriptionStatus.ACTIVE,
            SubscriptionStatus.RETIRED,
            SubscriptionStatus.ACTIVE,
        ]
        effective = [one.status for one in people.subscriptions(effective=True)]
        assert effective == [
            SubscriptionStatus.PAUSED,
            SubscriptionStatus.RETIRED,
            SubscriptionStatus.ACTIVE,
        ]
        active = people.subscriptions(status=SubscriptionStatus.ACTIVE, effective=True)
        assert [one.subscriber for one in active] == ["ben"]
        assert len(people.subscriptions(subscriber="ana", status=SubscriptionStatus.ACTIVE)) == 1


def test_silences_hold_until_their_end(store: StoreWriter, store_url: str) -> None:
    put_person(store, "ana")
    with store.transaction() as transaction:
        people = transaction.subscribers
        first = people.put_silence(silence(reason="on holiday"))
        second = people.put_silence(
            silence(subscriber=None, nct_id=None, kind=ChangeKind.SITE_ADDED, until=SEEN)
        )
    with open_reader(store_url) as reader:
        everything = reader.subscribers.silences()
        assert everything == [
            silence(id=first, reason="on holiday"),
            silence(
                id=second, subscriber=None, nct_id=None, kind=ChangeKind.SITE_ADDED, until=SEEN
            ),
        ]
        assert reader.subscribers.silences(at=SEEN) == everything[:1]
        assert reader.subscribers.silences(at=LATER) == []


def test_a_silence_about_nothing_or_of_a_stranger_is_refused(
    store: StoreWriter, store_url: str
) -> None:
    def put_silence(**other: object) -> None:
        with store.transaction() as transaction:
            transaction.subscribers.put_silence(silence(**other))

    with pytest.raises(ValueError, match="a trial, a kind of change, or both"):
        put_silence(nct_id=None, kind=None)
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        put_silence(subscriber="nobody")
    with open_reader(store_url) as reader:
        assert reader.subscribers.silences() == []


def test_a_damaged_definition_stops_who_does_not_expect_it_and_nobody_else(
    store: StoreWriter, store_url: str
) -> None:
    put(store, subscription(), subscription("ben"))
    run_sql(store_url, "UPDATE subscriptions SET definition = '{' WHERE subscriber = 'ben'")
    with open_reader(store_url) as reader, pytest.raises(StoreError) as caught:
        reader.subscribers.subscriptions()
    assert "the subscription 'lupus' of 'ben' cannot be read" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match="'lupus' of 'ben'"), store.transaction() as transaction:
        transaction.subscribers.subscriptions()
    damaged: list[str] = []
    with store.transaction() as transaction:
        found = transaction.subscribers.subscriptions(damaged=damaged)
    assert [one.subscriber for one in found] == ["ana"]
    [sentence] = damaged
    assert sentence.startswith("the subscription 'lupus' of 'ben' cannot be read")
