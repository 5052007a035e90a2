"""Followed sources: how they do, what they remember, whom they show; leases; row counts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Add the tables; what is stored already stays as it is."""
    _sources()
    _source_states()
    _followed()
    _leases()
    _row_counts()


def downgrade() -> None:
    """Drop the tables and everything in them; trials and their history stay."""
    for table in ("row_counts", "leases", "followed", "source_states", "sources"):
        op.drop_table(table)


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("name", sa.Text),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("last_attempt_at", MOMENT),
        sa.Column("last_success_at", MOMENT),
        sa.Column("next_due_at", MOMENT),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", MOMENT),
        sa.Column("last_reason", sa.Text),
        sa.Column("reported", sa.Boolean, nullable=False),
        sa.Column("data_timestamp", sa.Text),
        sa.Column("cursor", sa.Text),
        sa.PrimaryKeyConstraint("name", name="pk_sources"),
    )


def _source_states() -> None:
    op.create_table(
        "source_states",
        sa.Column("source", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "subject", name="pk_source_states"),
        sqlite_with_rowid=False,
    )


def _followed() -> None:
    op.create_table(
        "followed",
        sa.Column("source", sa.Text),
        sa.Column("nct_id", sa.Text),
        sa.Column("presence", sa.Text, nullable=False),
        sa.Column("merged_into", sa.Text),
        sa.Column("pass_number", sa.Integer, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "nct_id", name="pk_followed"),
        sqlite_with_rowid=False,
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("acquired_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _row_counts() -> None:
    op.create_table(
        "row_counts",
        sa.Column("name", sa.Text),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_row_counts"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # On SQLite nobody writes meanwhile anyway.
        op.execute("LOCK TABLE versions, events IN SHARE MODE")
    op.execute("INSERT INTO row_counts (name, number) SELECT 'versions', count(*) FROM versions")
    op.execute("INSERT INTO row_counts (name, number) SELECT 'events', count(*) FROM events")
