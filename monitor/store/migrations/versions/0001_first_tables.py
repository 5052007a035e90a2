"""The first tables: snapshots, trials, versions, events, quarantine."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
SHA256 = sa.LargeBinary(32)
MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Build the tables on an empty store."""
    _snapshots()
    _trials()
    _versions()
    _version_indexes()
    _events()
    _quarantine()
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key(
            "fk_trials_latest_version_id", "trials", "versions", ["latest_version_id"], ["id"],
            deferrable=True, initially="DEFERRED",
        )  # fmt: skip
        # Already compressed: a second attempt by the database only costs time.
        op.execute("ALTER TABLE snapshots ALTER COLUMN content SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE quarantine ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Drop the tables and everything in them."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_trials_latest_version_id", "trials")
    for table in ("events", "versions", "trials", "snapshots", "quarantine"):
        op.drop_table(table)


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", ROW_ID),
        sa.Column("nct_id", sa.Text, nullable=False),
        sa.Column("base_id", ROW_ID),
        sa.Column("number", sa.SmallInteger, nullable=False),
        sa.Column("codec", sa.SmallInteger, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
        sa.ForeignKeyConstraint(["base_id"], ["snapshots.id"], name="fk_snapshots_base_id"),
    )


def _trials() -> None:
    # Trials and versions refer to each other. SQLite takes a reference to a table that is yet
    # to come but cannot add one later; PostgreSQL the other way round.
    latest = sa.ForeignKeyConstraint(
        ["latest_version_id"], ["versions.id"], name="fk_trials_latest_version_id",
        deferrable=True, initially="DEFERRED",
    )  # fmt: skip
    op.create_table(
        "trials",
        sa.Column("nct_id", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("overall_status", sa.Text),
        sa.Column("lead_sponsor", sa.Text),
        sa.Column("conditions", sa.Text, nullable=False),
        sa.Column("first_start_date", sa.Text),
        sa.Column("latest_version_id", ROW_ID, nullable=False),
        sa.Column("last_version_date", sa.Date, nullable=False),
        sa.Column("last_changed", sa.Date),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("nct_id", name="pk_trials"),
        *([latest] if op.get_bind().dialect.name == "sqlite" else []),
    )


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("id", ROW_ID),
        sa.Column("nct_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("version_date", sa.Date, nullable=False),
        sa.Column("registry_version", sa.Integer),
        sa.Column("data_date", sa.Date),
        sa.Column("retrieved_at", MOMENT, nullable=False),
        sa.Column("last_version_date", sa.Date, nullable=False),
        sa.Column("last_registry_version", sa.Integer),
        sa.Column("last_data_date", sa.Date),
        sa.Column("last_retrieved_at", MOMENT, nullable=False),
        sa.Column("raw_sha256", SHA256, nullable=False),
        sa.Column("last_raw_sha256", SHA256, nullable=False),
        sa.Column("stated_sha256", SHA256, nullable=False),
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("coverage", sa.LargeBinary, nullable=False),
        sa.Column("stated_coverage", sa.LargeBinary),
        sa.Column("backfilled", sa.Boolean, nullable=False),
        sa.Column("snapshot_id", ROW_ID, nullable=False),
        sa.Column("stated_snapshot_id", ROW_ID),
        sa.PrimaryKeyConstraint("id", name="pk_versions"),
        sa.ForeignKeyConstraint(
            ["nct_id"], ["trials.nct_id"], name="fk_versions_nct_id",
            deferrable=True, initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_versions_snapshot_id"),
        sa.ForeignKeyConstraint(
            ["stated_snapshot_id"], ["snapshots.id"], name="fk_versions_stated_snapshot_id"
        ),
    )  # fmt: skip


def _version_indexes() -> None:
    op.create_index("ix_versions_nct_id_version_date", "versions", ["nct_id", "version_date"])
    op.create_index("ix_versions_raw_sha256", "versions", ["raw_sha256"])
    seen_twice = sa.text("last_raw_sha256 != raw_sha256")
    op.create_index(
        "ix_versions_last_raw_sha256", "versions", ["last_raw_sha256"],
        sqlite_where=seen_twice, postgresql_where=seen_twice,
    )  # fmt: skip


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", ROW_ID),
        sa.Column("version_id", ROW_ID, nullable=False),
        sa.Column("nct_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("backfilled", sa.Boolean, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name="fk_events_version_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("version_id", "position", name="uq_events_version_id_position"),
    )


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", ROW_ID),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("sha256", "origin", name="uq_quarantine_sha256_origin"),
    )
