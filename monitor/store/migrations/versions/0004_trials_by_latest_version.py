"""An index that adding versions needs: SQLite looks for the trials that wait for each."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index; nothing else changes."""
    op.create_index("ix_trials_latest_version_id", "trials", ["latest_version_id"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_trials_latest_version_id", "trials")
