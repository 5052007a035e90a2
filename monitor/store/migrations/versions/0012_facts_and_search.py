"""Facts of versions, the search for trials, and what events are selected by.

What is stored already gets its facts and its words of the search afterwards, by
``ingest.indexing``: they are made of records, which takes longer than one transaction should.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")
_TEXTS = (
    "start_date", "start_date_type", "primary_completion_date", "primary_completion_date_type",
    "completion_date", "completion_date_type",
)  # fmt: skip
_NEWEST = ("learned_at", "version_id", "position")
_INDEXES = {
    "learned_at": ["backfilled", *_NEWEST, "kind", "severity", "nct_id"],
    "kind": ["kind", "backfilled", *_NEWEST, "severity", "nct_id"],
    "nct_id": ["nct_id", "backfilled", *_NEWEST, "kind", "severity"],
}
_TRIAL_INDEXES = ("last_changed", "last_version_date")
_SQLITE_SEARCH = """
CREATE VIRTUAL TABLE trial_search USING fts5(
    title, condition, keyword, intervention, sponsor, facility, identifier, summary, city, country,
    phase, status, study_type, every,
    content = '', columnsize = 0, detail = column,
    tokenize = 'unicode61 remove_diacritics 2 tokenchars _')"""
_POSTGRES_SEARCH = """
CREATE TABLE trial_search (
    nct_id TEXT NOT NULL CONSTRAINT pk_trial_search PRIMARY KEY,
    words TSVECTOR NOT NULL)"""
_POSTGRES_WORDS = "CREATE INDEX ix_trial_search_words ON trial_search USING gin (words)"
_SEARCH = {"sqlite": [_SQLITE_SEARCH], "postgresql": [_POSTGRES_SEARCH, _POSTGRES_WORDS]}


def upgrade() -> None:
    """Add what is new; events know when their versions were first read."""
    _add_facts()
    is_postgres = op.get_bind().dialect.name == "postgresql"
    # SQLite adds no column that is never empty without saying what stands there.
    default = None if is_postgres else sa.text("''")
    learned = sa.Column("learned_at", MOMENT, nullable=is_postgres, server_default=default)
    op.add_column("events", learned)
    op.execute(
        "UPDATE events SET learned_at ="
        " (SELECT retrieved_at FROM versions WHERE versions.id = events.version_id)"
    )
    if is_postgres:
        op.alter_column("events", "learned_at", nullable=False)
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_events_{name}", "events", columns)
    op.add_column("trials", sa.Column("search_sha256", sa.LargeBinary(32)))
    for name in _TRIAL_INDEXES:
        op.create_index(f"ix_trials_{name}", "trials", [name, "nct_id"])
    for statement in _SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)
    # A store without trials has nothing to be filled afterwards.
    op.execute(
        "INSERT INTO properties (name, value) SELECT 'search_version', '1'"
        " WHERE NOT EXISTS (SELECT 1 FROM trials)"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE trial_search")
    op.execute("DELETE FROM properties WHERE name = 'search_version'")
    for name in _TRIAL_INDEXES:
        op.drop_index(f"ix_trials_{name}", "trials")
    op.drop_column("trials", "search_sha256")
    for name in _INDEXES:
        op.drop_index(f"ix_events_{name}", "events")
    op.drop_column("events", "learned_at")
    op.drop_table("version_facts")


def _add_facts() -> None:
    op.create_table(
        "version_facts",
        sa.Column("version_id", ID, nullable=False, autoincrement=False),
        *(sa.Column(name, sa.Text) for name in ("overall_status", "reason_class", "study_type")),
        sa.Column("phases", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in _TEXTS),
        sa.Column("enrollment", sa.BigInteger),
        *(sa.Column(name, sa.Text) for name in ("enrollment_type", "lead_sponsor")),
        sa.Column("sites", sa.Integer),
        sa.Column("sites_by_country", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.Integer)
            for name in ("arms", "primary_outcomes", "secondary_outcomes")
        ),
        *(sa.Column(name, sa.Text) for name in ("results", "minimum_age", "maximum_age", "sex")),
        sa.PrimaryKeyConstraint("version_id", name="pk_version_facts"),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["versions.id"],
            name="fk_version_facts_version_id",
            ondelete="CASCADE",
        ),
    )
