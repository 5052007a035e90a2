"""How the channels do by which messages are sent: rows and statements of the circuit breaker.

``OutboxReader`` and ``OutboxWriter`` run them (docs/delivery.md, "When it fails").
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.messages import ChannelState
from monitor.store.db import upsert
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import channel_states
from monitor.store.storable_text import make_storable

# An HTML page that a service answers with can have megabytes; its beginning says what is wrong.
_ERROR_CHARACTERS = 2_000

CHANNEL_STATE = RowMapper(
    ChannelState, channel_states.c, damaged="the state of channel {0!r} cannot be read"
)
ALL = sa.select(*channel_states.c).order_by(channel_states.c.channel)
OF_CHANNEL = sa.select(*channel_states.c).where(channel_states.c.channel == bindparam("channel"))
PUT = upsert(channel_states)


def channel_state_values(state: ChannelState) -> dict[str, Any]:
    """Return the columns of a channel's state."""
    values = {name: make_storable(getattr(state, name)) for name in CHANNEL_STATE.names}
    if state.last_error is not None:
        values["last_error"] = values["last_error"][:_ERROR_CHARACTERS]
    return values
