"""Who wants to hear of changes, the messages on their way to them, and how channels do."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Add the tables; what is stored already stays as it is."""
    _subscribers()
    _subscriptions()
    _silences()
    _messages()
    _outbox()
    _attempts()
    _channel_states()
    _properties()


def downgrade() -> None:
    """Drop the tables: subscriptions and unsent messages are lost; trials and sources stay."""
    gone = ("properties", "channel_states", "attempts", "outbox", "messages")
    for table in (*gone, "silences", "subscriptions", "subscribers"):
        op.drop_table(table)


def _subscribers() -> None:
    op.create_table(
        "subscribers",
        sa.Column("name", sa.Text),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_subscribers"),
    )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", ID),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sa.UniqueConstraint("subscriber", "name", name="uq_subscriptions_subscriber_name"),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.name"], name="fk_subscriptions_subscriber"
        ),
    )


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", ID),
        sa.Column("subscriber", sa.Text),
        sa.Column("nct_id", sa.Text),
        sa.Column("kind", sa.Text),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.name"], name="fk_silences_subscriber"
        ),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", ID),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("cutoff", MOMENT),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("uid", name="uq_messages_uid"),
    )
    columns = ["state", "channel", "due_at"]
    op.create_index("ix_messages_state_channel_due_at", "messages", columns)
    op.create_index("ix_messages_subscriber", "messages", ["subscriber"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("version_id", ID),
        sa.Column("subscription_id", ID),
        sa.Column("channel", sa.Text),
        sa.Column("target", sa.Text),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("nct_id", sa.Text, nullable=False),
        sa.Column("positions", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint(
            "version_id", "subscription_id", "channel", "target", name="pk_outbox"
        ),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_outbox_version_id"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_outbox_message_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", ID),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_attempts_message_id"),
    )
    op.create_index("ix_attempts_message_id", "attempts", ["message_id"])


def _channel_states() -> None:
    op.create_table(
        "channel_states",
        sa.Column("channel", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("resting_until", MOMENT),
        sa.Column("last_error", sa.Text),
        sa.Column("reported", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_channel_states"),
    )


def _properties() -> None:
    table = op.create_table(
        "properties",
        sa.Column("name", sa.Text),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_properties"),
    )
    rows = [
        {"name": "subscriptions_version", "value": "0"},
        # The ids of messages are made of it: those of two stores are never the same.
        {"name": "message_namespace", "value": str(uuid4())},
    ]
    op.bulk_insert(table, rows)
