"""Grouping: many messages that are due at once become one, of which nothing is lost or doubled."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest

from monitor.model.messages import Attempt, MessageState, OutboxItem, OutboxMessage
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, Transaction, open_store
from tests.store.deliveries import CUTOFF, add_versions, digest_item, item
from tests.store.examples import SEEN
from tests.store.leasing import claim as claim_as
from tests.store.leasing import lose_worker, worker_lease

PATIENCE_S = 60
ABOVE = 5
BLINK_S = 0.3


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    with open_store(store_url, busy_timeout_s=PATIENCE_S) as store:
        yield store


def enqueue(store: StoreWriter, *items: OutboxItem) -> None:
    with store.transaction() as transaction:
        assert transaction.outbox.enqueue(items, SEEN) == []


def claim(store: StoreWriter, worker: str = "one", **which: Any) -> list[OutboxMessage]:
    with store.transaction() as transaction:
        return claim_in(transaction, worker, **which)


def claim_in(transaction: Transaction, worker: str, **which: Any) -> list[OutboxMessage]:
    requested = {"now": SEEN, "limit": 50, "group_above": ABOVE, **which}
    return claim_as(transaction, worker, **requested)


def have_leases(store: StoreWriter, *workers: str) -> None:
    """Let workers have their leases: to take one, they would wait for each other."""
    for worker in workers:
        with store.transaction() as transaction:
            worker_lease(transaction, worker)


def items_of(url: str, message: OutboxMessage) -> list[int]:
    with open_reader(url) as reader:
        return [one.version_id for one in reader.outbox.items(message.id)]


def all_messages(url: str) -> list[OutboxMessage]:
    with open_reader(url) as reader:
        return reader.outbox.messages(limit=1_000)[::-1]


def test_more_than_so_many_messages_become_one_at_the_claim(
    store: StoreWriter, store_url: str
) -> None:
    versions = add_versions(store, ABOVE + 1)
    later = SEEN + timedelta(seconds=7)
    enqueue(store, *map(item, versions[1:]), item(versions[0], due_at=later))
    [group] = claim(store, now=later)
    assert (group.kind, group.group_until, group.due_at) == ("group", later, SEEN)
    assert (group.state, group.claimed_by, group.attempts) == (MessageState.SENDING, "one", 0)
    assert group.uid is not None
    assert items_of(store_url, group) == versions
    assert all_messages(store_url) == [group]


def test_as_many_as_are_allowed_go_one_by_one(store: StoreWriter) -> None:
    enqueue(store, *map(item, add_versions(store, ABOVE)))
    assert [one.kind for one in claim(store)] == ["alert"] * ABOVE


def test_nothing_is_grouped_where_that_is_switched_off(store: StoreWriter) -> None:
    enqueue(store, *map(item, add_versions(store, ABOVE + 1)))
    assert len(claim(store, group_above=0)) == ABOVE + 1


def test_a_group_is_of_one_person_channel_and_address(store: StoreWriter, store_url: str) -> None:
    versions = add_versions(store, ABOVE + 1, "ana", "ben")
    places: list[dict[str, Any]] = [
        {},
        {"target": "other@example.org"},
        {"channel": "slack", "target": ""},
        {"subscriber": "ben", "subscription_id": 2, "target": "ben@example.org"},
    ]
    enqueue(store, *(item(version, **place) for place in places for version in versions))
    groups = claim(store)
    assert [group.kind for group in groups] == ["group"] * 4
    assert len({group.uid for group in groups}) == 4
    assert {(one.subscriber, one.channel, one.target) for one in groups} == {
        ("ana", "mail", "ana@example.org"),
        ("ana", "mail", "other@example.org"),
        ("ana", "slack", ""),
        ("ben", "mail", "ben@example.org"),
    }
    for group in groups:
        assert items_of(store_url, group) == versions


def test_the_claims_limit_splits_no_group_and_a_group_counts_as_one(
    store: StoreWriter, store_url: str
) -> None:
    versions = add_versions(store, 28, "ana", "ben")
    other = {"subscriber": "ben", "target": "ben@example.org"}
    enqueue(store, *map(item, versions), item(versions[0], 2, **other))
    claimed = claim(store, limit=2)
    assert sorted(message.kind for message in claimed) == ["alert", "group"]
    [group] = [message for message in claimed if message.kind == "group"]
    assert items_of(store_url, group) == versions


def test_what_is_not_due_a_digest_or_claimed_before_is_in_no_group(
    store: StoreWriter, store_url: str
) -> None:
    versions = add_versions(store, 2 * ABOVE + 3)
    tried, released, planned, in_digest, *fresh = versions
    enqueue(store, item(tried), item(released))
    first, second = claim(store)
    failed = Attempt(message_id=first.id, at=SEEN, outcome="transient", detail="later")
    with store.transaction() as transaction:
        transaction.outbox.record(first, failed, MessageState.WAITING, due_at=SEEN)
        lose_worker(transaction, "one")
    enqueue(
        store,
        item(planned, due_at=CUTOFF),
        digest_item(in_digest, due_at=SEEN),
        *map(item, fresh),
    )
    found = claim(store, "two")
    assert {message.kind: items_of(store_url, message) for message in found[2:]} == {
        "digest": [in_digest],
        "group": fresh,
    }
    assert {(one.uid, one.kind) for one in found[:2]} == {
        (first.uid, "alert"),
        (second.uid, "alert"),
    }
    assert len(all_messages(store_url)) == 5


def test_a_group_takes_nothing_in_and_comes_again_as_it_was(
    store: StoreWriter, store_url: str
) -> None:
    versions = add_versions(store, 2 * ABOVE + 2)
    first, more = versions[: ABOVE + 1], versions[ABOVE + 1 :]
    enqueue(store, *map(item, first))
    [group] = claim(store)
    enqueue(store, *map(item, more))
    enqueue(store, item(first[0], 9))
    with store.transaction() as transaction:
        lose_worker(transaction, "one")
    again, *others = claim(store, "two")
    assert (again.id, again.uid, again.group_until) == (group.id, group.uid, group.group_until)
    assert items_of(store_url, again) == first
    [other] = others
    assert items_of(store_url, other) == [first[0], *more]


def test_the_id_of_a_group_is_made_of_its_cut_off_and_its_items(store: StoreWriter) -> None:
    versions = add_versions(store, ABOVE + 3)
    later = SEEN + timedelta(seconds=7)
    uids: list[str | None] = []

    def look(transaction: Transaction) -> None:
        [group] = claim_in(transaction, "one", now=later)
        uids.append(group.uid)
        raise InterruptedError

    for more in (versions[:-2], (), [versions[-2]], [versions[-1]]):
        due_at = later if versions[-1] in more else SEEN
        enqueue(store, *(item(version, due_at=due_at) for version in more))
        with pytest.raises(InterruptedError), store.transaction() as transaction:
            look(transaction)
    first, same, of_more, of_later = uids
    assert first == same
    assert len({first, of_more, of_later}) == 3


def test_a_claim_that_is_undone_leaves_the_messages_as_they_were(
    store: StoreWriter, store_url: str
) -> None:
    enqueue(store, *map(item, add_versions(store, ABOVE + 1)))
    before = all_messages(store_url)

    def die(transaction: Transaction) -> None:
        assert len(claim_in(transaction, "one")) == 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.transaction() as transaction:
        die(transaction)
    assert all_messages(store_url) == before
    assert len(before) == ABOVE + 1


def test_what_was_dropped_or_retried_by_hand_goes_by_itself(
    store: StoreWriter, store_url: str
) -> None:
    versions = add_versions(store, ABOVE + 2)
    enqueue(store, *map(item, versions))
    dropped, *_ = all_messages(store_url)
    with store.transaction() as transaction:
        transaction.outbox.drop([dropped.id])
    [group] = claim(store)
    assert items_of(store_url, group) == versions[1:]
    with store.transaction() as transaction:
        assert transaction.outbox.retry([dropped.id], now=SEEN) == {dropped.id}
    [alone] = claim(store)
    assert (alone.id, alone.kind) == (dropped.id, "alert")


@pytest.mark.parametrize("round_", range(2), ids=["limit 3", "limit 20"])
def test_of_two_workers_that_claim_at_once_one_makes_the_group(
    store_url: str, store: StoreWriter, round_: int
) -> None:
    people = [f"person {number}" for number in range(4)]
    versions = add_versions(store, 12, *people)
    enqueue(
        store,
        *(item(v, n, subscriber=p) for v in versions for n, p in enumerate(people)),
    )
    have_leases(store, "one", "two")
    start = threading.Barrier(2)

    def work(worker: str) -> list[OutboxMessage]:
        with open_store(store_url, busy_timeout_s=PATIENCE_S) as own:
            start.wait(PATIENCE_S)
            found: list[OutboxMessage] = []
            while claimed := claim(own, worker, limit=(3, 20)[round_]):
                found += claimed
            return found

    with ThreadPoolExecutor(2) as pool:
        claimed = [one for found in pool.map(work, ["one", "two"]) for one in found]
    rest = claim(store, "three")
    assert rest == [], "what one worker was just making is not left to nobody"
    assert sorted((one.kind, one.subscriber) for one in claimed) == [
        ("group", person) for person in people
    ]
    for group in claimed:
        assert items_of(store_url, group) == versions


@pytest.mark.parametrize("undone", [False, True], ids=["committed", "undone"])
def test_who_claims_while_a_group_is_made_waits_for_it(
    store: StoreWriter, store_url: str, undone: bool
) -> None:
    versions = add_versions(store, ABOVE + 1)
    enqueue(store, *map(item, versions))
    have_leases(store, "one", "two")

    def make(pool: ThreadPoolExecutor) -> None:
        with open_store(store_url) as own, own.transaction() as transaction:
            assert len(claim_in(transaction, "one")) == 1
            attempts.append(pool.submit(claim, store, "two"))
            with pytest.raises(TimeoutError):
                attempts[0].result(timeout=BLINK_S)
            if undone:
                raise InterruptedError

    attempts: list[Future[list[OutboxMessage]]] = []
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(InterruptedError) if undone else nullcontext():
            make(pool)
        found = attempts[0].result(timeout=PATIENCE_S)
    assert [items_of(store_url, group) for group in found] == ([versions] if undone else [])
    assert len(all_messages(store_url)) == 1
