"""Looking into the outbox: what waits, what went, how the channels do."""

from collections.abc import Iterator

import pytest

from monitor.errors import StoreError
from monitor.model.messages import ChannelState, MessageState
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.store.deliveries import add_versions, item
from tests.store.test_outbox import after, claim, enqueue, stored
from tests.store.test_snapshots import run_sql


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    with open_store(store_url) as store:
        yield store


def test_a_message_is_found_by_the_id_that_its_receiver_sees(
    store: StoreWriter, store_url: str
) -> None:
    enqueue(store, item(add_versions(store, 1)[0]))
    [message] = claim(store)
    assert message.uid is not None
    with open_reader(store_url) as reader:
        assert reader.outbox.message(message.id) == message
        assert reader.outbox.message(message.uid) == message
        assert reader.outbox.message(message.id + 1) is None
        assert reader.outbox.message("") is None


def test_what_tells_of_a_version_is_found_with_its_message(
    store: StoreWriter, store_url: str
) -> None:
    first, second = add_versions(store, 2)
    enqueue(store, item(first), item(second), item(first, channel="slack", target=""))
    with open_reader(store_url) as reader:
        found = reader.outbox.of_version(first)
        assert {(one.version_id, one.channel) for one, _ in found} == {
            (first, "mail"), (first, "slack"),
        }  # fmt: skip
        assert all(reader.outbox.message(message.id) == message for _, message in found)
        assert [one.channel for one, message in found] == [m.channel for _, m in found]
        assert reader.outbox.of_version(second + 1) == []


def test_what_is_looked_for_is_what_is_listed(store: StoreWriter, store_url: str) -> None:
    first, second = add_versions(store, 2, "ana", "ben")
    enqueue(store, item(first), item(second), item(first, channel="slack", target=""))
    enqueue(store, item(first, 5, subscriber="ben", due_at=after(1)))
    claim(store, after(0))
    with open_reader(store_url) as reader:
        outbox = reader.outbox
        assert outbox.counts() == {
            MessageState.SENDING: {"mail": 2, "slack": 1},
            MessageState.WAITING: {"mail": 1},
        }
        assert outbox.channels() == ["mail"]
        assert outbox.channels(MessageState.SENDING) == ["mail", "slack"]
        assert outbox.oldest_due() == after(1)
        assert outbox.oldest_due("slack") is None
        everything = outbox.messages()
        assert [m.id for m in everything] == sorted((m.id for m in everything), reverse=True)
        assert len(everything) == 4
        assert [m.subscriber for m in outbox.messages(state=MessageState.WAITING)] == ["ben"]
        assert [m.channel for m in outbox.messages(subscriber="ana", channel="slack")] == ["slack"]
        assert outbox.messages(limit=2) == everything[:2]
        assert outbox.messages(state=MessageState.DEAD) == []
        trials = outbox.trials()
        assert trials.keys() == {message.id for message in everything}
        for message in everything:
            of = {one.nct_id for one in outbox.items(message.id)}
            assert trials[message.id] == (min(of), len(of))
        assert outbox.trials(limit=1).keys() == {everything[0].id}
        assert outbox.trials(state=MessageState.DEAD) == {}


def test_how_a_channel_does_is_kept(store: StoreWriter, store_url: str) -> None:
    paused = ChannelState(
        channel="mail", failures=5, paused_until=after(600), last_error="421 later", reported=True
    )
    with store.transaction() as transaction:
        assert transaction.outbox.channel_state("mail") == ChannelState(channel="mail")
        transaction.outbox.put_channel_state(paused)
        assert transaction.outbox.channel_state("mail") == paused
        transaction.outbox.put_channel_state(ChannelState(channel="hook", failures=1))
    with open_reader(store_url) as reader:
        assert reader.outbox.channel_state("mail") == paused
        assert [one.channel for one in reader.outbox.channel_states()] == ["hook", "mail"]
    with store.transaction() as transaction:
        transaction.outbox.put_channel_state(ChannelState(channel="mail"))
    with open_reader(store_url) as reader:
        assert reader.outbox.channel_state("mail") == ChannelState(channel="mail")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE outbox SET positions = '[0, \"x\"]'", "an item of message"),
        ("UPDATE outbox SET positions = '{'", "an item of message"),
        ("UPDATE messages SET state = 'lost'", "message "),
    ],
)
def test_damaged_rows_are_named(
    store: StoreWriter, store_url: str, damage: str, named: str
) -> None:
    enqueue(store, item(add_versions(store, 1)[0]))
    run_sql(store_url, damage)
    with pytest.raises(StoreError, match=f"is damaged: {named}") as caught:
        stored(store_url)
    assert "\n" not in str(caught.value)
