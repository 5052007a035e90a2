"""A store of an earlier program: upgraded whole or not at all, and nothing in it changes."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest
from alembic import command
from alembic.config import Config

from monitor.model.changes import FORMER_KINDS, ChangeKind
from monitor.model.messages import Attempt, MessageState
from monitor.model.subscriptions import Changes, Silence
from monitor.model.tracking import Presence, Sighting, SourceRow, StoreCounts, TrackedRecord
from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine
from monitor.store.migrate import MIGRATIONS, upgrade
from monitor.store.reader import open_reader, schema_status
from monitor.store.revisions import HEAD, REVISIONS, SchemaStatus
from monitor.store.schema import metadata
from monitor.store.writer import open_store
from tests.store.deliveries import add_versions, item, subscription
from tests.store.doors import refusal
from tests.store.examples import NCT_ID, SEEN, add_series, document, quarantine_entry, status_event
from tests.store.leasing import claim
from tests.store.test_snapshots import run_sql

pytestmark = pytest.mark.usefixtures("own_revisions")

TABLES = {
    "sqlite": """SELECT t.name || '.' || c.name, c.type || ' ' || c."notnull" || ' ' || c.pk
        FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'
        UNION ALL SELECT t.name || '.' || k."from", k."table" || '.' || k."to"
        FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table'
        UNION ALL SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY 1, 2""",
    "postgresql": """SELECT table_name || '.' || column_name, data_type || ' ' || is_nullable
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        ORDER BY 1, 2""",
}
LATER = {"identity", "rules", "learned_at", "search_sha256"}
FIRST_TABLES = ("trials", "versions", "snapshots", "events", "quarantine")


def first_columns(table: str) -> str:
    return ", ".join(one.name for one in metadata.tables[table].columns if one.name not in LATER)


ROWS = {
    table: f"SELECT {first_columns(table)} FROM {table} ORDER BY 1"  # noqa: S608 - names of the program
    for table in FIRST_TABLES
}


def migrate(url: str, revision: str, *, down: bool = False) -> None:
    engine = make_engine(StoreAddress.parse(url), busy_timeout_s=5)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)
    engine.dispose()


def tables(url: str) -> list[tuple[object, ...]]:
    return run_sql(url, TABLES[url.split(":", maxsplit=1)[0]])


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    return {table: run_sql(url, sql) for table, sql in ROWS.items()}


@pytest.fixture
def first_url(store_url: str) -> str:
    """Return the URL of a store as the first program left it, with something in every table."""
    with open_store(store_url) as store:
        add_series(store, [document(), document(status="COMPLETED")])
        with store.transaction() as transaction:
            latest = transaction.latest([NCT_ID])[NCT_ID]
            transaction.replace_events(latest.id, NCT_ID, [status_event()] * 3, backfilled=False)
            transaction.quarantine(quarantine_entry())
    migrate(store_url, "0001", down=True)
    return store_url


@pytest.mark.parametrize(("older", "newer"), list(pairwise(REVISIONS)))
def test_a_schema_is_what_undoing_the_next_leaves(
    new_store_url: str, older: str, newer: str
) -> None:
    migrate_new(new_store_url, older)
    before = tables(new_store_url)
    migrate(new_store_url, newer)
    assert (tables(new_store_url) == before) is (
        newer in ONLY_ROWS[new_store_url.split(":", maxsplit=1)[0]]
    )
    migrate(new_store_url, older, down=True)
    assert tables(new_store_url) == before


def test_a_store_of_followed_sources_gets_subscribers_and_keeps_all_else(
    store_url: str,
) -> None:
    row = SourceRow(name="lupus", type="ctgov", cursor="2026-02-18", reported=False)
    with open_store(store_url) as store:
        add_series(store, [document(), document(status="COMPLETED")])
        with store.transaction() as transaction:
            transaction.sources.store_row(row)
            sights = [Sighting(nct_id=NCT_ID)]
            transaction.sources.follow("lupus", sights, pass_number=1, at=SEEN)
            transaction.leases.take("scheduler", "one", now=SEEN, ttl_s=60)
    migrate(store_url, "0002", down=True)
    before = contents(store_url)
    assert upgrade(store_url) == SchemaStatus(status="old", revision="0002")
    assert contents(store_url) == before
    with open_reader(store_url) as reader:
        assert reader.sources.all() == [row]
        assert reader.sources.tracked_records("lupus") == [
            TrackedRecord(
                source="lupus",
                nct_id=NCT_ID,
                presence=Presence.SHOWN,
                merged_into=None,
                pass_number=1,
                since=SEEN,
            )
        ]
        assert reader.subscribers.subscriptions() == []
        assert (reader.subscribers.version(), reader.outbox.counts()) == (0, {})
    with open_store(store_url, create=False) as store, store.transaction() as transaction:
        number = transaction.subscribers.put_subscription(subscription())
        latest = transaction.latest([NCT_ID])[NCT_ID]
        assert transaction.outbox.enqueue([item(latest.id, number)], SEEN) == []
        assert len(claim(transaction, "w", now=SEEN, limit=9)) == 1


def test_what_was_held_before_the_leases_had_fences_is_let_go(store_url: str) -> None:
    with open_store(store_url) as store:
        [version] = add_versions(store, 1)
        with store.transaction() as transaction:
            transaction.outbox.enqueue([item(version)], SEEN)
    migrate(store_url, "0004", down=True)
    run_sql(
        store_url,
        "INSERT INTO leases (name, holder, acquired_at, expires_at) VALUES"
        " ('scheduler', 'old', '2099-01-01 00:00:00.000000Z', '2099-01-01 00:00:00.000000Z')",
    )
    run_sql(
        store_url,
        "UPDATE messages SET state = 'sending', closed = TRUE, claimed_by = 'old',"
        " claimed_until = '2099-01-01 00:00:00.000000Z'",
    )
    assert upgrade(store_url).status == "old"
    with open_store(store_url, create=False) as store, store.transaction() as transaction:
        assert transaction.leases.take("scheduler", "new", now=SEEN, ttl_s=60) is not None
        [message] = claim(transaction, "w", now=SEEN, limit=9)
        attempt = Attempt(message_id=message.id, at=SEEN, outcome="sent", detail="ok")
        assert transaction.outbox.record(message, attempt, MessageState.SENT)


ONLY_ROWS = {"sqlite": {"0015", "0016"}, "postgresql": {"0015"}}
"""Revisions that change what is stored, not where."""

AHEAD = SEEN + timedelta(days=9)

OLD_TOLD = {
    "source:ctgov": "the source ctgov works again",
    "held:all": "nothing of the source all is held any more",
    "held:all:3:rewritten,stamp": "",
}


@pytest.mark.parametrize(
    ("kept", "addresses", "beginning"),
    [
        pytest.param(OLD_TOLD, [""], "", id="one for all addresses"),
        pytest.param(
            {
                "addresses": {
                    name: {"wrong": OLD_TOLD, "since": {"source:ctgov": "2026-02-01"}, "at": "then"}
                    for name in ("a@example.org", "b@example.org")
                }
            },
            ["a@example.org", "b@example.org"],
            "2026-02-01",
            id="one for each address",
        ),
    ],
)
def test_what_the_operator_was_told_by_an_earlier_program_stays_told(
    new_store_url: str, kept: dict[str, Any], addresses: list[str], beginning: str
) -> None:
    migrate_new(new_store_url, "0010")
    run_sql(
        new_store_url,
        "INSERT INTO source_states (source, subject, state, updated_at) VALUES"  # noqa: S608 - the test's own
        f" ('operator/told', '', '{orjson.dumps(kept).decode()}', '2026-03-01 00:00:00.000000Z')",
    )
    assert upgrade(new_store_url).status == "old"
    with open_reader(new_store_url) as reader:
        assert reader.sources.state("operator/told") is None
        incidents = {one.key: one for one in reader.incidents.open()}
        assert incidents.keys() == {"source:ctgov", "held:all"}
        source, held = incidents["source:ctgov"], incidents["held:all"]
        assert (source.state, source.beginning) == ("began", beginning)
        assert source.over == "the source ctgov works again"
        assert held.state == "3:rewritten,stamp", "it is told again when a day has passed"
        assert reader.incidents.notified_states() == {
            (one.id, "", target, one.state) for one in incidents.values() for target in addresses
        }


def test_kinds_of_events_that_had_another_name_are_stored_by_the_present_one(
    store_url: str,
) -> None:
    kinds = {former: ChangeKind(present) for former, present in FORMER_KINDS.items()}
    with open_store(store_url) as store:
        [version] = add_versions(store, 1)
        with store.transaction() as transaction:
            wanted = Changes(kinds=frozenset(kinds.values()))
            transaction.subscribers.put_subscription(subscription(changes=wanted))
            for kind in kinds.values():
                silence = Silence(
                    id=0, subscriber="ana", nct_id=NCT_ID, kind=kind, until=AHEAD, created_at=SEEN
                )
                transaction.subscribers.put_silence(silence)
            found = [replace(status_event(), kind=kind) for kind in kinds.values()]
            transaction.replace_events(version, NCT_ID, found, backfilled=False)
    migrate(store_url, "0014", down=True)
    [(definition,)] = run_sql(store_url, "SELECT definition FROM subscriptions")
    for former, kind in kinds.items():
        assert str(kind) in str(definition)
        definition = str(definition).replace(str(kind), former)
    run_sql(store_url, "UPDATE subscriptions SET definition = :text", text=definition)
    for table in ("events", "silences"):
        stored = run_sql(store_url, f"SELECT kind FROM {table} ORDER BY kind")  # noqa: S608 - named above
        assert stored == [(former,) for former in sorted(kinds)]
    assert upgrade(store_url).status == "old"
    with open_reader(store_url) as reader:
        reported = reader.events(NCT_ID)[version]
        assert {one.event.kind for one in reported} == set(kinds.values())
        assert {one.kind for one in reader.subscribers.silences()} == set(kinds.values())
        [mine] = reader.subscribers.subscriptions()
        assert mine.changes.kinds == frozenset(kinds.values())


def test_undoing_a_schema_with_people_in_it_leaves_the_rest(store_url: str) -> None:
    with open_store(store_url) as store:
        [version, _] = add_versions(store, 2)
        with store.transaction() as transaction:
            transaction.subscribers.put_subscription(subscription())
            transaction.outbox.enqueue([item(version)], SEEN)
    before = contents(store_url)
    migrate(store_url, "0002", down=True)
    assert contents(store_url) == before
    assert upgrade(store_url).status == "old"
    with open_reader(store_url) as reader:
        assert reader.subscribers.subscribers() == []


def migrate_new(url: str, revision: str) -> None:
    """Migrate an empty store, whose SQLite folder is yet to be made."""
    path = StoreAddress.parse(url).path
    if path is not None:
        path.parent.mkdir(parents=True)
    migrate(url, revision)


def test_an_older_store_is_left_alone_and_says_how_to_upgrade(first_url: str) -> None:
    before = contents(first_url)
    for look in (lambda: open_reader(first_url), lambda: open_store(first_url)):
        text = refusal(look)
        assert "older schema 0001" in text
        assert "monitor db upgrade" in text
    assert schema_status(first_url) == SchemaStatus(status="old", revision="0001")
    assert contents(first_url) == before


def test_an_upgrade_keeps_every_row_and_knows_how_many_there_are(first_url: str) -> None:
    before = contents(first_url)
    assert [len(before[table]) for table in ROWS] == [1, 2, 2, 3, 1]
    assert upgrade(first_url) == SchemaStatus(status="old", revision="0001")
    assert schema_status(first_url) == SchemaStatus(status="current", revision=HEAD)
    assert contents(first_url) == before
    with open_reader(first_url) as reader:
        size = reader.sources.counts().size_bytes
        assert reader.sources.counts() == StoreCounts(
            trials=1, versions=2, events=3, quarantined=1, size_bytes=size
        )
        latest = reader.versions(NCT_ID)[-1]
        assert reader.record(latest).overall_status == "COMPLETED"
        assert reader.sources.all() == []


def test_an_upgraded_store_goes_on(first_url: str) -> None:
    upgrade(first_url)
    with open_store(first_url, create=False) as store:
        add_series(store, [document("NCT00000002")], "NCT00000002")
        with store.transaction() as transaction:
            sights = [Sighting(nct_id=NCT_ID), Sighting(nct_id="NCT00000002")]
            transaction.sources.follow("lupus", sights, pass_number=1, at=SEEN)
    with open_reader(first_url) as reader:
        assert reader.sources.counts().versions == 3
        assert reader.sources.followed_counts() == {"lupus": {Presence.SHOWN: 2}}


def test_an_upgrade_that_fails_half_way_leaves_the_store_as_it_was(first_url: str) -> None:
    run_sql(first_url, "CREATE TABLE row_counts (mine int)")
    before, schema = contents(first_url), tables(first_url)
    assert "already exists" in refusal(lambda: upgrade(first_url))
    assert tables(first_url) == schema
    assert contents(first_url) == before
    run_sql(first_url, "DROP TABLE row_counts")
    assert upgrade(first_url).status == "old"
    assert schema_status(first_url).status == "current"
