"""The right to know what is stored about oneself, and to have it erased."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from monitor.model.incidents import OPERATOR, Incident
from monitor.model.messages import Attempt, ChannelState, MessageState
from monitor.model.subscriptions import Filter, Silence, Trials
from monitor.model.tokens import AccessToken
from monitor.store.address import StoreAddress
from monitor.store.compacting import compact
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.store.deliveries import add_versions, digest_item, item, subscription
from tests.store.examples import NCT_ID, SEEN
from tests.store.leasing import claim
from tests.store.test_snapshots import run_sql

NAME = "Anastasia Xylander"
ADDRESS = "a.xylander@example.org"
ILLNESS = "pemphigus vulgaris"
TELLING = [NAME, ADDRESS, ILLNESS, "xylander"]
PATIENCE_S = 60

TABLES = (
    "trials", "versions", "snapshots", "events", "subscribers", "subscriptions", "silences",
    "tokens", "messages", "outbox", "attempts", "channel_states", "properties",
    "incidents", "notices", "confirmed_addresses", "subscription_requests", "pauses",
)  # fmt: skip


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    with open_store(store_url, busy_timeout_s=PATIENCE_S) as store:
        yield store


def live_through(store: StoreWriter) -> list[int]:
    """Have everything happen to the person and to ben that leaves a trace; return versions."""
    versions = add_versions(store, 2, NAME, "ben")
    with store.transaction() as transaction:
        trials = Trials(filters=(Filter(wanted={"condition": (ILLNESS,)}),))
        for name in (NAME, "ben"):
            number = transaction.subscribers.put_subscription(
                subscription(name, f"wish of {name}", trials=trials)
            )
            silence = Silence(
                id=0,
                subscriber=name,
                nct_id=NCT_ID,
                kind=None,
                until=SEEN,
                reason=f"{name} is ill",
                created_at=SEEN,
            )
            transaction.subscribers.put_silence(silence)
            transaction.tokens.store(
                AccessToken(name=f"of {name}", subscriber=name, operator=False, created_at=SEEN),
                f"secret of {name}",
            )
            whom = {"subscriber": name, "target": ADDRESS if name == NAME else "ben@example.org"}
            transaction.readers.confirm_address(name, whom["target"], SEEN)
            transaction.readers.put_pause(number, SEEN)
            requested = subscription(name, f"asked for by {name}")
            transaction.readers.put_request(requested, address=whom["target"], network="", at=SEEN)
            reported = {**whom, "reason": f"your subscription “wish of {name}”"}
            items = [item(version, number, **reported) for version in versions]
            items.append(digest_item(versions[0], number + 10, **reported))
            transaction.outbox.enqueue(items, SEEN)
        for message in claim(transaction, "w", now=SEEN, limit=10):
            text = f"450 <{message.target}> later"
            attempt = Attempt(message_id=message.id, at=SEEN, outcome="transient", detail=text)
            again = SEEN + timedelta(minutes=1)
            waiting = MessageState.WAITING
            assert transaction.outbox.record(message, attempt, waiting, due_at=again)
        text = f"550 <{ADDRESS.upper()}>: unknown"
        transaction.outbox.put_channel_state(ChannelState(channel="mail", last_error=text))
        transaction.outbox.put_channel_state(ChannelState(channel="hook", last_error="timeout"))
        dead = Incident(key="dead:mail", began="a message is dead", over="", detail=text)
        transaction.incidents.begin(dead, at=SEEN)
    return versions


def traces(url: str) -> list[str]:
    """Return the rows that name the person, whatever their case."""
    rows = [str(row) for table in TABLES for row in run_sql(url, f"SELECT * FROM {table}")]  # noqa: S608 - of our tables
    return [row for row in rows if any(word.casefold() in row.casefold() for word in TELLING)]


def test_a_person_can_see_all_that_is_stored_about_them(store: StoreWriter, store_url: str) -> None:
    live_through(store)
    with open_reader(store_url) as reader:
        export = reader.subscribers.export(NAME)
        assert reader.subscribers.export("nobody") is None
    assert export is not None
    assert orjson.loads(orjson.dumps(export)) == export
    assert export["subscriber"] == {
        "name": NAME,
        "origin": "config",
        "status": "active",
        "created_at": "2026-02-19T14:05:00+00:00",
    }
    [wish] = export["subscriptions"]
    assert wish["name"] == f"wish of {NAME}"
    assert wish["definition"]["trials"] == {"filters": [{"wanted": {"condition": [ILLNESS]}}]}
    [silence] = export["silences"]
    assert silence["reason"] == f"{NAME} is ill"
    assert export["address"]["address"] == ADDRESS
    [token] = export["tokens"]
    assert (token["name"], "sha256" in token) == (f"of {NAME}", False)
    assert [len(message["items"]) for message in export["messages"]] == [1, 1, 1]
    assert [len(message["attempts"]) for message in export["messages"]] == [0, 1, 1]
    first = export["messages"][1]
    assert first["due_at"] == "2026-02-19T14:06:00+00:00"
    assert first["items"][0]["positions"] == [0, 2]
    assert first["attempts"][0]["detail"] == f"450 <{ADDRESS}> later"
    assert "ben@example.org" not in str(export)


def test_a_damaged_definition_is_exported_as_it_stands(store: StoreWriter, store_url: str) -> None:
    live_through(store)
    run_sql(store_url, "UPDATE subscriptions SET definition = '{half'")
    with open_reader(store_url) as reader:
        export = reader.subscribers.export(NAME)
    assert export is not None
    assert [wish["definition"] for wish in export["subscriptions"]] == ["{half"]


def test_who_is_forgotten_leaves_nothing_and_takes_nobody_along(
    store: StoreWriter, store_url: str
) -> None:
    live_through(store)
    with open_reader(store_url) as reader:
        others = reader.subscribers.export("ben")
    assert len(traces(store_url)) > 10
    with store.transaction() as transaction:
        assert transaction.subscribers.forget(NAME) == {
            "attempts": 2,
            "items": 3,
            "messages": 3,
            "silences": 1,
            "tokens": 1,
            "pauses": 1,
            "requests": 1,
            "addresses": 1,
            "subscriptions": 1,
            "subscribers": 1,
        }
    left = traces(store_url)
    assert len(left) == 1  # ben has the same illness
    assert "wish of ben" in left[0]
    with open_reader(store_url) as reader:
        assert reader.subscribers.export("ben") == others
        errors = {one.channel: one.last_error for one in reader.outbox.channel_states()}
        assert errors == {"hook": "timeout", "mail": None}
        assert len(reader.versions(NCT_ID)) == 2


def test_a_person_who_is_called_as_the_operator_takes_no_notice_along(
    store: StoreWriter, store_url: str
) -> None:
    add_versions(store, 1, OPERATOR)
    with store.transaction() as transaction:
        begun = transaction.incidents.begin(Incident(key="a", began="a fails", over=""), at=SEEN)
        reported = [(begun, begun.state)]
        transaction.incidents.notify(reported, channel="mail", target=ADDRESS, store="s", at=SEEN)
        assert transaction.subscribers.forget(OPERATOR)["messages"] == 0
    with open_reader(store_url) as reader:
        [message] = reader.outbox.messages()
        assert [one.incident for one in reader.incidents.of_message(message.id)] == [begun]


def test_the_files_of_a_compacted_store_do_not_hold_the_name(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        live_through(store)
        assert NAME.encode() in contents(sqlite_url)
        with store.transaction() as transaction:
            transaction.subscribers.forget(NAME)
            transaction.subscribers.forget("ben")
        assert compact(sqlite_url)
        for word in TELLING:
            assert word.encode() not in contents(sqlite_url)
        # The store goes on as before.
        assert len(live_through_again(store)) == 1


def live_through_again(store: StoreWriter) -> list[int]:
    with store.transaction() as transaction:
        return [transaction.subscribers.put_subscription(subscription())]


def contents(url: str) -> bytes:
    """Return all bytes of a SQLite store's files."""
    path = StoreAddress.parse(url).path
    assert path is not None
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))


