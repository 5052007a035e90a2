"""The trials that are followed by command, beside those of the configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "followed_by_command",
        sa.Column("nct_id", sa.Text, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("nct_id", name="pk_followed_by_command"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("followed_by_command")
