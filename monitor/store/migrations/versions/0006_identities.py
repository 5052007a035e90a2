"""Identities of versions, what was announced of them, and when a channel's failures began.

The identities of the versions that are stored are made of what their rows say now. Messages that
were claimed keep their ids; the others get theirs when they are claimed.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from alembic import op

from monitor.model.identity import version_identity
from monitor.store.codec import CorruptError, read_body, thread_codec

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")

_TRIALS = 500
_VERSIONS = sa.text(
    """
    SELECT id, nct_id, version_date, content_sha256 FROM versions WHERE nct_id IN :nct_ids
    ORDER BY nct_id, version_date, coalesce(registry_version, 2147483647),
        coalesce(data_date, '0001-01-01'), retrieved_at, id"""
).bindparams(sa.bindparam("nct_ids", expanding=True))
_EVENTS = sa.text(
    """
    SELECT version_id, kind, severity, backfilled, body FROM events
    WHERE version_id IN :version_ids ORDER BY version_id, position"""
).bindparams(sa.bindparam("version_ids", expanding=True))


def upgrade() -> None:
    """Add what is new and fill it from what is stored."""
    no_bytes = sa.text("x''" if op.get_bind().dialect.name == "sqlite" else "''")
    identity = sa.Column("identity", sa.LargeBinary(16), nullable=False, server_default=no_bytes)
    op.add_column("versions", identity)
    op.add_column("channel_states", sa.Column("failing_since", MOMENT))
    op.create_table(
        "announcements",
        sa.Column("version_id", ID),
        sa.Column("previous_id", ID),
        sa.Column("body", sa.LargeBinary),
        sa.PrimaryKeyConstraint("version_id", name="pk_announcements"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name="fk_announcements_version_id"
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["versions.id"], name="fk_announcements_previous_id"
        ),
    )
    op.create_index("ix_messages_key", "messages", ["key"], unique=True)
    op.execute("UPDATE messages SET uid = key WHERE NOT closed")
    _fill()
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("versions", "identity", server_default=None)


def downgrade() -> None:
    """Drop it; messages that were not claimed get the ids that the earlier program gives them."""
    connection = op.get_bind()
    query = "SELECT value FROM properties WHERE name = 'message_namespace'"
    namespace = connection.execute(sa.text(query)).scalar_one()
    unclaimed = connection.execute(sa.text("SELECT id, key FROM messages WHERE uid = key")).all()
    _run(
        "UPDATE messages SET uid = :uid WHERE id = :id",
        [{"id": row[0], "uid": _earlier_id(namespace, row[1])} for row in unclaimed],
    )
    op.drop_index("ix_messages_key", "messages")
    op.drop_table("announcements")
    op.drop_column("channel_states", "failing_since")
    op.drop_column("versions", "identity")


def _earlier_id(namespace: str, key: str) -> str:
    return str(uuid5(UUID(namespace), key))


def _fill() -> None:
    """Give every version its identity, and those that items tell of their announcement."""
    connection = op.get_bind()
    announced = {row[0] for row in connection.execute(sa.text("SELECT version_id FROM outbox"))}
    for nct_ids in _trials():
        rows = connection.execute(
            _VERSIONS.columns(
                id=ID, nct_id=sa.Text, version_date=sa.Date, content_sha256=sa.LargeBinary
            ),
            {"nct_ids": nct_ids},
        ).all()
        identities: list[dict[str, Any]] = []
        previous: dict[int, int | None] = {}
        for nct_id, versions in groupby(rows, key=lambda row: row[1]):
            history = list(versions)
            identities += _identities(nct_id, history)
            ids = [row[0] for row in history]
            previous |= {one: _previous(ids, at) for at, one in enumerate(ids) if one in announced}
        _run("UPDATE versions SET identity = :identity WHERE id = :id", identities)
        _announce(previous)


def _trials() -> Iterator[Sequence[str]]:
    """Yield all NCT IDs, some at a time."""
    query = sa.text("SELECT nct_id FROM trials WHERE nct_id > :after ORDER BY nct_id LIMIT :limit")
    after = ""
    while True:
        given = {"after": after, "limit": _TRIALS}
        found = op.get_bind().execute(query, given).scalars().all()
        if not found:
            return
        yield found
        after = found[-1]


def _identities(nct_id: str, history: Sequence[Any]) -> list[dict[str, Any]]:
    taken: set[bytes] = set()
    found = []
    for version_id, _, on, content_sha256 in history:
        identity = version_identity(nct_id, on, bytes(content_sha256), taken=taken)
        taken.add(identity)
        found.append({"id": version_id, "identity": identity})
    return found


def _previous(ids: Sequence[int], at: int) -> int | None:
    """Return what a version was compared with: the one before it of those stored earlier."""
    return next((one for one in reversed(ids[:at]) if one < ids[at]), None)


def _announce(previous: dict[int, int | None]) -> None:
    version_ids = sorted(previous)
    bodies: dict[int, bytes | None] = {}
    for start in range(0, len(version_ids), _TRIALS):
        given = {"version_ids": version_ids[start : start + _TRIALS]}
        rows = op.get_bind().execute(_EVENTS, given).all()
        for version_id, events in groupby(rows, key=lambda row: row[0]):
            bodies[version_id] = _copy(list(events))
    _run(
        "INSERT INTO announcements (version_id, previous_id, body)"
        " VALUES (:version_id, :previous_id, :body)",
        [
            {"version_id": one, "previous_id": before, "body": bodies.get(one)}
            for one, before in previous.items()
        ],
    )


def _copy(events: Sequence[Any]) -> bytes | None:
    """Return events as announced; None when they are no longer those, or cannot be read."""
    if any(row[3] for row in events):
        return None
    try:
        found = [{"kind": row[1], "severity": row[2], **read_body(bytes(row[4]))} for row in events]
    except (CorruptError, TypeError):
        return None
    return thread_codec().body(found)


def _run(sql: str, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        op.get_bind().execute(sa.text(sql), rows)
