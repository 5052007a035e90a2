"""The outbox: every item once, in the message it belongs to, and never in one that left."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from monitor.errors import StoreError
from monitor.model.messages import Attempt, MessageState, OutboxItem, OutboxMessage
from monitor.model.subscriptions import SubscriptionStatus
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.store.deliveries import CUTOFF, add_versions, digest_item, item
from tests.store.examples import SEEN, add_version, document, status_event
from tests.store.leasing import claim as claim_as
from tests.store.leasing import worker_lease

WORKER = "host-1-2026"
LEASE_S = 60.0


def after(seconds: float) -> datetime:
    return SEEN + timedelta(seconds=seconds)


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    with open_store(store_url) as store:
        yield store


def enqueue(store: StoreWriter, *items: OutboxItem, at: datetime = SEEN) -> list[OutboxItem]:
    with store.transaction() as transaction:
        return transaction.outbox.enqueue(items, at)


def claim(store: StoreWriter, now: datetime = SEEN, worker: str = WORKER) -> list[OutboxMessage]:
    with store.transaction() as transaction:
        return claim_as(transaction, worker, now=now, limit=100)


def stored(url: str) -> dict[str, list[OutboxItem]]:
    """Return all that is in the outbox, by the messages' keys."""
    with open_reader(url) as reader:
        messages = reader.outbox.messages(limit=1_000)
        return {message.key: reader.outbox.items(message.id) for message in messages}


def only_message(url: str) -> OutboxMessage:
    with open_reader(url) as reader:
        [message] = reader.outbox.messages()
        return message


def test_an_item_comes_back_as_it_was_enqueued(store: StoreWriter, store_url: str) -> None:
    [version] = add_versions(store, 1)
    assert enqueue(store, item(version)) == []
    key = f"v:{version}:ana:mail:ana@example.org"
    assert stored(store_url) == {key: [item(version)]}
    message = only_message(store_url)
    assert message == OutboxMessage(
        id=message.id,
        key=key,
        uid=None,
        subscriber="ana",
        channel="mail",
        target="ana@example.org",
        state=MessageState.WAITING,
        cutoff=None,
        due_at=SEEN,
        created_at=SEEN,
    )


def test_two_stores_of_the_same_data_give_their_messages_the_same_ids(
    sqlite_url: str, postgres_url: str
) -> None:
    found = []
    for url, others in ((sqlite_url, 0), (postgres_url, 3)):
        with open_store(url) as store:
            with store.transaction() as transaction:  # so that the rows have other numbers
                for day in range(1, others + 1):
                    add_version(transaction, document(), "NCT00000002", day)
            first, second = add_versions(store, 2)
            enqueue(store, item(first), digest_item(first, 2, target="x"), digest_item(second))
            claimed = claim(store, CUTOFF)
        found.append([(message.cutoff, message.target, message.uid) for message in claimed])
    assert found[0] == found[1]
    assert len({uid for _, _, uid in found[0]}) == 3


def test_an_id_is_fixed_by_the_first_claim_and_hides_the_address(
    store: StoreWriter, store_url: str
) -> None:
    [version] = add_versions(store, 1)
    enqueue(store, digest_item(version))
    assert only_message(store_url).uid is None
    [first] = claim(store, CUTOFF)
    with store.transaction() as transaction:
        transaction.outbox.release(worker_lease(transaction, WORKER), [first.id])
        transaction.subscribers.set_status("ana", None, SubscriptionStatus.PAUSED)
    [again] = claim(store, CUTOFF, "another")
    assert first.uid is not None
    assert again.uid == first.uid == only_message(store_url).uid
    assert UUID(first.uid).version == 5


