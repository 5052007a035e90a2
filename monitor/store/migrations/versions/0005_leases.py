"""Leases with a fence, a time to live and a count of renewals; claims belong to their worker's.

What was held before is let go: its holder finds that out with its next transaction, and stores
nothing. What was being sent is sent again, with the same id.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Make the table anew; the next holder takes what it needs."""
    op.drop_table("leases")
    op.create_table(
        "leases",
        sa.Column("name", sa.Text),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("renewals", sa.BigInteger, nullable=False),
        sa.Column("ttl_s", sa.Double, nullable=False),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("acquired_at", MOMENT, nullable=False),
        sa.Column("renewed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.execute("INSERT INTO properties (name, value) VALUES ('lease_fence', '0')")
    op.drop_column("messages", "claimed_until")
    op.add_column("messages", sa.Column("claim_fence", sa.BigInteger))


def downgrade() -> None:
    """Make the earlier table; what is held is let go."""
    op.drop_column("messages", "claim_fence")
    op.add_column("messages", sa.Column("claimed_until", MOMENT))
    op.execute("UPDATE messages SET state = 'waiting', claimed_by = NULL WHERE state = 'sending'")
    op.execute("DELETE FROM properties WHERE name = 'lease_fence'")
    op.drop_table("leases")
    op.create_table(
        "leases",
        sa.Column("name", sa.Text),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("acquired_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
