"""The store: its tables, columns, keys and indexes, at every revision of the schema."""

import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Inspector, inspect
from sqlalchemy.types import NullType

from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine
from monitor.store.revisions import HEAD, REVISIONS
from tests.doors.conftest import Frozen
from tests.store.test_upgrades import migrate, migrate_new

pytestmark = pytest.mark.usefixtures("own_revisions")


def described(url: str) -> str:
    """Return the schema of a store as text: a line for everything that there is."""
    engine = make_engine(StoreAddress.parse(url), busy_timeout_s=5)
    try:
        found = inspect(engine)
        # SQLite's search makes tables of its own behind the one that is asked.
        own = {name for name in found.get_table_names() if name.startswith("trial_search_")}
        tables = sorted(set(found.get_table_names()) - own - {"alembic_version"})
        return "".join(f"{line}\n" for table in tables for line in lines_of(found, table))
    finally:
        engine.dispose()


def lines_of(found: Inspector, table: str) -> Iterator[str]:
    """Yield the lines of a table."""
    yield table
    for column in found.get_columns(table):
        null = "" if column["nullable"] else " not null"
        default = f" default {column['default']}" if column["default"] else ""
        is_typed = not isinstance(column["type"], NullType)  # columns of SQLite's search are not
        written = column["type"].compile(found.dialect) if is_typed else ""
        yield f"  {column['name']}  {written}{null}{default}".rstrip()
    yield f"  primary key ({', '.join(found.get_pk_constraint(table)['constrained_columns'])})"
    for key in sorted(found.get_foreign_keys(table), key=lambda one: str(one["name"])):
        here, there = (", ".join(key[end]) for end in ("constrained_columns", "referred_columns"))
        options = " ".join(f"{name} {value}" for name, value in sorted(key["options"].items()))
        yield f"  {key['name']} ({here}) → {key['referred_table']} ({there}) {options}".rstrip()
    for unique in sorted(found.get_unique_constraints(table), key=lambda one: str(one["name"])):
        yield f"  {unique['name']} unique ({', '.join(unique['column_names'])})"
    for index in sorted(found.get_indexes(table), key=lambda one: str(one["name"])):
        columns = index.get("expressions") or index["column_names"]
        where = [f"where {value}" for name, value in index["dialect_options"].items()
                 if name.endswith("_where")]  # fmt: skip
        unique_word = "unique index" if index["unique"] else "index"
        yield " ".join(
            [f"  {index['name']} {unique_word} ({', '.join(map(str, columns))})", *where]
        )


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")
def test_tables_columns_and_indexes_are_as_frozen(new_store_url: str, frozen: Frozen) -> None:
    """Of the earlier revisions a fingerprint is enough: their migrations never change."""
    found = {}
    for number, revision in enumerate(REVISIONS):
        (migrate if number else migrate_new)(new_store_url, revision)
        found[revision] = described(new_store_url)
    digests = {
        revision: hashlib.sha256(text.encode()).hexdigest() for revision, text in found.items()
    }
    earlier = [f"revision {revision}: {digest[:16]}\n" for revision, digest in digests.items()]
    dialect = urlsplit(new_store_url).scheme.partition("+")[0]
    frozen(f"tables-{dialect}", "".join([found[HEAD], *earlier]))