def test_an_id_stands_for_the_version_its_predecessor_whom_and_where(store: StoreWriter) -> None:
    first, second, third = add_versions(store, 3, "ana", "ben")
    with store.transaction() as transaction:
        transaction.announce(second, [status_event()], previous_id=first)
        transaction.announce(third, [status_event()], previous_id=first)
    enqueue(
        store,
        item(second),
        item(third),
        item(second, 2, subscriber="ben"),
        item(second, channel="slack"),
        item(second, target="team@example.org"),
        digest_item(second, target="d@x"),
        digest_item(second, target="d@x", due_at=CUTOFF + timedelta(days=1), subscription_id=7),
        digest_item(second, target="e@x"),
        digest_item(third, target="e@x"),
    )
    claimed = claim(store, CUTOFF + timedelta(days=1))
    assert len({message.uid for message in claimed}) == len(claimed) == 8


def test_subscriptions_of_one_person_share_a_message(store: StoreWriter, store_url: str) -> None:
    first, second = add_versions(store, 2)
    at_once = [item(first, 1), item(first, 2), item(second, 1)]
    digest = [digest_item(first, 3), digest_item(second, 3)]
    others = [item(first, channel="slack", target=""), item(first, target="team@example.org")]
    enqueue(store, *at_once, *digest, *others)
    mail = "ana:mail:ana@example.org"
    assert stored(store_url) == {
        f"v:{first}:{mail}": at_once[:2],
        f"v:{second}:{mail}": at_once[2:],
        f"d:{mail}:{CUTOFF.isoformat()}": digest,
        f"v:{first}:ana:slack:": others[:1],
        f"v:{first}:ana:mail:team@example.org": others[1:],
    }


def test_messages_that_are_due_together_are_sent_in_the_order_of_their_versions(
    store: StoreWriter, store_url: str
) -> None:
    versions = add_versions(store, 12)
    enqueue(store, *[item(version) for version in reversed(versions)])
    claimed = [stored(store_url)[message.key] for message in claim(store)]
    assert [items[0].version_id for items in claimed] == versions


def test_nobody_gets_a_version_for_one_subscription_in_two_messages(
    store: StoreWriter, store_url: str
) -> None:
    [version] = add_versions(store, 1)
    assert enqueue(store, item(version), digest_item(version)) == []
    assert enqueue(store, digest_item(version)) == []
    assert list(stored(store_url).values()) == [[item(version)]]


def test_names_with_colons_do_not_share_a_message(store: StoreWriter, store_url: str) -> None:
    [version] = add_versions(store, 1, "a:b", "a")
    items = [
        item(version, subscriber="a:b", channel="c", target=""),
        item(version, 2, subscriber="a", channel="b:c", target=""),
    ]
    enqueue(store, *items)
    assert sorted(map(len, stored(store_url).values())) == [1, 1]


def test_a_message_is_due_when_the_first_of_its_items_is(
    store: StoreWriter, store_url: str
) -> None:
    [version] = add_versions(store, 1)
    enqueue(store, item(version, 1, due_at=after(90)), item(version, 2, due_at=after(60)))
    assert only_message(store_url).due_at == after(60)
    enqueue(store, item(version, 3, due_at=after(30)))
    assert only_message(store_url).due_at == after(30)
    enqueue(store, item(version, 4, due_at=after(70)))
    assert only_message(store_url).due_at == after(30)


def test_the_same_items_again_in_any_order_change_nothing(
    store: StoreWriter, store_url: str
) -> None:
    versions = add_versions(store, 4)
    items = [item(version, number) for version in versions for number in (1, 2, 3)]
    items += [digest_item(version, 7) for version in versions]
    enqueue(store, *items)
    before = stored(store_url)
    for again in (items[::-1], items[5:] + items[:5] + items, items[:1]):
        assert enqueue(store, *again, at=after(5)) == []
        assert stored(store_url) == before
    assert sum(map(len, before.values())) == len(items)


def test_an_item_again_stays_where_it_is_even_once_it_was_sent(
    store: StoreWriter, store_url: str
) -> None:
    [version] = add_versions(store, 1)
    enqueue(store, digest_item(version))
    claim(store, CUTOFF)
    assert enqueue(store, digest_item(version)) == []
    later = digest_item(version, due_at=CUTOFF + timedelta(days=1))
    assert enqueue(store, later) == []
    assert only_message(store_url).state is MessageState.SENDING


