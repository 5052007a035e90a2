"""Numbers and texts that a store keeps by name: counters, and what identifies the store."""

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import Executable

from monitor.store.db import upsert
from monitor.store.schema import properties

VALUE = sa.select(properties.c.value).where(properties.c.name == bindparam("name"))
LOCKED_VALUE = VALUE.with_for_update()
PUT = upsert(properties)


def increment(name: str) -> Executable:
    """Return what makes a number one greater, and returns it."""
    # In one statement: read and then written, two transactions would raise it by one together.
    more = sa.cast(sa.cast(properties.c.value, sa.BigInteger) + 1, sa.Text)
    return (
        sa.update(properties)
        .where(properties.c.name == name)
        .values(value=more)
        .returning(properties.c.value)
    )


CHANGES_OF_SUBSCRIPTIONS = "subscriptions_version"
SUBSCRIPTIONS_CHANGED = increment(CHANGES_OF_SUBSCRIPTIONS)
"""Whoever keeps what it read of subscribers, subscriptions or silences reads it anew."""
