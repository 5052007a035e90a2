"""Stored times that lie where no clock that is right can have put them: found, and put right once.

Every change is conditional: it is made where the time still stands as it was found, so that of
several processes one makes it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.model.messages import OutboxMessage
from monitor.store import outbox_queries, people_queries
from monitor.store.mapping import Row
from monitor.store.moments import moment, utc_text
from monitor.store.outbox_reader import message_row

if TYPE_CHECKING:
    from monitor.store.running import Runner

_LATE = """m.state = 'waiting' AND m.channel = :channel AND m.due_at > :at_once
    AND (m.cutoff IS NULL OR m.due_at > :digest)"""

_LATE_SUBSCRIPTIONS = """
SELECT id, subscriber, name, created_at FROM subscriptions WHERE created_at > :after ORDER BY id"""

_SOURCE_TIMES = frozenset({"next_due_at", "last_attempt_at", "last_success_at", "failing_since"})

MOVE_MESSAGE = """
UPDATE messages SET due_at = :at, cutoff = CASE WHEN cutoff IS NULL THEN NULL
    WHEN closed THEN cutoff ELSE CAST(:at AS {time}) END
WHERE id = :id AND state = 'waiting' AND due_at = :found"""

MOVE_ITEMS = "UPDATE outbox SET due_at = :at WHERE message_id = :id AND due_at > :at"

MOVE_REST = """
UPDATE channel_states SET resting_until = :at
WHERE channel = :channel AND resting_until = :found"""

MOVE_SOURCE = "UPDATE sources SET {column} = :at WHERE name = :name AND {column} = :found"

MOVE_SILENCE = """
UPDATE silences SET ends_at = :at, created_at = :now WHERE id = :id AND ends_at = :found"""

MOVE_SUBSCRIPTION = """
UPDATE subscriptions SET created_at = :at WHERE id = :id AND created_at = :found"""

Ask = Callable[[str, Mapping[str, Any]], Sequence[Row]]


class SkewReader:
    """Finds messages and subscriptions by their times; reached by ``Reader.skew``."""

    def __init__(
        self,
        ask: Ask,
        dialect: str,
        *,
        errors: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._ask = ask
        self._dialect = dialect
        self._errors = errors

    def late_messages(
        self, channel: str, *, at_once: datetime, digest: datetime, limit: int
    ) -> list[OutboxMessage]:
        """Return waiting messages of a channel that are due after a time: digests after another."""
        bounds = {"at_once": self._bound(at_once), "digest": self._bound(digest)}
        rows = self._ask(
            outbox_queries.MESSAGES.format(conditions=_LATE),
            {"channel": channel, "limit": limit, **bounds},
        )
        with self._errors():
            return [message_row(row) for row in rows]

    def late_subscriptions(self, after: datetime) -> list[tuple[int, str, datetime]]:
        """Return number, name and time of the subscriptions that were made after a time."""
        rows = self._ask(_LATE_SUBSCRIPTIONS, {"after": self._bound(after)})
        with self._errors():
            return [(row[0], f"{row[1]}: {row[2]}", moment(row[3])) for row in rows]

    def _bound(self, at: datetime) -> datetime | str:
        return utc_text(at) if self._dialect == "sqlite" else at


class SkewWriter:
    """Puts times right; reached by ``Transaction.skew``, written at once.

    Each method returns False, and changes nothing, when the time is not the one that was found.
    """

    def __init__(self, run: "Runner") -> None:
        self._run = run

    def move_message(self, message: OutboxMessage, at: datetime) -> bool:
        """Let a waiting message be due then; the cut-off of a digest that was not sent yet too."""
        kind = "timestamptz" if self._run.dialect == "postgresql" else "text"
        values = {"id": message.id, "found": message.due_at, "at": at}
        moved = self._run.run(MOVE_MESSAGE.format(time=kind), values) > 0
        if moved:
            self._run.run(MOVE_ITEMS, {"id": message.id, "at": at})
        return moved

    def move_rest(self, channel: str, found: datetime, at: datetime) -> bool:
        """Let a channel rest until then."""
        return self._run.run(MOVE_REST, {"channel": channel, "found": found, "at": at}) > 0

    def move_source(self, name: str, column: str, found: datetime, at: datetime) -> bool:
        """Change a time of a source; ValueError for a column that is none."""
        if column not in _SOURCE_TIMES:
            raise ValueError(f"{column} is no time of a source")
        values = {"name": name, "found": found, "at": at}
        return self._run.run(MOVE_SOURCE.format(column=column), values) > 0

    def move_silence(self, number: int, found: datetime, at: datetime, *, now: datetime) -> bool:
        """Let a silence, which was made now, end then."""
        values = {"id": number, "found": found, "at": at, "now": now}
        moved = self._run.run(MOVE_SILENCE, values) > 0
        if moved:
            self._run.run(people_queries.BUMP, {})  # who matches news reads it anew
        return moved

    def move_subscription(self, number: int, found: datetime, at: datetime) -> bool:
        """Let a subscription count as made then."""
        moved = self._run.run(MOVE_SUBSCRIPTION, {"id": number, "found": found, "at": at}) > 0
        if moved:
            self._run.run(people_queries.BUMP, {})  # who matches news reads it anew
        return moved
