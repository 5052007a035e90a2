"""Columns are called as everywhere else: status, detail, paused until, ended at."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_RENAMED = (
    ("attempts", "said", "detail"),
    ("channel_states", "resting_until", "paused_until"),
    ("incidents", "over_at", "ended_at"),
    ("subscribers", "standing", "status"),
    ("subscriptions", "standing", "status"),
)


def upgrade() -> None:
    """Rename the columns; indexes on them follow by themselves."""
    for table, old, new in _RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")


def downgrade() -> None:
    """Rename them back."""
    for table, old, new in _RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