def test_a_reader_may_keep_a_part_of_the_old_log(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        live_through(store)
        with open_reader(sqlite_url) as reader:
            assert reader.subscribers.export(NAME) is not None
            with store.transaction() as transaction:
                transaction.subscribers.forget(NAME)
            assert not compact(sqlite_url, busy_timeout_s=0.1)
            assert reader.subscribers.export(NAME) is not None
        assert compact(sqlite_url)
        assert NAME.encode() not in contents(sqlite_url)


def test_the_tables_of_a_compacted_server_are_written_anew(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        live_through(store)
        with store.transaction() as transaction:
            transaction.subscribers.forget(NAME)
    where = "SELECT pg_relation_filepath('messages')"
    before = run_sql(postgres_url, where)
    assert compact(postgres_url)
    assert run_sql(postgres_url, where) != before


def test_what_was_being_sent_is_not_recorded_after_forgetting(
    store: StoreWriter, store_url: str
) -> None:
    [version, _] = live_through(store)
    with store.transaction() as transaction:
        later = SEEN + timedelta(hours=1)
        taken = claim(transaction, "w", now=later, limit=10)
        transaction.subscribers.forget(NAME)
    theirs = next(message for message in taken if message.subscriber == NAME)
    with store.transaction() as transaction:
        attempt = Attempt(message_id=theirs.id, at=SEEN, outcome="sent", detail=f"to {ADDRESS}")
        assert not transaction.outbox.record(theirs, attempt, MessageState.SENT)
        late = item(version, 77, subscriber=NAME, target=ADDRESS)
        assert transaction.outbox.enqueue([late], SEEN) == []
    assert len(traces(store_url)) == 1


def test_who_enqueues_meanwhile_brings_nobody_back(store: StoreWriter, store_url: str) -> None:
    [version, _] = live_through(store)
    late = item(version, 77, subscriber=NAME, target=f"second.{ADDRESS}")

    def forget() -> int:
        with store.transaction() as transaction:
            return transaction.subscribers.forget(NAME)["items"]

    with ThreadPoolExecutor(1) as pool:
        with store.transaction() as transaction:
            assert transaction.outbox.enqueue([late], SEEN) == []
            attempt = pool.submit(forget)
            with pytest.raises(TimeoutError):
                attempt.result(timeout=0.3)
        assert attempt.result(timeout=PATIENCE_S) == 4
    assert len(traces(store_url)) == 1


def test_there_is_nothing_to_compact_where_there_is_no_store(tmp_path: Path) -> None:
    from monitor.errors import StoreError

    with pytest.raises(StoreError, match="cannot be opened"):
        compact(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []
