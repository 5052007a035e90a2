"""Reading a PostgreSQL store: the reader's rows by SQLAlchemy and psycopg."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import TextClause, exc, text

from monitor.store.address import Address
from monitor.store.engine import make_engine
from monitor.store.faults import translate
from monitor.store.rows import Row

_BATCH = 500


class PostgresRows:
    """One read-only transaction that sees the store as of its first query."""

    dialect = "postgresql"

    def __init__(self, address: Address, *, busy_timeout_s: float) -> None:
        self._address = address
        self._engine = make_engine(address, busy_timeout_s=busy_timeout_s)
        try:
            self._connection = self._engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        except exc.SQLAlchemyError as fault:
            self._engine.dispose()
            raise translate(fault, address) from fault

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Return the rows of a query."""
        try:
            return self._connection.execute(_text(sql), parameters).all()
        except exc.SQLAlchemyError as fault:
            raise translate(fault, self._address) from fault

    def stream(self, sql: str, parameters: Mapping[str, Any]) -> Iterator[Row]:
        """Yield the rows of a query, from the server's cursor a batch at a time."""
        try:
            result = self._connection.execute(
                _text(sql), parameters, execution_options={"yield_per": _BATCH}
            )
            try:
                yield from result
            finally:
                result.close()
        except exc.SQLAlchemyError as fault:
            raise translate(fault, self._address) from fault

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._engine.dispose()


@cache
def _text(sql: str) -> TextClause:
    """Read one of the few texts of ``queries`` for its parameters, once."""
    return text(sql)
