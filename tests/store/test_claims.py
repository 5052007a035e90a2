"""Claims: each message has one worker at a time, and only that worker says what became of it."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.model.messages import Attempt, MessageState, OutboxMessage
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.forked import FORKING
from tests.store.deliveries import CUTOFF, add_versions, digest_item, item
from tests.store.examples import SEEN
from tests.store.leasing import claim as claim_as
from tests.store.leasing import lose_worker, worker_lease

ONE, OTHER = "one", "other"
PATIENCE_S = 60


def after(seconds: float) -> datetime:
    return SEEN + timedelta(seconds=seconds)


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    with open_store(store_url, busy_timeout_s=PATIENCE_S) as store:
        yield store


def claim(
    store: StoreWriter, worker: str = ONE, now: datetime = SEEN, limit: int = 100, **which: Any
) -> list[OutboxMessage]:
    with store.transaction() as transaction:
        return claim_as(transaction, worker, now=now, limit=limit, **which)


def record(
    store: StoreWriter,
    message: OutboxMessage,
    state: MessageState,
    *,
    detail: str = "250 ok",
    due_at: datetime | None = None,
) -> bool:
    attempt = Attempt(message_id=message.id, at=after(1), outcome="tried", detail=detail)
    with store.transaction() as transaction:
        return transaction.outbox.record(message, attempt, state, due_at=due_at)


def end_lease(store: StoreWriter, worker: str = ONE) -> None:
    with store.transaction() as transaction:
        lose_worker(transaction, worker)


def messages(url: str) -> list[OutboxMessage]:
    with open_reader(url) as reader:
        return reader.outbox.messages(limit=1_000)[::-1]


def enqueue(store: StoreWriter, number: int = 1, **other: Any) -> None:
    """Put as many messages into the outbox, each of a version of its own."""
    versions = add_versions(store, number)
    with store.transaction() as transaction:
        transaction.outbox.enqueue([item(version, **other) for version in versions], SEEN)


def test_a_claimed_message_is_its_workers_until_its_lease_is_lost(
    store: StoreWriter, store_url: str
) -> None:
    enqueue(store)
    [message] = claim(store)
    assert (message.state, message.claimed_by) == (MessageState.SENDING, ONE)
    assert messages(store_url) == [message]
    assert claim(store, OTHER, after(10**9)) == [], "whatever a clock says"
    end_lease(store)
    [again] = claim(store, OTHER)
    assert (again.id, again.uid, again.claimed_by) == (message.id, message.uid, OTHER)


def test_what_is_not_due_is_not_claimed(store: StoreWriter) -> None:
    enqueue(store, due_at=after(10))
    assert claim(store, now=after(9.999)) == []
    assert len(claim(store, now=after(10))) == 1


def test_those_that_wait_longest_come_first_and_no_more_than_asked_for(store: StoreWriter) -> None:
    versions = add_versions(store, 5)
    dues = [after(-number) for number in range(5)]
    with store.transaction() as transaction:
        items = [item(v, due_at=due) for v, due in zip(versions, dues, strict=True)]
        transaction.outbox.enqueue(items, SEEN)
    assert [message.due_at for message in claim(store, limit=3)] == dues[:1:-1]
    assert [message.due_at for message in claim(store)] == [dues[1], dues[0]]


def test_what_was_claimed_and_given_up_comes_before_what_is_due_later(store: StoreWriter) -> None:
    older, later = add_versions(store, 2)
    with store.transaction() as transaction:
        transaction.outbox.enqueue([item(older), item(later, due_at=after(1))], SEEN)
    [abandoned] = claim(store)
    end_lease(store)
    [again] = claim(store, OTHER, after(2), limit=1)
    assert again.id == abandoned.id


def test_only_the_channels_asked_for_are_served(store: StoreWriter) -> None:
    [version] = add_versions(store, 1)
    with store.transaction() as transaction:
        items = [item(version, channel=name) for name in ("hook", "mail", "slack")]
        transaction.outbox.enqueue(items, SEEN)
    assert claim(store, channels=["folder"]) == []
    assert claim(store, channels=[]) == []
    assert claim(store, channels=["mail"], paused=["mail"]) == []
    assert [one.channel for one in claim(store, paused=["hook", "slack"])] == ["mail"]
    assert [one.channel for one in claim(store, channels=["hook", "mail"])] == ["hook"]
    assert [one.channel for one in claim(store)] == ["slack"]
    end_lease(store)
    late = claim(store, OTHER, channels=["mail", "slack"])
    assert sorted(one.channel for one in late) == ["mail", "slack"]


def test_a_sent_message_is_done(store: StoreWriter, store_url: str) -> None:
    enqueue(store)
    [message] = claim(store)
    assert record(store, message, MessageState.SENT)
    [sent] = messages(store_url)
    assert (sent.state, sent.sent_at, sent.attempts) == (MessageState.SENT, after(1), 1)
    assert (sent.claimed_by, sent.claim_fence, sent.last_error) == (None, None, None)
    assert claim(store, OTHER, after(10_000)) == []
    with open_reader(store_url) as reader:
        assert reader.outbox.attempts(message.id) == [
            Attempt(message_id=message.id, at=after(1), outcome="tried", detail="250 ok")
        ]


def test_a_message_to_be_tried_again_waits_for_its_time(store: StoreWriter, store_url: str) -> None:
    enqueue(store)
    [message] = claim(store)
    assert record(store, message, MessageState.WAITING, detail="421 later", due_at=after(300))
    [waiting] = messages(store_url)
    assert (waiting.state, waiting.due_at) == (MessageState.WAITING, after(300))
    assert (waiting.attempts, waiting.last_error) == (1, "421 later")
    assert claim(store, OTHER, after(299)) == []
    [message] = claim(store, OTHER, after(300))
    assert message.attempts == 1
    assert record(store, message, MessageState.SENT)
    [sent] = messages(store_url)
    assert (sent.attempts, sent.last_error) == (2, None)
    with open_reader(store_url) as reader:
        assert [one.detail for one in reader.outbox.attempts(sent.id)] == ["421 later", "250 ok"]


def test_a_worker_that_lost_its_claim_records_nothing(store: StoreWriter, store_url: str) -> None:
    enqueue(store)
    [message] = claim(store)
    with store.transaction() as transaction:
        lost = worker_lease(transaction, ONE)
    end_lease(store)
    [theirs] = claim(store, OTHER)
    before = messages(store_url)
    for state, due_at in ((MessageState.SENT, None), (MessageState.WAITING, after(9))):
        assert not record(store, message, state, due_at=due_at)
    with store.transaction() as transaction:
        assert transaction.outbox.release(lost, [message.id]) == set()
        assert transaction.outbox.attempts(message.id) == []
    assert messages(store_url) == before
    assert record(store, theirs, MessageState.SENT)
    assert not record(store, theirs, MessageState.DEAD)


def test_a_worker_that_has_a_new_lease_has_not_what_it_claimed_under_the_lost_one(
    store: StoreWriter,
) -> None:
    enqueue(store)
    [message] = claim(store)
    end_lease(store)
    [again] = claim(store)
    assert (again.id, again.claimed_by) == (message.id, message.claimed_by)
    assert not record(store, message, MessageState.SENT), "another fence"
    assert record(store, again, MessageState.SENT)


def test_a_claim_whose_lease_is_lost_and_that_nobody_took_is_still_the_workers(
    store: StoreWriter,
) -> None:
    enqueue(store)
    [message] = claim(store)
    end_lease(store)
    assert record(store, message, MessageState.SENT)
    assert claim(store, OTHER) == []


def test_claims_are_given_back(store: StoreWriter, store_url: str) -> None:
    enqueue(store, 3)
    ids = [message.id for message in claim(store)]
    with store.transaction() as transaction:
        lease = worker_lease(transaction, ONE)
        assert transaction.outbox.release(lease, [*ids[:2], 999_999]) == set(ids[:2])
    waiting = messages(store_url)[:2]
    assert {one.state for one in waiting} == {MessageState.WAITING}
    assert {(one.attempts, one.claimed_by, one.claim_fence) for one in waiting} == {(0, None, None)}
    assert [one.id for one in claim(store, OTHER)] == ids[:2]


def test_a_digest_without_items_is_dropped_untried(store: StoreWriter, store_url: str) -> None:
    add_versions(store, 1)
    with store.transaction() as transaction:
        transaction.outbox.open_digest(
            subscriber="ana", channel="mail", target="", cutoff=SEEN, at=SEEN
        )
    [message] = claim(store)
    with store.transaction() as transaction:
        assert transaction.outbox.record(message, None, MessageState.DROPPED)
    [dropped] = messages(store_url)
    assert (dropped.state, dropped.attempts) == (MessageState.DROPPED, 0)


def test_what_cannot_become_of_a_message_is_refused(store: StoreWriter) -> None:
    enqueue(store)
    [message] = claim(store)
    with pytest.raises(ValueError, match="due_at"):
        record(store, message, MessageState.WAITING)
    with pytest.raises(ValueError, match="due_at"):
        record(store, message, MessageState.SENT, due_at=after(1))
    with pytest.raises(ValueError, match="SENDING"):
        record(store, message, MessageState.SENDING)
    assert record(store, message, MessageState.SENT)


def test_what_a_service_says_at_length_is_cut(store: StoreWriter, store_url: str) -> None:
    enqueue(store)
    [message] = claim(store)
    assert record(store, message, MessageState.DEAD, detail="no\0" + "!" * 100_000)
    [dead] = messages(store_url)
    assert dead.last_error is not None
    assert dead.last_error.startswith("no\N{REPLACEMENT CHARACTER}!")
    assert len(dead.last_error) == 2_000


def test_dead_letters_are_tried_again_from_the_start(store: StoreWriter, store_url: str) -> None:
    enqueue(store, 4)
    dead, sent, sending, dropped = claim(store)
    record(store, dead, MessageState.DEAD, detail="550 unknown")
    record(store, sent, MessageState.SENT)
    record(store, dropped, MessageState.DROPPED)
    ids = [dead.id, sent.id, sending.id, dropped.id]
    with store.transaction() as transaction:
        assert transaction.outbox.retry([*ids, 999_999], now=after(5)) == {dead.id, dropped.id}
    again = claim(store, OTHER, after(5))
    assert [(one.id, one.attempts) for one in again] == [(dead.id, 0), (dropped.id, 0)]
    assert again[0].uid == dead.uid
    with open_reader(store_url) as reader:
        assert [one.detail for one in reader.outbox.attempts(dead.id)] == ["550 unknown"]


def test_a_waiting_message_can_be_hastened_or_dropped(store: StoreWriter, store_url: str) -> None:
    enqueue(store, 3, due_at=after(1_000))
    first, second, third = (one.id for one in messages(store_url))
    with store.transaction() as transaction:
        assert transaction.outbox.retry([first], now=after(5)) == {first}
    assert [one.id for one in claim(store, now=after(5))] == [first]
    with store.transaction() as transaction:
        assert transaction.outbox.drop([first, second]) == {second}
    end_lease(store)
    assert [one.id for one in claim(store, OTHER, after(1_000))] == [first, third]


def test_a_dropped_digest_takes_no_more_items(store: StoreWriter, store_url: str) -> None:
    first, second = add_versions(store, 2)
    with store.transaction() as transaction:
        transaction.outbox.enqueue([digest_item(first)], SEEN)
    [message] = messages(store_url)
    with store.transaction() as transaction:
        assert transaction.outbox.drop([message.id]) == {message.id}
        late = digest_item(second)
        assert transaction.outbox.enqueue([late], SEEN) == [late]
        transaction.outbox.retry([message.id], now=CUTOFF)
        assert transaction.outbox.enqueue([late], SEEN) == [late]


MESSAGES, AT_A_TIME = 120, 7


def work(url: str, worker: str) -> list[int]:
    """Claim and send until there is nothing more; return what was sent, in order."""
    sent: list[int] = []
    with open_store(url, busy_timeout_s=PATIENCE_S) as store:
        while taken := claim(store, worker, limit=AT_A_TIME):
            for message in taken:
                assert record(store, message, MessageState.SENT)
                sent.append(message.id)
    return sent


def test_of_programs_that_want_the_same_messages_each_gets_others(store_url: str) -> None:
    with open_store(store_url) as store:
        versions = add_versions(store, 2)
        with store.transaction() as transaction:
            items = [
                item(version, target=f"{number}@example.org")
                for version in versions
                for number in range(MESSAGES // 2)
            ]
            transaction.outbox.enqueue(items, SEEN)
    with ProcessPoolExecutor(2, mp_context=FORKING) as pool:
        futures = [pool.submit(work, store_url, f"worker {number}") for number in range(2)]
        sent = [future.result(timeout=100) for future in futures]
    together = sent[0] + sent[1]
    assert len(together) == len(set(together))
    everything = messages(store_url)
    # One may have found nothing while the other held the last ones: never the other way round.
    assert sorted(together) == [one.id for one in everything]
    assert {(one.state, one.attempts) for one in everything} == {(MessageState.SENT, 1)}
