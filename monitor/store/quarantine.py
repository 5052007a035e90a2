"""Quarantined input: its rows, the queries over them, and their writes.

Ingest puts it there and closes what is read later; `monitor quarantine` shows it.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.history import QuarantineEntry, QuarantineRow
from monitor.store.codec import pack, unpack
from monitor.store.db import upsert
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import quarantine
from monitor.store.storable_text import make_storable

_LISTED = [column for column in quarantine.c if column.name != "content"]
ENTRY = RowMapper(QuarantineRow, _LISTED)
WHOLE_ENTRY = RowMapper(QuarantineRow, quarantine.c, content=lambda stored: unpack(bytes(stored)))

# --- what is asked --------------------------------------------------------------------------

ALL = sa.select(*_LISTED).order_by(quarantine.c.id)
OF_ID = sa.select(*quarantine.c).where(quarantine.c.id == bindparam("quarantine_id"))
ANY = sa.select(quarantine.c.id).limit(1)

# --- what is written ------------------------------------------------------------------------

# The same junk from the same place is one row, however often a source brings it; its first sighting
# stays, the last one and the reason are the present ones.
PUT = upsert(quarantine, ("sha256", "origin"), ("last_seen_at", "reason"))
DELETE = sa.delete(quarantine).where(quarantine.c.id == bindparam("entry"))
CLOSE = sa.delete(quarantine).where(
    quarantine.c.origin.in_(bindparam("origins", expanding=True)),
    quarantine.c.last_seen_at < bindparam("before"),
)


def entry_values(entry: QuarantineEntry) -> dict[str, Any]:
    """Return a quarantine entry's columns."""
    return {
        "sha256": entry.sha256,
        "source": make_storable(entry.source),
        "origin": make_storable(entry.origin),
        "reason": make_storable(entry.reason),
        "size": entry.size,
        "content": pack(entry.content),
        "first_seen_at": entry.seen_at,
        "last_seen_at": entry.seen_at,
    }
