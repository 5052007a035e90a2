"""Looking up what is known of followed sources; a part of ``Reader``."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from monitor.model.following import Followed, Presence, SourceRow, StoreCounts
from monitor.store import queries
from monitor.store.moments import utc_text
from monitor.store.rows import (
    Row,
    counts_of,
    followed_counts,
    followed_row,
    source_row,
    state_of,
)

_BYTES = {"sqlite": queries.SQLITE_BYTES, "postgresql": queries.POSTGRES_TABLE_BYTES}


class SourcesReader:
    """Sources, their states and whom they follow; reached by ``Reader``."""

    def __init__(
        self,
        ask: Callable[[str, Mapping[str, Any]], Sequence[Row]],
        dialect: str,
        *,
        errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._ask = ask
        self._dialect = dialect
        self._errors = errors

    def all(self) -> list[SourceRow]:
        """Return how every source is doing, by name."""
        rows = self._ask(queries.SOURCE_ROWS, {})
        with self._errors():
            return [source_row(row) for row in rows]

    def following(self, nct_id: str) -> list[str]:
        """Return the names of the sources that show a record, or did so, in order."""
        return [row[0] for row in self._ask(queries.FOLLOWING, {"nct_id": nct_id})]

    def get(self, name: str) -> SourceRow | None:
        """Return how a source is doing; None when the store has not heard of it."""
        rows = self._ask(queries.SOURCE_ROW, {"name": name})
        with self._errors():
            return source_row(rows[0]) if rows else None

    def state(self, source: str, subject: str = "") -> Mapping[str, Any] | None:
        """Return what a source keeps of a subject ("": of itself); None before it kept any."""
        rows = self._ask(queries.STATE, {"source": source, "subject": subject})
        with self._errors():
            return state_of(rows[0][0]) if rows else None

    def states(self, source: str) -> dict[str, Mapping[str, Any]]:
        """Return everything that a source keeps, by subject."""
        rows = self._ask(queries.STATES, {"source": source})
        with self._errors():
            return {subject: state_of(text) for subject, text in rows}

    def followed(
        self,
        source: str,
        *,
        after: str = "",
        limit: int = 1_000,
        unseen_in: int | None = None,
        presence: Presence | None = None,
    ) -> list[Followed]:
        """Return followed records by ascending NCT ID, those behind ``after``, at most ``limit``.

        ``unseen_in``: only those whose last pass is before that number; ``presence``: only
        those shown so.
        """
        parameters = {
            "source": source,
            "after": after,
            "limit": limit,
            "unseen_in": unseen_in,
            "presence": None if presence is None else presence.value,
        }
        rows = self._ask(queries.FOLLOWED, parameters)
        with self._errors():
            return [followed_row(row) for row in rows]

    def followed_record(self, source: str, nct_id: str) -> Followed | None:
        """Return how a source shows one record; None when it does not follow it."""
        rows = self._ask(queries.FOLLOWED_RECORD, {"source": source, "nct_id": nct_id})
        with self._errors():
            return followed_row(rows[0]) if rows else None

    def followed_by_command(self) -> list[str]:
        """Return the NCT IDs that are followed by command, ascending."""
        return [nct_id for (nct_id,) in self._ask(queries.FOLLOWED_BY_COMMAND, {})]

    def seen_in(
        self, source: str, pass_number: int, *, followed_before: datetime | None = None
    ) -> int:
        """Return how many followed records were last noted in that pass as SHOWN.

        ``followed_before``: only those that were followed before that time (aware).
        """
        parameters = {"source": source, "pass_number": pass_number}
        if followed_before is None:
            [(seen,)] = self._ask(queries.SEEN_IN, parameters)
        else:
            is_text = self._dialect == "sqlite"
            before = utc_text(followed_before) if is_text else followed_before
            [(seen,)] = self._ask(queries.KNOWN_SEEN_IN, {**parameters, "before": before})
        return int(seen)

    def followed_counts(self) -> dict[str, dict[Presence, int]]:
        """Return how many records each source follows, by how it shows them; zeros left out."""
        rows = self._ask(queries.FOLLOWED_COUNTS, {})
        return {row[0]: followed_counts(row) for row in rows}

    def versions_by(self, rules: str) -> int:
        """Return how many versions have events that were derived by these rules; looked up, too."""
        rows = self._ask(queries.ROW_COUNT, {"name": queries.VERSIONS_BY.format(rules)})
        return int(rows[0][0]) if rows else 0

    def counts(self) -> StoreCounts:
        """Return how much the store holds.

        The size is that of the SQLite file without its log, or of the monitor's own tables
        with their indexes on PostgreSQL. Versions and events are not counted but looked up:
        the writer keeps their numbers.
        """
        [row] = self._ask(queries.ROW_COUNTS, {})
        [(size,)] = self._ask(_BYTES[self._dialect], {})
        with self._errors():
            return counts_of(row, size)
