"""Change events, and what is announced of a version once for all: rows and statements.

``events`` are derived anew when rules change, ``announcements`` never: they are what was sent.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.changes import ChangeEvent
from monitor.model.history import StoredEvent
from monitor.store.bodies import event_value, read_event
from monitor.store.codec import Codec, read_body
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import announcements, events, versions


def _stored_event(kind: str, severity: str, body: bytes, **values: Any) -> StoredEvent:
    return StoredEvent(event=read_event(kind, severity, read_body(body)), **values)


EVENT = RowMapper(_stored_event, [one for one in events.c if one is not events.c.learned_at])

# --- what is asked --------------------------------------------------------------------------

OF_TRIAL = (
    sa.select(*events.c)
    .select_from(versions.join(events, events.c.version_id == versions.c.id))
    .where(versions.c.nct_id == bindparam("nct_id"))
    .order_by(events.c.version_id, events.c.position)
)
OF_VERSION = (
    sa.select(*events.c)
    .where(events.c.version_id == bindparam("version_id"), events.c.nct_id == bindparam("nct_id"))
    .order_by(events.c.position)
)

# --- what is written ------------------------------------------------------------------------

_LEARNED_AT = sa.select(versions.c.retrieved_at).where(versions.c.id == bindparam("of_version"))
# `learned_at` is looked up where the version is written, so that the two cannot differ.
INSERT = sa.insert(events).values(
    {name: bindparam(name) for name in EVENT.names if name != "id"}
    | {"learned_at": _LEARNED_AT.scalar_subquery()}
)
MOVE = (
    sa.update(events)
    .where(events.c.version_id == bindparam("version"))
    .values(learned_at=bindparam("moved_to"))
)
DELETE = sa.delete(events).where(events.c.version_id == bindparam("version"))
INSERT_ANNOUNCEMENT = sa.insert(announcements)


def event_values(
    version_id: int,
    nct_id: str,
    changes: Sequence[ChangeEvent],
    backfilled: bool,
    codec: Codec,
) -> list[dict[str, Any]]:
    """Return the columns of a version's events."""
    return [
        {
            "version_id": version_id,
            "of_version": version_id,
            "nct_id": nct_id,
            "position": position,
            "kind": event.kind.value,
            "severity": event.severity.value,
            "backfilled": backfilled,
            "body": codec.body(event_value(event)),
        }
        for position, event in enumerate(changes)
    ]
