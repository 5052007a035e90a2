"""The store's tables: the only statement of them; ``migrations`` builds them.

JSON bodies and snapshots are bytes made by ``codec``. Rows come as the database keeps them:
``row_mapping`` reads their values, and says which row is damaged.
"""

import sqlalchemy as sa

from monitor.store.column_types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    SHA256,
    SMALLINT,
    TEXT,
    TIME,
    Id,
    UtcTime,
)

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("nct_id", TEXT, nullable=False),
    # None: a keyframe, compressed by itself; else compressed against that snapshot.
    sa.Column("base_id", Id, sa.ForeignKey("snapshots.id")),
    sa.Column("number", SMALLINT, nullable=False),  # how many after the keyframe
    sa.Column("codec", SMALLINT, nullable=False),
    sa.Column("size", INTEGER, nullable=False),  # bytes, uncompressed
    sa.Column("sha256", SHA256, nullable=False),  # of the uncompressed bytes
    sa.Column("content", BYTES, nullable=False),
)

trials = sa.Table(
    "trials",
    metadata,
    sa.Column("nct_id", TEXT, primary_key=True),
    sa.Column("title", TEXT),
    sa.Column("overall_status", TEXT),
    sa.Column("lead_sponsor", TEXT),
    sa.Column("conditions", TEXT, nullable=False),  # a JSON list of texts
    sa.Column("first_start_date", TEXT),
    # A version refers to its trial and the trial to its latest version: checked at commit.
    sa.Column(
        "latest_version_id",
        Id,
        sa.ForeignKey("versions.id", use_alter=True, deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    sa.Column("last_version_date", DATE, nullable=False),
    sa.Column("last_changed", DATE),
    sa.Column("last_seen_at", TIME, nullable=False),
    # Of the words that the search knows the trial by (``search``); None: it is yet to learn them.
    sa.Column("search_sha256", SHA256),
)
sa.Index("ix_trials_last_changed", trials.c.last_changed, trials.c.nct_id)
sa.Index("ix_trials_last_version_date", trials.c.last_version_date, trials.c.nct_id)
# Whoever adds a version makes SQLite look for the trials that wait for it: without an index, in
# all of them.
sa.Index("ix_trials_latest_version_id", trials.c.latest_version_id)

# The IDs that trials had before, as their records or the registry stated; they are never removed.
nct_id_aliases = sa.Table(
    "nct_id_aliases",
    metadata,
    sa.Column("alias", TEXT, primary_key=True),
    sa.Column("nct_id", TEXT, primary_key=True),  # its trial may not be stored (yet)
    sqlite_with_rowid=False,
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column(
        "nct_id",
        TEXT,
        sa.ForeignKey("trials.nct_id", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    sa.Column("source", TEXT, nullable=False),
    sa.Column("origin", TEXT, nullable=False),
    sa.Column("version_date", DATE, nullable=False),
    sa.Column("registry_version", INTEGER),
    sa.Column("data_date", DATE),
    sa.Column("retrieved_at", TIME, nullable=False),
    sa.Column("last_version_date", DATE, nullable=False),
    sa.Column("last_registry_version", INTEGER),
    sa.Column("last_data_date", DATE),
    sa.Column("last_retrieved_at", TIME, nullable=False),
    sa.Column("raw_sha256", SHA256, nullable=False),
    sa.Column("last_raw_sha256", SHA256, nullable=False),
    sa.Column("stated_sha256", SHA256, nullable=False),
    sa.Column("content_sha256", SHA256, nullable=False),
    sa.Column("coverage", BYTES, nullable=False),
    sa.Column("stated_coverage", BYTES),  # None: the same as ``coverage``
    sa.Column("backfilled", BOOLEAN, nullable=False),
    sa.Column("snapshot_id", Id, sa.ForeignKey("snapshots.id"), nullable=False),
    sa.Column("stated_snapshot_id", Id, sa.ForeignKey("snapshots.id")),
    # What every store of the same data calls it; given once. See ``model.identity``.
    sa.Column("identity", BYTES, nullable=False),
    # By which rules and thresholds its events were derived (``detect.rules_version``); None: by
    # those of a program that did not keep it.
    sa.Column("rules", TEXT),
)
sa.Index("ix_versions_nct_id_version_date", versions.c.nct_id, versions.c.version_date)
sa.Index("ix_versions_raw_sha256", versions.c.raw_sha256)
# Partial on both databases; ``postgresql_where`` would load that dialect for SQLite, too.
_SEEN_TWICE = versions.c.last_raw_sha256 != versions.c.raw_sha256
sa.Index(
    "ix_versions_last_raw_sha256",
    versions.c.last_raw_sha256,
    sqlite_where=_SEEN_TWICE,
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("version_id", Id, sa.ForeignKey("versions.id", ondelete="CASCADE"), nullable=False),
    sa.Column("nct_id", TEXT, nullable=False),
    sa.Column("position", INTEGER, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("severity", TEXT, nullable=False),
    sa.Column("backfilled", BOOLEAN, nullable=False),
    sa.Column("body", BYTES, nullable=False),
    sa.Column("learned_at", TIME, nullable=False),  # when its version was first read
    sa.UniqueConstraint("version_id", "position"),
)
# What events are selected by, newest first, without a look at their rows.
_NEWEST = (events.c.learned_at, events.c.version_id, events.c.position)
sa.Index(
    "ix_events_learned_at", events.c.backfilled, *_NEWEST,
    events.c.kind, events.c.severity, events.c.nct_id,
)  # fmt: skip
sa.Index(
    "ix_events_kind", events.c.kind, events.c.backfilled, *_NEWEST,
    events.c.severity, events.c.nct_id,
)  # fmt: skip
sa.Index(
    "ix_events_nct_id", events.c.nct_id, events.c.backfilled, *_NEWEST,
    events.c.kind, events.c.severity,
)  # fmt: skip

# What a version states, as columns: made of its record by ``detect.facts``. None: not stated.
version_facts = sa.Table(
    "version_facts",
    metadata,
    sa.Column("version_id", Id, sa.ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("overall_status", TEXT),
    sa.Column("reason_class", TEXT),  # of why it stopped
    sa.Column("study_type", TEXT),
    sa.Column("phases", TEXT, nullable=False),  # a JSON list of texts
    sa.Column("start_date", TEXT),  # as written, with a day or without: so are all dates here
    sa.Column("start_date_type", TEXT),  # ACTUAL or ESTIMATED
    sa.Column("primary_completion_date", TEXT),
    sa.Column("primary_completion_date_type", TEXT),
    sa.Column("completion_date", TEXT),
    sa.Column("completion_date_type", TEXT),
    sa.Column("enrollment", BIGINT),
    sa.Column("enrollment_type", TEXT),
    sa.Column("lead_sponsor", TEXT),
    sa.Column("sites", INTEGER),  # how many, as the next ones
    sa.Column("sites_by_country", TEXT, nullable=False),  # a JSON object
    sa.Column("arms", INTEGER),
    sa.Column("primary_outcomes", INTEGER),
    sa.Column("secondary_outcomes", INTEGER),
    sa.Column("results", TEXT),  # POSTED, SUBMITTED or NONE
    sa.Column("minimum_age", TEXT),
    sa.Column("maximum_age", TEXT),
    sa.Column("sex", TEXT),
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sha256", SHA256, nullable=False),
    sa.Column("source", TEXT, nullable=False),
    sa.Column("origin", TEXT, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("size", BIGINT, nullable=False),
    sa.Column("content", BYTES, nullable=False),  # the head of it, zstandard
    sa.Column("first_seen_at", TIME, nullable=False),
    sa.Column("last_seen_at", TIME, nullable=False),
    sa.UniqueConstraint("sha256", "origin"),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("type", TEXT, nullable=False),
    sa.Column("last_attempt_at", TIME),
    sa.Column("last_success_at", TIME),
    sa.Column("next_due_at", TIME),
    sa.Column("failures", INTEGER, nullable=False),  # in a row
    sa.Column("failing_since", TIME),
    sa.Column("last_reason", TEXT),
    sa.Column("reported", BOOLEAN, nullable=False),  # the operator was notified
    sa.Column("data_timestamp", TEXT),
    sa.Column("cursor", TEXT),
)

source_states = sa.Table(
    "source_states",
    metadata,
    sa.Column("source", TEXT, primary_key=True),
    sa.Column("subject", TEXT, primary_key=True),  # "" for the whole source, or an NCT ID
    sa.Column("state", TEXT, nullable=False),  # a JSON object
    sa.Column("updated_at", TIME, nullable=False),
    sqlite_with_rowid=False,
)

# The key is the only index: counting a pass reads a source's rows (50 ms for 500,000), while an
# index on pass numbers would double what storing a page of sightings costs.
followed = sa.Table(
    "followed",
    metadata,
    sa.Column("source", TEXT, primary_key=True),
    sa.Column("nct_id", TEXT, primary_key=True),  # its trial may not be stored (yet)
    sa.Column("presence", TEXT, nullable=False),
    sa.Column("merged_into", TEXT),
    sa.Column("pass_number", INTEGER, nullable=False),
    sa.Column("since", TIME, nullable=False),
    sqlite_with_rowid=False,
)

followed_by_command = sa.Table(
    "followed_by_command",
    metadata,
    sa.Column("nct_id", TEXT, primary_key=True),
    sa.Column("since", TIME, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("holder", TEXT, nullable=False),
    sa.Column("fence", BIGINT, nullable=False),  # grows with every taking in this store
    sa.Column("renewals", BIGINT, nullable=False),
    sa.Column("ttl_s", DOUBLE, nullable=False),
    sa.Column("process", TEXT, nullable=False),  # where the holder runs; "" where unknown
    sa.Column("acquired_at", TIME, nullable=False),  # for people, as the next one
    sa.Column("renewed_at", TIME, nullable=False),
)

# Updated by every writer: counting millions of rows takes seconds while a database is cold.
row_counts = sa.Table(
    "row_counts",
    metadata,
    sa.Column("name", TEXT, primary_key=True),  # versions, events, versions by RULES
    sa.Column("number", BIGINT, nullable=False),
)

# --- subscribers, subscriptions, and the messages to them --------------------------------

subscribers = sa.Table(
    "subscribers",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("origin", TEXT, nullable=False),
    sa.Column("status", TEXT, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subscriber", TEXT, sa.ForeignKey("subscribers.name"), nullable=False),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("definition", TEXT, nullable=False),  # JSON; ``subscription_json`` reads it
    sa.Column("origin", TEXT, nullable=False),
    sa.Column("status", TEXT, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.UniqueConstraint("subscriber", "name"),
)

# Where messages go to people who subscribed by themselves; nobody else has a row.
confirmed_addresses = sa.Table(
    "confirmed_addresses",
    metadata,
    sa.Column("subscriber", TEXT, sa.ForeignKey("subscribers.name"), primary_key=True),
    sa.Column("address", TEXT, nullable=False, unique=True),
    sa.Column("generation", INTEGER, nullable=False),  # of links that are still valid
    sa.Column("confirmed_at", TIME, nullable=False),
)

# What was asked for and not confirmed yet; it counts against the limits for some time.
subscription_requests = sa.Table(
    "subscription_requests",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subscriber", TEXT, nullable=False),  # who they will be, or are
    sa.Column("address", TEXT, nullable=False),
    sa.Column("network", TEXT, nullable=False),  # a keyed hash
    sa.Column("name", TEXT, nullable=False),
    sa.Column("definition", TEXT, nullable=False),  # as of ``subscriptions``; "": confirmed
    sa.Column("created_at", TIME, nullable=False),
)
sa.Index("ix_subscription_requests_created_at", subscription_requests.c.created_at)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("subscription_id", Id, sa.ForeignKey("subscriptions.id"), primary_key=True),
    sa.Column("ends_at", TIME, nullable=False),
)

# What links are signed with: the newest signs.
signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("secret", TEXT, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
)

silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subscriber", TEXT, sa.ForeignKey("subscribers.name")),  # None: everybody
    sa.Column("nct_id", TEXT),
    sa.Column("kind", TEXT),
    sa.Column("ends_at", TIME, nullable=False),
    sa.Column("reason", TEXT),
    sa.Column("created_at", TIME, nullable=False),
)

# Who may read over HTTP. Of a token only its hash is kept: it cannot be shown again.
tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("sha256", SHA256, nullable=False, unique=True),
    sa.Column("subscriber", TEXT, sa.ForeignKey("subscribers.name")),
    sa.Column("operator", BOOLEAN, nullable=False),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("expires_at", TIME),
    sa.Column("revoked_at", TIME),
    sa.Column("last_used_on", DATE),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", TEXT, nullable=False),  # which items belong to it; within this store
    # The id that receivers know. Until the first claim fixes it the key is there.
    sa.Column("uid", TEXT, nullable=False, unique=True),
    sa.Column("subscriber", TEXT, nullable=False),
    sa.Column("channel", TEXT, nullable=False),
    sa.Column("target", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    # It was claimed once, or dropped: it may have been received, and takes no more items.
    sa.Column("closed", BOOLEAN, nullable=False),
    sa.Column("cutoff", TIME),
    sa.Column("due_at", TIME, nullable=False),
    sa.Column("attempts", INTEGER, nullable=False),
    sa.Column("last_error", TEXT),
    sa.Column("created_at", TIME, nullable=False),
    sa.Column("sent_at", TIME),
    sa.Column("claimed_by", TEXT),
    sa.Column("claim_fence", BIGINT),  # of the lease that it was claimed under,
    sa.Column("group_until", TIME),  # of what many messages became at the claim: its cut-off
    sa.Column("part", INTEGER),  # of a message that was too large, from 1 on,
    sa.Column("parts", INTEGER),  # of so many
    sa.Column("retried_at", TIME),  # by hand: the tries before do not count any more
)
sa.Index(
    "ix_messages_state_channel_due_at", messages.c.state, messages.c.channel, messages.c.due_at
)
sa.Index("ix_messages_subscriber", messages.c.subscriber)
sa.Index("ix_messages_key", messages.c.key, unique=True)
# What is not claimed yet and goes at once. An index holds just these: a worker that looks for them
# has to say so in these words.
GROUPABLE = sa.text("state = 'waiting' AND NOT closed AND cutoff IS NULL")
sa.Index(
    "ix_messages_groupable",
    messages.c.channel,
    messages.c.subscriber,
    messages.c.target,
    messages.c.due_at,
    sqlite_where=GROUPABLE,
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
    sa.Column("body", BYTES),
)

# The items of messages. They go with their message, not with the subscription: that one is
# retired, and its items still say what was sent.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("version_id", Id, sa.ForeignKey("versions.id"), primary_key=True),
    sa.Column("subscription_id", Id, primary_key=True),
    sa.Column("channel", TEXT, primary_key=True),
    sa.Column("target", TEXT, primary_key=True),
    sa.Column("message_id", Id, sa.ForeignKey("messages.id"), nullable=False),
    sa.Column("nct_id", TEXT, nullable=False),
    sa.Column("positions", TEXT, nullable=False),  # of announced events: a JSON list
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("due_at", TIME, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("ix_outbox_message_id", outbox.c.message_id)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("message_id", Id, sa.ForeignKey("messages.id"), nullable=False),
    sa.Column("at", TIME, nullable=False),
    sa.Column("outcome", TEXT, nullable=False),
    sa.Column("detail", TEXT, nullable=False),
)
sa.Index("ix_attempts_message_id", attempts.c.message_id)

channel_states = sa.Table(
    "channel_states",
    metadata,
    sa.Column("channel", TEXT, primary_key=True),
    sa.Column("failures", INTEGER, nullable=False),  # in a row
    sa.Column("paused_until", TIME),
    sa.Column("last_error", TEXT),
    sa.Column("reported", BOOLEAN, nullable=False),  # the operator was notified
    sa.Column("failing_since", TIME),  # the first of the failures
)

# What is wrong with the monitor itself, until it is over.
incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),  # what it is, the same as long as it lasts
    sa.Column("beginning", sa.Text, nullable=False),  # which of its key; a part of notices' ids
    sa.Column("state", sa.Text, nullable=False),  # began, the reason of a reminder, over
    sa.Column("began", sa.Text, nullable=False),  # sentences
    sa.Column("ended", sa.Text, nullable=False, key="over"),  # "": its end is not reported
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("began_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.UniqueConstraint("key", "beginning"),
)
_OPEN = sa.text("ended_at IS NULL")
sa.Index("ix_incidents_open", incidents.c.key, sqlite_where=_OPEN, postgresql_where=_OPEN)

# Which address of the operator was notified of which state of an incident.
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("incident_id", Id, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),  # "": an earlier program's operator's
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, primary_key=True),
    # None: it was sent without the outbox, or by an earlier program.
    sa.Column("message_id", Id, sa.ForeignKey("messages.id")),
    sqlite_with_rowid=False,
)
sa.Index("ix_notices_message_id", notices.c.message_id)

properties = sa.Table(
    "properties",
    metadata,
    sa.Column("name", TEXT, primary_key=True),  # subscriptions_version, message_namespace
    sa.Column("value", TEXT, nullable=False),
)
