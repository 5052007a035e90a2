"""PostgreSQL databases of other encodings than UTF-8."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from monitor.errors import StoreError
from monitor.store.migrate import upgrade
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.store.examples import NCT_ID, add_series, document, trial_row

MakeDatabase = Callable[[str], str]


@pytest.fixture
def database_of(postgres_server: str) -> Iterator[MakeDatabase]:
    """Return what makes an empty database of an encoding and returns its URL."""
    with (
        psycopg.connect(postgres_server, autocommit=True) as connection,
        ExitStack() as afterwards,
    ):

        def make(encoding: str) -> str:
            name = f"monitor_test_{uuid4().hex}"
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} ENCODING {} LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
                ).format(sql.Identifier(name), encoding)
            )
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            afterwards.callback(connection.execute, drop)
            return urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))

        yield make


def test_a_database_that_looks_at_no_encoding_keeps_all_texts(database_of: MakeDatabase) -> None:
    """PostgreSQL makes such databases where the system has no other locale than C."""
    url = database_of("SQL_ASCII")
    title = "Étude \N{GREEK SMALL LETTER BETA} \N{REPLACEMENT CHARACTER} 試験"
    with open_store(url) as store:
        add_series(store, [document()])
        with store.transaction() as transaction:
            latest = transaction.latest([NCT_ID])[NCT_ID]
            transaction.put_trial(trial_row(latest.id, title=title))
    with open_reader(url) as reader:
        assert [trial.title for trial in reader.trials()] == [title]


def test_a_database_that_cannot_hold_all_texts_is_refused_before_it_has_tables(
    database_of: MakeDatabase,
) -> None:
    url = database_of("LATIN1")
    for door in (open_store, upgrade):
        with pytest.raises(StoreError, match=r"of the encoding LATIN1, .* ENCODING 'UTF8'"):
            door(url)
    with pytest.raises(StoreError, match="has no tables yet"):
        open_reader(url)