@pytest.mark.parametrize("left_as", ["claimed", "sent", "to be tried again", "dead", "dropped"])
def test_a_message_that_left_takes_no_more_items(
    store: StoreWriter, store_url: str, left_as: str
) -> None:
    first, second = add_versions(store, 2)
    enqueue(store, digest_item(first))
    [message] = claim(store, CUTOFF)
    states = {"sent": MessageState.SENT, "dead": MessageState.DEAD, "dropped": MessageState.DROPPED}
    with store.transaction() as transaction:
        attempt = Attempt(message_id=message.id, at=CUTOFF, outcome="x", detail="")
        if left_as == "to be tried again":
            again = CUTOFF + timedelta(minutes=1)
            state = MessageState.WAITING
            assert transaction.outbox.record(message, attempt, state, due_at=again)
        elif left_as != "claimed":
            assert transaction.outbox.record(message, attempt, states[left_as])
    late = [digest_item(second), item(second, 2)]
    assert enqueue(store, *late) == [late[0]]
    with open_reader(store_url) as reader:
        assert reader.outbox.items(message.id) == [digest_item(first)]
    moved = digest_item(second, due_at=CUTOFF + timedelta(days=1))
    assert enqueue(store, moved) == []
    assert moved in [one for items in stored(store_url).values() for one in items]


def test_an_item_of_somebody_unknown_is_left_out(store: StoreWriter, store_url: str) -> None:
    [version] = add_versions(store, 1)
    assert enqueue(store, item(version, 2, subscriber="nobody"), item(version)) == []
    assert list(stored(store_url).values()) == [[item(version)]]


def test_an_item_of_no_version_is_not_stored(store: StoreWriter, store_url: str) -> None:
    [version] = add_versions(store, 1)
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        enqueue(store, item(version), item(version + 1))
    assert stored(store_url) == {}


def test_items_are_stored_with_the_version_or_not_at_all(
    store: StoreWriter, store_url: str
) -> None:
    add_versions(store, 1)

    def fail_after_enqueueing() -> None:
        with store.transaction() as transaction:
            version, _ = add_version(transaction, document(status="HELD"), day=9)
            transaction.outbox.enqueue([item(version)], SEEN)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_after_enqueueing()
    assert stored(store_url) == {}


def test_a_digest_may_be_made_empty_and_filled_later(store: StoreWriter, store_url: str) -> None:
    [version] = add_versions(store, 1)
    with store.transaction() as transaction:
        whom = {"subscriber": "ana", "channel": "mail", "target": "ana@example.org"}
        transaction.outbox.open_digest(**whom, cutoff=CUTOFF, at=SEEN)
        transaction.outbox.open_digest(**whom, cutoff=CUTOFF, at=after(9))
    message = only_message(store_url)
    assert (message.cutoff, message.due_at) == (CUTOFF, CUTOFF)
    assert stored(store_url) == {message.key: []}
    enqueue(store, digest_item(version))
    assert stored(store_url) == {message.key: [digest_item(version)]}


def test_texts_that_a_database_cannot_hold_are_kept_without_that(
    store: StoreWriter, store_url: str
) -> None:
    [version] = add_versions(store, 1)
    odd = item(version, target="a\0b", reason="half \ud800 a pair")
    assert enqueue(store, odd) == []
    assert enqueue(store, odd) == []
    [[kept]] = stored(store_url).values()
    assert (kept.target, kept.reason) == ("a\N{REPLACEMENT CHARACTER}b", "half ? a pair")


def test_times_without_a_zone_are_refused(store: StoreWriter) -> None:
    [version] = add_versions(store, 1)
    naive = SEEN.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        enqueue(store, item(version, due_at=naive))
    enqueue(store, item(version))
    with pytest.raises(ValueError, match="time zone"):
        claim(store, naive)
