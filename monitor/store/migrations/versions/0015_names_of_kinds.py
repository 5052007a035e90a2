"""Two kinds of events are spelled as all else is: registry_normalization, date_became_actual."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_RENAMED = {
    "date_actualised": "date_became_actual",
    "registry_normalisation": "registry_normalization",
}


def upgrade() -> None:
    """Write the new names; subscriptions and what was announced are read by either."""
    for old, new in _RENAMED.items():
        _rename(old, new)


def downgrade() -> None:
    """Write the former names."""
    for old, new in _RENAMED.items():
        _rename(new, old)


def _rename(old: str, new: str) -> None:
    for name in ("events", "silences"):
        table = sa.table(name, sa.column("kind"))
        op.execute(sa.update(table).where(table.c.kind == old).values(kind=new))
