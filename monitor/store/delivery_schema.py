"""The tables of who wants to hear of changes, and of the messages to them, as SQLAlchemy sees them.

``migrations`` builds them; the statements about them are texts.
"""

import sqlalchemy as sa

from monitor.store.schema import Id, UtcTime, metadata

subscribers = sa.Table(
    "subscribers",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("standing", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subscriber", sa.Text, sa.ForeignKey("subscribers.name"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),  # JSON; ``definitions`` reads it
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("standing", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.UniqueConstraint("subscriber", "name"),
)

silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subscriber", sa.Text, sa.ForeignKey("subscribers.name")),  # None: everybody
    sa.Column("nct_id", sa.Text),
    sa.Column("kind", sa.Text),
    sa.Column("ends_at", UtcTime, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),  # which items belong to it; within this store
    # The id that receivers know. Until the first claim fixes it the key stands there.
    sa.Column("uid", sa.Text, nullable=False, unique=True),
    sa.Column("subscriber", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    # It was claimed once, or dropped: it may have been received, and takes no more items.
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.Column("cutoff", UtcTime),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
    sa.Column("claimed_by", sa.Text),
    sa.Column("claim_fence", sa.BigInteger),  # of the lease that it was claimed under,
    sa.Column("group_until", UtcTime),  # of what many messages became at the claim: its cut-off
    sa.Column("part", sa.Integer),  # of a message that was too large, from 1 on,
    sa.Column("parts", sa.Integer),  # of so many
    sa.Column("retried_at", UtcTime),  # by hand: the tries before do not count any more
)
sa.Index(
    "ix_messages_state_channel_due_at", messages.c.state, messages.c.channel, messages.c.due_at
)
sa.Index("ix_messages_subscriber", messages.c.subscriber)
sa.Index("ix_messages_key", messages.c.key, unique=True)
_GROUPABLE = sa.text("state = 'waiting' AND NOT closed AND cutoff IS NULL")
sa.Index(
    "ix_messages_groupable",
    messages.c.channel,
    messages.c.subscriber,
    messages.c.target,
    messages.c.due_at,
    sqlite_where=_GROUPABLE,
    postgresql_where=_GROUPABLE,
)

# What was announced of a version, once for all its items: it never changes.
announcements = sa.Table(
    "announcements",
    metadata,
    sa.Column("version_id", Id, sa.ForeignKey("versions.id"), primary_key=True),
    # The version that it was compared with; None: the trial was seen for the first time.
    sa.Column("previous_id", Id, sa.ForeignKey("versions.id")),
    # All its events, as ``bodies`` writes them. None: announced by a program that kept no copy,
    # and derived anew since.
    sa.Column("body", sa.LargeBinary),
)

# The items of messages. They go with their message, not with the subscription: that one is
# retired, and its items still say what was sent.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("version_id", Id, sa.ForeignKey("versions.id"), primary_key=True),
    sa.Column("subscription_id", Id, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("message_id", Id, sa.ForeignKey("messages.id"), nullable=False),
    sa.Column("nct_id", sa.Text, nullable=False),
    sa.Column("positions", sa.Text, nullable=False),  # of announced events: a JSON list
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("ix_outbox_message_id", outbox.c.message_id)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("message_id", Id, sa.ForeignKey("messages.id"), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
)
sa.Index("ix_attempts_message_id", attempts.c.message_id)

channel_states = sa.Table(
    "channel_states",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),  # in a row
    sa.Column("resting_until", UtcTime),
    sa.Column("last_error", sa.Text),
    sa.Column("reported", sa.Boolean, nullable=False),  # the operator was told
    sa.Column("failing_since", UtcTime),  # the first of the failures
)

properties = sa.Table(
    "properties",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # subscriptions_version, message_namespace
    sa.Column("value", sa.Text, nullable=False),
)
