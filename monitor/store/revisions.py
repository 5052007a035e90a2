"""Which schema a store has, and whether this program can work with it.

Asked whenever a store is opened; ``migrate`` brings an older one up to date.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from monitor.errors import StoreError
from monitor.store.address import StoreAddress
from monitor.store.schema import metadata

_VERSIONS = Path(__file__).parent / "migrations" / "versions"

# By the files' names: to import them would take as long as alembic does.
REVISIONS = tuple(sorted(file.name[:4] for file in _VERSIONS.glob("[0-9]*_*.py")))
"""All schema revisions of this program, oldest first: the files of ``migrations/versions``."""
HEAD = REVISIONS[-1]

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' "
    "ESCAPE '~'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}
_OURS = frozenset(metadata.tables)

SchemaState = Literal["empty", "current", "old", "unknown", "foreign"]
Fetch = Callable[[str], Iterable[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaStatus:
    """A store's schema revision (None: it has none) against the program's.

    ``status``: ``empty`` (no tables yet), ``current``, ``old`` (to be upgraded), ``unknown``
    (made by a newer program), ``foreign`` (tables that are not the monitor's).
    """

    status: SchemaState
    revision: str | None
    head: str = HEAD


def read_status(fetch: Fetch, dialect: str) -> SchemaStatus:
    """Find out a database's status; ``fetch`` runs one SQL text and yields its rows."""
    tables = {row[0] for row in fetch(_TABLES[dialect])}
    if "alembic_version" not in tables:
        # A PostgreSQL database may well hold other people's tables beside ours.
        strangers = tables if dialect == "sqlite" else tables & _OURS
        return SchemaStatus(status="foreign" if strangers else "empty", revision=None)
    revision = next((row[0] for row in fetch("SELECT version_num FROM alembic_version")), None)
    if revision is None:
        return SchemaStatus(status="empty" if not tables & _OURS else "foreign", revision=None)
    if revision not in REVISIONS:
        return SchemaStatus(status="unknown", revision=revision)
    status: SchemaState = "current" if revision == HEAD else "old"
    return SchemaStatus(status=status, revision=revision)


def require_current(status: SchemaStatus, address: StoreAddress) -> None:
    """Raise StoreError, saying what to do, unless the schema is the program's own."""
    if status.status == "current":
        return
    says = {
        "empty": "has no tables yet; `monitor ingest` or `monitor db upgrade` makes them",
        "old": f"has the older schema {status.revision}; run `monitor db upgrade`",
        "unknown": f"has schema {status.revision}, which this program does not know; "
        "a newer version of the monitor made it",
        "foreign": "holds tables of another program and no monitor store",
    }
    raise StoreError(f"the store {address.shown} {says[status.status]}")


def require_ours(status: SchemaStatus, address: StoreAddress) -> None:
    """Raise StoreError unless it is a store of the monitor, of whatever schema."""
    if status.status in ("empty", "foreign"):
        require_current(status, address)
