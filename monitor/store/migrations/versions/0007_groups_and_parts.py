"""Messages that many alerts became, parts of one that was too large, and when one was retried."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")

# Of those that wait, which can become one message: of one person, channel and address.
GROUPABLE = "state = 'waiting' AND NOT closed AND cutoff IS NULL"


def upgrade() -> None:
    """Add the columns, empty, and the index of what can become one message."""
    op.add_column("messages", sa.Column("group_until", MOMENT))
    op.add_column("messages", sa.Column("part", sa.Integer))
    op.add_column("messages", sa.Column("parts", sa.Integer))
    op.add_column("messages", sa.Column("retried_at", MOMENT))
    op.create_index(
        "ix_messages_groupable",
        "messages",
        ["channel", "subscriber", "target", "due_at"],
        sqlite_where=sa.text(GROUPABLE),
        postgresql_where=sa.text(GROUPABLE),
    )


def downgrade() -> None:
    """Drop them; a group stays one message, a part a message of its own."""
    op.drop_index("ix_messages_groupable", "messages")
    for column in ("retried_at", "parts", "part", "group_until"):
        op.drop_column("messages", column)
