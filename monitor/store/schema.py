"""The store's tables, as SQLAlchemy sees them; ``migrations`` builds them.

Dates are DATE, times TIMESTAMPTZ on PostgreSQL; on SQLite both are ISO text in UTC, so that
they sort by time. JSON bodies and snapshots are bytes made by ``codec``.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from monitor.store.moments import utc_text

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite makes row ids only of INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime; written as fixed-width ISO text where SQLite keeps it."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Choose the column type of the database."""
        if dialect.name == "postgresql":
            return postgresql.TIMESTAMP(timezone=True)
        return sa.String(27)  # type: ignore[return-value]  # text stands for the time there

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """Give the driver what it stores; ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        if dialect.name == "postgresql":
            return value
        return utc_text(value)


snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("nct_id", sa.Text, nullable=False),
    # None: a keyframe, compressed by itself; else compressed against that snapshot.
    sa.Column("base_id", Id, sa.ForeignKey("snapshots.id")),
    sa.Column("number", sa.SmallInteger, nullable=False),  # how many after the keyframe
    sa.Column("codec", sa.SmallInteger, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),  # bytes, uncompressed
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),  # of the uncompressed bytes
    sa.Column("content", sa.LargeBinary, nullable=False),
)

trials = sa.Table(
    "trials",
    metadata,
    sa.Column("nct_id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("overall_status", sa.Text),
    sa.Column("lead_sponsor", sa.Text),
    sa.Column("conditions", sa.Text, nullable=False),  # a JSON list of texts
    sa.Column("first_start_date", sa.Text),
    # A version refers to its trial and the trial to its latest version: checked at commit.
    sa.Column(
        "latest_version_id",
        Id,
        sa.ForeignKey("versions.id", use_alter=True, deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    sa.Column("last_version_date", sa.Date, nullable=False),
    sa.Column("last_changed", sa.Date),
    sa.Column("last_seen_at", UtcTime, nullable=False),
)
# Whoever adds a version makes SQLite look for the trials that wait for it: without an index, in
# all of them.
sa.Index("ix_trials_latest_version_id", trials.c.latest_version_id)

# The IDs that trials had before, as their records or the registry said; they are not taken back.
nct_id_aliases = sa.Table(
    "nct_id_aliases",
    metadata,
    sa.Column("alias", sa.Text, primary_key=True),
    sa.Column("nct_id", sa.Text, primary_key=True),  # its trial may not be stored (yet)
    sqlite_with_rowid=False,
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column(
        "nct_id",
        sa.Text,
        sa.ForeignKey("trials.nct_id", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("version_date", sa.Date, nullable=False),
    sa.Column("registry_version", sa.Integer),
    sa.Column("data_date", sa.Date),
    sa.Column("retrieved_at", UtcTime, nullable=False),
    sa.Column("last_version_date", sa.Date, nullable=False),
    sa.Column("last_registry_version", sa.Integer),
    sa.Column("last_data_date", sa.Date),
    sa.Column("last_retrieved_at", UtcTime, nullable=False),
    sa.Column("raw_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("last_raw_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("stated_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("content_sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("coverage", sa.LargeBinary, nullable=False),
    sa.Column("stated_coverage", sa.LargeBinary),  # None: the same as ``coverage``
    sa.Column("backfilled", sa.Boolean, nullable=False),
    sa.Column("snapshot_id", Id, sa.ForeignKey("snapshots.id"), nullable=False),
    sa.Column("stated_snapshot_id", Id, sa.ForeignKey("snapshots.id")),
    # What every store of the same data calls it; given once. See ``model.identity``.
    sa.Column("identity", sa.LargeBinary(16), nullable=False),
    # By which rules and thresholds its events were derived (``detect.rules_version``); None: by
    # those of a program that did not keep it.
    sa.Column("rules", sa.Text),
)
sa.Index("ix_versions_nct_id_version_date", versions.c.nct_id, versions.c.version_date)
sa.Index("ix_versions_raw_sha256", versions.c.raw_sha256)
_SEEN_TWICE = versions.c.last_raw_sha256 != versions.c.raw_sha256
sa.Index(
    "ix_versions_last_raw_sha256",
    versions.c.last_raw_sha256,
    sqlite_where=_SEEN_TWICE,
    postgresql_where=_SEEN_TWICE,
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("version_id", Id, sa.ForeignKey("versions.id", ondelete="CASCADE"), nullable=False),
    sa.Column("nct_id", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("backfilled", sa.Boolean, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("version_id", "position"),
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # the head of it, zstandard
    sa.Column("first_seen_at", UtcTime, nullable=False),
    sa.Column("last_seen_at", UtcTime, nullable=False),
    sa.UniqueConstraint("sha256", "origin"),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("last_attempt_at", UtcTime),
    sa.Column("last_success_at", UtcTime),
    sa.Column("next_due_at", UtcTime),
    sa.Column("failures", sa.Integer, nullable=False),  # in a row
    sa.Column("failing_since", UtcTime),
    sa.Column("last_reason", sa.Text),
    sa.Column("reported", sa.Boolean, nullable=False),  # the operator was told
    sa.Column("data_timestamp", sa.Text),
    sa.Column("cursor", sa.Text),
)

source_states = sa.Table(
    "source_states",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),  # "" for the whole source, or an NCT ID
    sa.Column("state", sa.Text, nullable=False),  # a JSON object
    sa.Column("updated_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

# The key is the only index: counting a pass reads a source's rows (50 ms for 500,000), while an
# index on pass numbers would double what noting a page of sights costs.
followed = sa.Table(
    "followed",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("nct_id", sa.Text, primary_key=True),  # its trial may not be stored (yet)
    sa.Column("presence", sa.Text, nullable=False),
    sa.Column("merged_into", sa.Text),
    sa.Column("pass_number", sa.Integer, nullable=False),
    sa.Column("since", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

followed_by_command = sa.Table(
    "followed_by_command",
    metadata,
    sa.Column("nct_id", sa.Text, primary_key=True),
    sa.Column("since", UtcTime, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),  # grows with every taking in this store
    sa.Column("renewals", sa.BigInteger, nullable=False),
    sa.Column("ttl_s", sa.Double, nullable=False),
    sa.Column("process", sa.Text, nullable=False),  # where the holder runs; "" where unknown
    sa.Column("acquired_at", UtcTime, nullable=False),  # for people, as the next one
    sa.Column("renewed_at", UtcTime, nullable=False),
)

# Kept by whoever writes: counting millions of rows takes seconds while a database is cold.
row_counts = sa.Table(
    "row_counts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # versions, events, versions by RULES
    sa.Column("number", sa.BigInteger, nullable=False),
)
