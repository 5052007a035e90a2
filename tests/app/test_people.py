"""The people of the configuration come into the store, and leave it alone otherwise."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.app import App
from monitor.app.subscribers import sync_from_config, sync_subscribers, wanted_subscriptions
from monitor.config import load
from monitor.errors import ConfigError
from monitor.model.subscriptions import (
    Subscriber,
    Subscription,
    SubscriptionOrigin,
    SubscriptionStatus,
    Trials,
)
from monitor.settings import Settings
from monitor.store.writer import StoreWriter, open_store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CHANNEL = '[[channel]]\nname = "out"\ntype = "console"\n'


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    """Return an empty store."""
    with open_store(store_url) as opened:
        yield opened


def table(name: str, subscriber: str = "ana", lines: str = "all = true") -> str:
    return (
        f'[[subscription]]\nname = "{name}"\nsubscriber = "{subscriber}"\nchannels = "out"\n'
        f"{lines}\n"
    )


def person(name: str) -> str:
    return f'[[subscriber]]\nname = "{name}"\n'


def settings(folder: Path, *tables: str) -> Settings:
    file = folder / "monitor.toml"
    file.write_text(CHANNEL + "".join(tables), "utf-8")
    return load(file, environ={})


def by_command(name: str, subscriber: str = "ana") -> Subscription:
    return Subscription(
        id=0,
        subscriber=subscriber,
        name=name,
        trials=Trials(everything=True),
        channels=("out",),
        origin=SubscriptionOrigin.COMMAND,
        created_at=NOW,
    )


def put(store: StoreWriter, subscription: Subscription) -> None:
    with store.transaction() as transaction:
        transaction.subscribers.put_subscription(subscription)


def stored(store: StoreWriter) -> dict[tuple[str, str], Subscription]:
    with store.transaction() as transaction:
        found = transaction.subscribers.subscriptions()
    return {(one.subscriber, one.name): one for one in found}


def people(store: StoreWriter) -> dict[str, Subscriber]:
    with store.transaction() as transaction:
        return {one.name: one for one in transaction.subscribers.subscribers()}


def version(store: StoreWriter) -> int:
    with store.transaction() as transaction:
        return transaction.subscribers.version()


def test_what_the_file_says_is_stored(store: StoreWriter, tmp_path: Path) -> None:
    found = settings(
        tmp_path, person("bo"), table("a"), table("b", lines="nct_ids = 'NCT00000102'")
    )
    done = sync_subscribers(found, store, NOW)
    assert (done.subscriptions, done.retired_subscriptions, done.retired_subscribers) == (2, (), ())
    assert set(people(store)) == {"ana", "bo"}
    assert {one.origin for one in people(store).values()} == {SubscriptionOrigin.CONFIG}
    wanted = wanted_subscriptions(found, NOW)
    assert {names: replace(one, id=0) for names, one in stored(store).items()} == wanted


def test_the_same_file_again_changes_nothing(store: StoreWriter, tmp_path: Path) -> None:
    found = settings(tmp_path, person("bo"), table("a"))
    sync_subscribers(found, store, NOW)
    before, counted = stored(store), version(store)
    sync_subscribers(found, store, LATER)
    assert (stored(store), version(store)) == (before, counted)


def test_a_changed_subscription_keeps_its_number_and_its_date(
    store: StoreWriter, tmp_path: Path
) -> None:
    sync_subscribers(settings(tmp_path, table("a")), store, NOW)
    before = stored(store)["ana", "a"]
    sync_subscribers(
        settings(tmp_path, table("a", lines='all = true\nwhen = "hourly"')), store, LATER
    )
    after = stored(store)["ana", "a"]
    assert str(after.when) == "hourly"
    assert (after.id, after.created_at) == (before.id, NOW)


def test_what_left_the_file_is_retired_and_comes_back_with_it(
    store: StoreWriter, tmp_path: Path
) -> None:
    sync_subscribers(settings(tmp_path, person("bo"), table("a"), table("b")), store, NOW)
    done = sync_subscribers(settings(tmp_path, table("b")), store, LATER)
    assert done.retired_subscriptions == (("ana", "a"),)
    assert done.retired_subscribers == ("bo",)
    assert stored(store)["ana", "a"].status is SubscriptionStatus.RETIRED
    assert people(store)["bo"].status is SubscriptionStatus.RETIRED
    sync_subscribers(settings(tmp_path, person("bo"), table("a"), table("b")), store, LATER)
    assert {one.status for one in stored(store).values()} == {SubscriptionStatus.ACTIVE}
    assert {one.status for one in people(store).values()} == {SubscriptionStatus.ACTIVE}


def test_what_commands_made_is_left_alone(store: StoreWriter, tmp_path: Path) -> None:
    put(store, by_command("mine"))
    put(store, by_command("theirs", "bo"))
    sync_subscribers(settings(tmp_path, table("a")), store, NOW)
    sync_subscribers(settings(tmp_path), store, LATER)
    found = stored(store)
    assert found["ana", "a"].status is SubscriptionStatus.RETIRED
    assert {found["ana", "mine"].status, found["bo", "theirs"].status} == {
        SubscriptionStatus.ACTIVE
    }
    assert {one.status for one in people(store).values()} == {SubscriptionStatus.ACTIVE}


def test_what_was_paused_by_command_stays_paused(store: StoreWriter, tmp_path: Path) -> None:
    sync_subscribers(settings(tmp_path, table("a")), store, NOW)
    with store.transaction() as transaction:
        transaction.subscribers.set_status("ana", "a", SubscriptionStatus.PAUSED)
    sync_subscribers(
        settings(tmp_path, table("a", lines='all = true\nwhen = "hourly"')), store, LATER
    )
    assert stored(store)["ana", "a"].status is SubscriptionStatus.PAUSED


def test_a_name_that_a_command_took_is_an_error_and_stores_nothing(
    store: StoreWriter, tmp_path: Path
) -> None:
    put(store, by_command("a"))
    before = stored(store)
    with pytest.raises(ConfigError) as caught:
        sync_subscribers(settings(tmp_path, table("b"), table("a")), store, NOW)
    text = '[[subscription]] "a" of ana: a subscription of that name was made by command; '
    assert str(caught.value).startswith(text)
    assert stored(store) == before
    with store.transaction() as transaction:
        transaction.subscribers.set_status("ana", "a", SubscriptionStatus.RETIRED)
    sync_subscribers(settings(tmp_path, table("b"), table("a")), store, NOW)
    assert stored(store)["ana", "a"].origin is SubscriptionOrigin.CONFIG


# --- bringing in line, only where it is needed -------------------------------------------------


def app(folder: Path, url: str, *tables: str) -> App:
    found = App(settings=settings(folder, *tables), now=lambda: NOW)
    return found.with_store(url)


def test_a_store_that_nobody_needs_is_not_made(tmp_path: Path, sqlite_url: str) -> None:
    sync_from_config(app(tmp_path, sqlite_url))
    assert not (tmp_path / "stores").exists()
    sync_from_config(app(tmp_path, sqlite_url, table("a")))
    assert (tmp_path / "stores" / "monitor.db").exists()


@pytest.mark.parametrize(
    "tables",
    [
        (table("a"),),
        (table("a"), table("b"), table("c", "bo")),
        (table("a"), person("ana"), person("cy")),
        (table("a", lines='all = true\nquiet = "1:00-2:00"'), table("b", "bo")),
        (table("a"), table("b", "bo"), person("dee"), person("cy")),
        (table("a"), table("b", "bo")),
        (),
    ],
)
def test_each_difference_between_file_and_store_is_brought_in_line(
    store: StoreWriter, store_url: str, tmp_path: Path, tables: tuple[str, ...]
) -> None:
    sync_from_config(app(tmp_path, store_url, table("a"), table("b", "bo"), person("dee")))
    sync_from_config(app(tmp_path, store_url, *tables))
    found = settings(tmp_path, *tables)
    live = {n: one for n, one in stored(store).items() if one.status is SubscriptionStatus.ACTIVE}
    wanted = wanted_subscriptions(found, NOW)
    assert {names: replace(one, id=0) for names, one in live.items()} == wanted
    active = {one.name for one in people(store).values() if one.status is SubscriptionStatus.ACTIVE}
    assert active == {one.name for one in found.subscribers}


def test_a_store_that_is_in_line_is_only_read(tmp_path: Path, sqlite_url: str) -> None:
    found = app(tmp_path, sqlite_url, person("cy"), table("a"), table("b", "bo"))
    sync_from_config(found)
    with open_store(sqlite_url) as store:
        put(store, by_command("mine", "dee"))
        with store.transaction() as transaction:
            transaction.subscribers.set_status("bo", "b", SubscriptionStatus.PAUSED)
        # The write lock is held: whoever wanted to write would have to wait for it.
        with store.transaction():
            hurried = replace(found, settings=_impatient(found.settings))
            sync_from_config(hurried)


def _impatient(given: Settings) -> Settings:
    from msgspec.structs import replace as replaced

    return replaced(given, store=replaced(given.store, busy_timeout_s=0.1))
