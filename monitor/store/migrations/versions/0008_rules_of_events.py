"""By which rules the events of each version were derived; unknown of what is stored already."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty: what is stored counts as by older rules."""
    op.add_column("versions", sa.Column("rules", sa.Text))


def downgrade() -> None:
    """Drop it, and how many versions there are by each rules."""
    op.drop_column("versions", "rules")
    op.execute("DELETE FROM row_counts WHERE name LIKE 'versions by %'")
