"""Who enqueues and who claims at the same moment: no item is lost, none joins what has left."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from monitor.model.messages import MessageState, OutboxItem, OutboxMessage
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.store.deliveries import CUTOFF, add_versions, digest_item, item
from tests.store.examples import SEEN
from tests.store.leasing import claim as claim_as

PATIENCE_S = 60
BLINK_S = 0.3


@pytest.fixture
def stores(store_url: str) -> Iterator[tuple[StoreWriter, StoreWriter]]:
    """Return one store, opened by two programs."""
    with (
        open_store(store_url, busy_timeout_s=PATIENCE_S) as one,
        open_store(store_url, busy_timeout_s=PATIENCE_S) as other,
    ):
        yield one, other


def claim(store: StoreWriter) -> list[OutboxMessage]:
    with store.transaction() as transaction:
        return claim_as(transaction, "worker", now=CUTOFF, limit=10)


def enqueue(store: StoreWriter, items: list[OutboxItem]) -> list[OutboxItem]:
    with store.transaction() as transaction:
        return transaction.outbox.enqueue(items, SEEN)


def still_waits(future: "Future[object]") -> bool:
    with pytest.raises(TimeoutError):
        future.result(timeout=BLINK_S)
    return True


def stored_items(url: str) -> list[tuple[OutboxMessage, OutboxItem]]:
    with open_reader(url) as reader:
        return [
            (message, item)
            for message in reader.outbox.messages(limit=1_000)
            for item in reader.outbox.items(message.id)
        ]


def test_a_message_that_is_taking_an_item_is_not_claimed_without_it(
    stores: tuple[StoreWriter, StoreWriter], store_url: str
) -> None:
    one, other = stores
    first, second = add_versions(one, 2)
    enqueue(one, [digest_item(first)])
    with ThreadPoolExecutor(1) as pool:
        with one.transaction() as transaction:
            assert transaction.outbox.enqueue([digest_item(second)], SEEN) == []
            attempt = pool.submit(claim, other)
            if store_url.startswith("postgresql"):
                assert attempt.result(timeout=PATIENCE_S) == []  # it does not even wait
            else:
                assert still_waits(attempt)  # type: ignore[arg-type]  # a future of anything
        taken = attempt.result(timeout=PATIENCE_S) or claim(other)
    assert [message.state for message in taken] == [MessageState.SENDING]
    assert [item for _, item in stored_items(store_url)] == [
        digest_item(first),
        digest_item(second),
    ]


def test_an_item_that_comes_while_its_message_is_claimed_is_given_back(
    stores: tuple[StoreWriter, StoreWriter], store_url: str
) -> None:
    one, other = stores
    first, second = add_versions(one, 2)
    enqueue(one, [digest_item(first)])
    late = digest_item(second)
    with ThreadPoolExecutor(1) as pool:
        with one.transaction() as transaction:
            claimed = claim_as(transaction, "worker", now=CUTOFF, limit=10)
            assert len(claimed) == 1
            attempt = pool.submit(enqueue, other, [late])
            assert still_waits(attempt)  # type: ignore[arg-type]  # a future of anything
        assert attempt.result(timeout=PATIENCE_S) == [late]
    assert [item for _, item in stored_items(store_url)] == [digest_item(first)]


def test_a_claim_that_is_undone_leaves_the_message_open(
    stores: tuple[StoreWriter, StoreWriter], store_url: str
) -> None:
    one, other = stores
    first, second = add_versions(one, 2)
    enqueue(one, [digest_item(first)])

    def fail_while_claiming(pool: ThreadPoolExecutor) -> None:
        with one.transaction() as transaction:
            claim_as(transaction, "worker", now=CUTOFF, limit=10)
            attempt = pool.submit(enqueue, other, [digest_item(second)])
            assert still_waits(attempt)  # type: ignore[arg-type]  # a future of anything
            started.append(attempt)
            raise KeyboardInterrupt

    started: list[Future[list[OutboxItem]]] = []
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            fail_while_claiming(pool)
        assert started[0].result(timeout=PATIENCE_S) == []
    assert len(stored_items(store_url)) == 2


def test_the_same_items_in_two_transactions_at_once_are_stored_once(
    stores: tuple[StoreWriter, StoreWriter], store_url: str
) -> None:
    one, other = stores
    versions = add_versions(one, 3)
    items = [item(version, number) for version in versions for number in (1, 2)]
    items += [digest_item(version, 7) for version in versions]
    with ThreadPoolExecutor(1) as pool:
        with one.transaction() as transaction:
            assert transaction.outbox.enqueue(items, SEEN) == []
            attempt = pool.submit(enqueue, other, items[::-1])
            assert still_waits(attempt)  # type: ignore[arg-type]  # a future of anything
        assert attempt.result(timeout=PATIENCE_S) == []
    kept = [item for _, item in stored_items(store_url)]
    assert len(kept) == len(items)
    assert {(one.version_id, one.subscription_id) for one in kept} == {
        (one.version_id, one.subscription_id) for one in items
    }


def test_many_digests_filled_by_all_and_claimed_meanwhile_lose_nothing(
    stores: tuple[StoreWriter, StoreWriter], store_url: str
) -> None:
    people = [f"person {number}" for number in range(6)]
    versions = add_versions(stores[0], 8, *people)
    start = threading.Barrier(3)

    def fill(store: StoreWriter, order: Callable[[list[OutboxItem]], list[OutboxItem]]) -> None:
        """Put everybody's items into their digests, moving on those that came too late."""
        start.wait(PATIENCE_S)
        for version in versions:
            items = [digest_item(version, n, subscriber=p) for n, p in enumerate(people)]
            while items := enqueue(store, order(items)):
                items = [moved(one) for one in items]

    def empty(filling: list[Future[None]]) -> dict[int, list[OutboxItem]]:
        """Claim two digests for each one of the people, or all there are once nobody fills any.

        Return what was in each when it was claimed.
        """
        found: dict[int, list[OutboxItem]] = {}
        start.wait(PATIENCE_S)
        filled = False
        while not filled and len(found) < 2 * len(people):
            filled = all(future.done() for future in filling)
            with stores[0].transaction() as transaction:
                late = CUTOFF + timedelta(days=99)
                for message in claim_as(transaction, "w", now=late, limit=2):
                    found[message.id] = transaction.outbox.items(message.id)
        return found

    with ThreadPoolExecutor(3) as pool:
        filling = [pool.submit(fill, stores[0], list), pool.submit(fill, stores[1], backwards)]
        claimed = pool.submit(empty, filling).result(timeout=PATIENCE_S)
        for future in filling:
            future.result(timeout=PATIENCE_S)
    kept = stored_items(store_url)
    assert len(kept) == len(versions) * len(people)
    assert len({(one.version_id, one.subscriber) for _, one in kept}) == len(kept)
    assert claimed
    for message_id, items in claimed.items():
        assert items == [one for message, one in kept if message.id == message_id]


def backwards(items: list[OutboxItem]) -> list[OutboxItem]:
    return items[::-1]


def moved(late: OutboxItem) -> OutboxItem:
    due_at: datetime = late.due_at + timedelta(days=1)
    return digest_item(
        late.version_id, late.subscription_id, subscriber=late.subscriber, due_at=due_at
    )
