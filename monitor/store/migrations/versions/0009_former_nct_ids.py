"""The NCT IDs that trials had before, of what is stored and of what sources found merged."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

from monitor.errors import StoreError
from monitor.model import fields
from monitor.model.record import TrialRecord
from monitor.store.address import StoreAddress
from monitor.store.db import Db
from monitor.store.snapshots import Snapshots

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TRIALS = 200
_NEWEST = """
SELECT t.nct_id, v.snapshot_id FROM trials t JOIN versions v ON v.id = t.latest_version_id
WHERE t.nct_id > :after ORDER BY t.nct_id LIMIT :limit"""
_PUT = "INSERT INTO nct_id_aliases (alias, nct_id) VALUES (:alias, :nct_id) ON CONFLICT DO NOTHING"
_MERGED = """
INSERT INTO nct_id_aliases (alias, nct_id)
SELECT DISTINCT nct_id, merged_into FROM followed WHERE presence = 'merged' AND merged_into <> ''"""
_ALIASES, _MERGED_INTO = (
    f'"{path[-1]}"'.encode() for path in (fields.NCT_ID_ALIASES, fields.REGISTRY_MERGED_INTO)
)


def upgrade() -> None:
    """Add the table and fill it from the newest version of every trial."""
    op.create_table(
        "nct_id_aliases",
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("nct_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("alias", "nct_id", name="pk_nct_id_aliases"),
        sqlite_with_rowid=False,
    )
    op.execute(_MERGED)
    bind = op.get_bind()
    snapshots = Snapshots(Db(bind, StoreAddress.parse(str(bind.engine.url))))
    for rows in _newest():
        snapshots.fetch([snapshot_id for _, snapshot_id in rows])
        found = [pair for row in rows for pair in _former_ids(snapshots, *row)]
        if found:
            op.get_bind().execute(sa.text(_PUT), found)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("nct_id_aliases")


def _newest() -> Iterator[Sequence[Any]]:
    """Yield all NCT IDs with the snapshot of the newest version, some at a time."""
    after = ""
    while True:
        given = {"after": after, "limit": _TRIALS}
        rows = op.get_bind().execute(sa.text(_NEWEST), given).all()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _former_ids(snapshots: Snapshots, nct_id: str, snapshot_id: int) -> Iterator[dict[str, str]]:
    try:
        content = snapshots.read(snapshot_id)
    except StoreError:
        return  # damaged: `monitor db verify` names it
    if _ALIASES in content or _MERGED_INTO in content:
        record = TrialRecord(nct_id=nct_id, document=orjson.loads(content))
        for alias, now in record.former_ids:
            yield {"alias": alias, "nct_id": now}
