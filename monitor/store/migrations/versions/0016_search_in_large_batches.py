"""The search's index is written in larger batches, on PostgreSQL beside the lexemes as text."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_VECTOR = "array_to_string(tsvector_to_array(words), ' ')"
_TEXT = f"rpad({_VECTOR}, greatest(2048, length({_VECTOR})))"
_TO_LARGE = {
    # How many parts of the index become one, and how many bytes are held until one is written.
    "sqlite": (
        "INSERT INTO trial_search (trial_search, rank) VALUES ('automerge', 8)",
        "INSERT INTO trial_search (trial_search, rank) VALUES ('hashsize', 8000000)",
    ),
    # A text of more than 2,000 bytes leaves the row, as ``store.search`` explains.
    "postgresql": (
        "DROP INDEX ix_trial_search_words",
        f"ALTER TABLE trial_search ALTER COLUMN words TYPE TEXT USING {_TEXT}",
        "ALTER TABLE trial_search SET (toast_tuple_target = 128)",
        "CREATE INDEX ix_trial_search_words ON trial_search USING gin ((words::tsvector))",
    ),
}
_BACK = {
    "sqlite": (
        "INSERT INTO trial_search (trial_search, rank) VALUES ('automerge', 4)",
        "INSERT INTO trial_search (trial_search, rank) VALUES ('hashsize', 1048576)",
    ),
    "postgresql": (
        "DROP INDEX ix_trial_search_words",
        "ALTER TABLE trial_search RESET (toast_tuple_target)",
        "ALTER TABLE trial_search ALTER COLUMN words TYPE TSVECTOR USING words::tsvector",
        "CREATE INDEX ix_trial_search_words ON trial_search USING gin (words)",
    ),
}


def upgrade() -> None:
    """Change how the index is kept."""
    for statement in _TO_LARGE[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Keep it as before."""
    for statement in _BACK[op.get_bind().dialect.name]:
        op.execute(statement)
