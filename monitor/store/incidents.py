"""Incidents of the monitor itself, and what the operator was notified of.

A notice tells one address of the operator one state of an incident, once; it belongs to a message
of the outbox, or to none where it was sent without the store.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.identity import notice_id
from monitor.model.incidents import OPERATOR, OVER, Incident, Notice, StoredIncident
from monitor.model.messages import MessageState
from monitor.store.db import Db, insert_new
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import incidents, messages, notices
from monitor.store.storable_text import make_storable

_INCIDENT = RowMapper(StoredIncident, incidents.c, damaged="incident {0} cannot be read")

_ALL = sa.select(*incidents.c).order_by(incidents.c.id)
_OPEN = _ALL.where(incidents.c.ended_at.is_(None))
_OF_KEY = _ALL.where(incidents.c.key == bindparam("key"))
_BEGINNINGS = (
    sa.select(sa.func.count())
    .select_from(incidents)
    .where(
        incidents.c.key == bindparam("key"),
        sa.or_(
            incidents.c.beginning == bindparam("beginning"),
            incidents.c.beginning.like(bindparam("numbered")),
        ),
    )
)
_TOLD = (
    sa.select(notices.c.incident_id, notices.c.channel, notices.c.target, notices.c.state)
    .join(incidents, incidents.c.id == notices.c.incident_id)
    .where(incidents.c.ended_at.is_(None))
)
_OTHER = notices.alias("other")
_SENT = sa.or_(_OTHER.c.message_id.is_(None), messages.c.state == MessageState.SENT.value)
# Whether the address was sent another notice of the same incident.
_NOTIFIED_BEFORE = (
    sa.exists()
    .select_from(_OTHER.outerjoin(messages, messages.c.id == _OTHER.c.message_id))
    .where(
        _OTHER.c.incident_id == notices.c.incident_id,
        _OTHER.c.channel == notices.c.channel,
        _OTHER.c.target == notices.c.target,
        _OTHER.c.state != notices.c.state,
        _SENT,
    )
)
_OF_MESSAGE = (
    sa.select(*incidents.c, notices.c.state, _NOTIFIED_BEFORE)
    .join(notices, notices.c.incident_id == incidents.c.id)
    .where(notices.c.message_id == bindparam("message_id"))
    .order_by(incidents.c.id)
)
_OF_NUMBER = sa.update(incidents).where(incidents.c.id == bindparam("number"))
_PUT_INCIDENT = sa.insert(incidents).returning(incidents.c.id)
_PUT_MESSAGE = sa.insert(messages).returning(messages.c.id)
_PUT_NOTICE = insert_new(notices)
# The number is this program's own, beside those of other locks.
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(7264803, 0))

NotifiedState = tuple[int, str, str, str]
"""Incident, channel, target, state."""


class IncidentReader:
    """Incidents, and which address was notified of which state; reached by ``Reader.incidents``."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def open(self) -> list[StoredIncident]:
        """Return the incidents that last, those that were found first."""
        return self._db.read(_INCIDENT, _OPEN)

    def notified_states(self) -> set[NotifiedState]:
        """Return the notices of the incidents that last, sent or on their way."""
        return {(row[0], row[1], row[2], row[3]) for row in self._db.fetch(_TOLD)}

    def of_message(self, message_id: int) -> list[Notice]:
        """Return the notices of a message; nothing for a message of another kind."""
        rows = self._db.fetch(_OF_MESSAGE, {"message_id": message_id})
        with self._db.errors():
            return [
                Notice(incident=_INCIDENT(row), state=row[-2], notified_before=bool(row[-1]))
                for row in rows
            ]

    def of_key(self, key: str) -> list[StoredIncident]:
        """Return all incidents of a key, also those that are over, oldest first."""
        return self._db.read(_INCIDENT, _OF_KEY, {"key": make_storable(key)})

    def beginning(self, incident: Incident, *, at: datetime) -> str:
        """Return the beginning of an incident that was found just now.

        It has a number where there was an incident of the same beginning before.
        """
        begun = incident.beginning(at)
        about = {"key": make_storable(incident.key), "beginning": begun, "numbered": f"{begun} %"}
        before = self._db.value(_BEGINNINGS, about)
        # One may end and begin again on the same day, and ids of notices are made of this.
        return f"{begun} {before + 1}" if before else begun


class IncidentWriter(IncidentReader):
    """What a transaction writes of incidents; reached by ``Transaction.incidents``."""

    def lock(self) -> None:
        """Lock incidents against other writers until the transaction ends."""
        if self._db.dialect == "postgresql":  # on SQLite no other program writes anyway
            self._db.fetch(_LOCK)

    def begin(
        self, incident: Incident, *, at: datetime, beginning: str | None = None
    ) -> StoredIncident:
        """Store an incident that was found; ``beginning``: as it was sent without the store."""
        begun = beginning or self.beginning(incident, at=at)
        values: dict[str, Any] = {
            "key": make_storable(incident.key),
            "beginning": begun,
            "began_at": incident.since or at,
            **_words(incident),
        }
        number = self._db.value(_PUT_INCIDENT, values)
        return StoredIncident(id=number, **values)

    def go_on(self, stored: StoredIncident, incident: Incident) -> StoredIncident:
        """Store the new state of an ongoing incident, and return it."""
        words = _words(incident)
        self._db.run(_OF_NUMBER.values(words), {"number": stored.id})
        return replace(stored, **words)

    def close(self, stored: StoredIncident, *, at: datetime) -> None:
        """Store that an incident is over; one without a sentence for its end stays in its state."""
        state = OVER if stored.over else stored.state
        self._db.run(_OF_NUMBER.values(ended_at=at, state=state), {"number": stored.id})

    def notify(
        self,
        states: Iterable[tuple[StoredIncident, str]],
        *,
        channel: str,
        target: str,
        store: str,
        at: datetime,
    ) -> None:
        """Put a message to an address into the outbox, about incidents, each in a state.

        ``store``: see ``OutboxReader.namespace``. The message takes nothing more and goes in no
        group.
        """
        states = list(states)
        parts = [(one.key, one.beginning, state) for one, state in states]
        uid = notice_id(parts, store=store, channel=channel, target=target)
        address = {"channel": make_storable(channel), "target": make_storable(target)}
        # Closed from the start: a notice takes no items, and no group takes it in.
        state = {"state": MessageState.WAITING.value, "closed": True, "attempts": 0}
        key = {"key": f"o:{uid}", "uid": uid, "subscriber": OPERATOR}
        message = {**key, **address, **state, "due_at": at, "created_at": at}
        message_id = self._db.value(_PUT_MESSAGE, message)
        for one, of in states:
            # The key of the table makes sure that an address is notified of a state once, by
            # whichever process.
            notice = {"incident_id": one.id, "state": of, "message_id": message_id}
            self._db.run(_PUT_NOTICE, {**notice, **address})

    def record_notified(self, stored: StoredIncident, *, channel: str, target: str) -> None:
        """Record that an address was notified of an incident without the outbox."""
        notice = {"incident_id": stored.id, "state": stored.state, "message_id": None}
        address = {"channel": make_storable(channel), "target": make_storable(target)}
        self._db.run(_PUT_NOTICE, {**notice, **address})


def _words(incident: Incident) -> dict[str, Any]:
    """Return the state and the sentences of an incident as they can be stored."""
    return {
        "state": make_storable(incident.state),
        "began": make_storable(incident.began),
        "over": make_storable(incident.over),
        "detail": make_storable(incident.detail),
    }
