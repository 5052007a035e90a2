"""Incidents, and what the operator was told of them; before, one JSON of what each address knew."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")
_TOLD = {"source": "operator/told"}
_STATE = "SELECT state, updated_at FROM source_states WHERE source = :source"
_FORGET = "DELETE FROM source_states WHERE source = :source"
_PUT_INCIDENT = """
INSERT INTO incidents (key, beginning, state, began, ended, detail, began_at)
VALUES (:key, :beginning, :state, '', :ended, '', :began_at) RETURNING id"""
_PUT_NOTICE = """
INSERT INTO notices (incident_id, channel, target, state)
VALUES (:incident_id, '', :target, :state)"""

Known = dict[str, dict[str, tuple[str, str]]]
"""By incident, by address: since when it is wrong, and what to say when it is over."""


def upgrade() -> None:
    """Add the tables; what the operator knows to be wrong becomes incidents that were told."""
    op.create_table(
        "incidents",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("beginning", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("began", sa.Text, nullable=False),
        sa.Column("ended", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("over_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sa.UniqueConstraint("key", "beginning", name="uq_incidents_key_beginning"),
    )
    op.create_index(
        "ix_incidents_open", "incidents", ["key"],
        sqlite_where=sa.text("over_at IS NULL"), postgresql_where=sa.text("over_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "notices",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("message_id", ID),
        sa.PrimaryKeyConstraint("incident_id", "channel", "target", "state", name="pk_notices"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_notices_incident_id"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_notices_message_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_notices_message_id", "notices", ["message_id"])
    _take_over()


def downgrade() -> None:
    """Drop them: the operator hears again of what is wrong."""
    op.drop_table("notices")
    op.drop_table("incidents")


def _take_over() -> None:
    """Make incidents of what each address knew; of which channel it was, nobody noted."""
    bind = op.get_bind()
    for state, updated_at in bind.execute(sa.text(_STATE), _TOLD).all():
        known, lasting = _known(orjson.loads(state)), _lasting(orjson.loads(state))
        for key, told in known.items():
            since, over = next(iter(told.values()))
            about = {"key": key, "beginning": since, "ended": over, "began_at": updated_at}
            put = sa.text(_PUT_INCIDENT)
            number = bind.execute(put, {**about, "state": lasting.get(key, "began")}).scalar_one()
            for target in told:
                notice = {"incident_id": number, "target": target}
                notice["state"] = lasting.get(key, "began")
                bind.execute(sa.text(_PUT_NOTICE), notice)
    bind.execute(sa.text(_FORGET), _TOLD)


def _known(state: Mapping[str, Any]) -> Known:
    """Return what is over some time; what is held anew each day is a state of the holding."""
    found: Known = {}
    for target, wrong, since in _addresses(state):
        for key, over in wrong.items():
            if over:
                found.setdefault(key, {})[target] = (str(since.get(key, "")), str(over))
    return found


def _lasting(state: Mapping[str, Any]) -> dict[str, str]:
    """Return as what a held source was told last: the day and the causes, by its key."""
    found = {}
    for _, wrong, _ in _addresses(state):
        for key, over in wrong.items():
            if not over and key.startswith("held:"):
                held, day, causes = key.rsplit(":", 2)
                found[held] = f"{day}:{causes}"
    return found


def _addresses(
    state: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each address, what it knows to be wrong and since when; "": everybody."""
    kept = state.get("addresses")
    if not isinstance(kept, dict):  # as the first program that had an operator wrote it
        yield "", state, {}
        return
    for target, one in kept.items():
        yield target, one.get("wrong", {}), one.get("since", {})
