"""What is asked and written about messages on their way, as SQL.

The texts run on SQLite and PostgreSQL, as those of ``queries``. ``{lock}`` stands where
PostgreSQL locks rows; on SQLite a transaction is the only writer anyway.
"""
# ruff: noqa: S608  # the texts are put together from this file's own constants

_MESSAGE = """m.id, m.key, m.uid, m.subscriber, m.channel, m.target, m.state, m.cutoff, m.due_at,
    m.attempts, m.last_error, m.created_at, m.sent_at, m.claimed_by, m.claim_fence, m.group_until,
    m.part, m.parts, m.retried_at"""

# With a condition for each of what is asked for, so that an index can be used.
MESSAGES = f"""
SELECT {_MESSAGE} FROM messages m WHERE {{conditions}} ORDER BY m.id DESC LIMIT :limit"""

TRIALS_OF_MESSAGES = """
SELECT m.id, (SELECT min(o.nct_id) FROM outbox o WHERE o.message_id = m.id),
    (SELECT count(DISTINCT o.nct_id) FROM outbox o WHERE o.message_id = m.id)
FROM messages m WHERE {conditions} ORDER BY m.id DESC LIMIT :limit"""

MESSAGE = f"SELECT {_MESSAGE} FROM messages m WHERE m.id = :id"

MESSAGE_OF_UID = f"SELECT {_MESSAGE} FROM messages m WHERE m.uid = :uid"

MESSAGES_OF_SUBSCRIBER = f"""
SELECT {_MESSAGE} FROM messages m WHERE m.subscriber = :subscriber ORDER BY m.id"""

_ITEM = """o.message_id, o.version_id, o.nct_id, o.subscription_id, m.subscriber, o.channel,
    o.target, o.positions, o.reason, o.due_at, m.cutoff"""

ITEMS = f"""
SELECT {_ITEM} FROM messages m JOIN outbox o ON o.message_id = m.id
WHERE m.id = :message_id ORDER BY o.version_id, o.subscription_id"""

ITEMS_OF_VERSION = f"""
SELECT {_ITEM}, {_MESSAGE} FROM outbox o JOIN messages m ON m.id = o.message_id
WHERE o.version_id = :version_id ORDER BY o.message_id, o.subscription_id"""

ITEMS_OF_SUBSCRIBER = f"""
SELECT {_ITEM} FROM messages m JOIN outbox o ON o.message_id = m.id
WHERE m.subscriber = :subscriber ORDER BY m.id, o.version_id, o.subscription_id"""

_ATTEMPT = "a.message_id, a.at, a.outcome, a.said"

ATTEMPTS = f"SELECT {_ATTEMPT} FROM attempts a WHERE a.message_id = :message_id ORDER BY a.id"

ATTEMPTS_OF_SUBSCRIBER = f"""
SELECT {_ATTEMPT} FROM messages m JOIN attempts a ON a.message_id = m.id
WHERE m.subscriber = :subscriber ORDER BY a.id"""

COUNTS = """
SELECT state, channel, count(*) FROM messages GROUP BY state, channel ORDER BY state, channel"""

# From one channel to the next along the index: there are few channels and many messages.
CHANNELS = """
WITH RECURSIVE found (channel) AS (
    SELECT min(channel) FROM messages WHERE state = :state
    UNION ALL
    SELECT (SELECT min(m.channel) FROM messages m WHERE m.state = :state AND m.channel > f.channel)
    FROM found f WHERE f.channel IS NOT NULL)
SELECT channel FROM found WHERE channel IS NOT NULL"""

OLDEST_DUE = "SELECT min(due_at) FROM messages WHERE state = :state AND channel = :channel"

# The tries that count: those since somebody retried the message.
_COUNTED = "(m.retried_at IS NULL OR a.at >= m.retried_at)"

# A message that was tried and failed has been due since its first try, whenever its next one is.
DUE_SINCE = f"""
SELECT (SELECT min(due_at) FROM messages WHERE state = 'waiting' AND channel = :channel),
    (SELECT min(due_at) FROM messages WHERE state = 'sending' AND channel = :channel),
    (SELECT min((SELECT min(a.at) FROM attempts a WHERE a.message_id = m.id AND {_COUNTED}))
        FROM messages m
        WHERE m.state IN ('waiting', 'sending') AND m.channel = :channel
            AND m.attempts > 0 AND m.last_error IS NOT NULL)"""

_CHANNEL_STATE = "channel, failures, resting_until, last_error, reported, failing_since"

CHANNEL_STATE = f"""
SELECT {_CHANNEL_STATE} FROM channel_states WHERE channel = :channel{{lock}}"""

DEAD_SINCE = """
SELECT max(a.at) FROM attempts a WHERE a.message_id =
    (SELECT min(m.id) FROM messages m WHERE m.state = 'dead' AND m.channel = :channel)"""

CHANNEL_STATES = f"SELECT {_CHANNEL_STATE} FROM channel_states ORDER BY channel"

ANNOUNCEMENT = """
SELECT version_id, previous_id, body FROM announcements WHERE version_id = :version_id"""

# --- enqueueing ---------------------------------------------------------------------------

KNOWN_SUBSCRIBERS = "SELECT name FROM subscribers WHERE name IN :names ORDER BY name{lock}"

STORED_ITEMS = """
SELECT version_id, subscription_id, channel, target FROM outbox
WHERE version_id IN :version_ids"""

# The key stands as the uid too: which of the two finds that another was quicker is chance.
PUT_MESSAGES = """
INSERT INTO messages (key, uid, subscriber, channel, target, state, closed, cutoff, due_at,
    attempts, created_at)
{rows} ON CONFLICT DO NOTHING"""

# Open means waiting. Asked for by its state too, SQLite would look through all that wait.
OPEN_MESSAGES = """
SELECT key, id, due_at FROM messages WHERE key IN :keys AND NOT closed ORDER BY key{lock}"""

SOONER = "UPDATE messages SET due_at = :due_at WHERE id = :id AND due_at > :due_at"

PUT_ITEMS = """
INSERT INTO outbox (version_id, subscription_id, channel, target, message_id, nct_id, positions,
    reason, due_at)
{rows} ON CONFLICT (version_id, subscription_id, channel, target) DO NOTHING"""

# --- claiming -----------------------------------------------------------------------------

# Rows are found by their ids. Were the plain state asked for too, SQLite would rather look
# through all that are in it.
_STATE = "state || ''"

DUE = """
SELECT id, due_at, subscriber FROM messages
WHERE state = 'waiting' AND channel = :channel AND due_at <= :now
ORDER BY due_at, id LIMIT :limit{lock}"""

# The lease is gone that it was claimed under: its worker gave it back, or lost it.
_UNHELD = """NOT EXISTS (SELECT 1 FROM leases l
        WHERE l.holder = messages.claimed_by AND l.fence = messages.claim_fence)"""

ABANDONED = f"""
SELECT id, due_at, subscriber FROM messages
WHERE state = 'sending' AND channel = :channel AND {_UNHELD}
ORDER BY due_at, id LIMIT :limit{{lock}}"""

CLAIM = f"""
UPDATE messages SET state = 'sending', closed = TRUE, claimed_by = :worker, claim_fence = :fence
WHERE id IN :ids AND ({_STATE} = 'waiting' AND due_at <= :now
    OR {_STATE} = 'sending' AND {_UNHELD})
RETURNING {_MESSAGE.replace("m.", "")}"""

# --- grouping -----------------------------------------------------------------------------

# What nobody has claimed yet and goes at once: an index holds just these.
_GROUPABLE = """channel = :channel AND state = 'waiting' AND NOT closed AND cutoff IS NULL
    AND due_at <= :now"""

MANY_DUE = f"""
SELECT subscriber, target FROM messages WHERE {_GROUPABLE} AND subscriber IN :subscribers
GROUP BY subscriber, target HAVING count(*) > :above ORDER BY subscriber, target"""

# While it lasts nobody else claims by this channel; who fills the outbox goes on. The first
# number is this program's own, beside that of the trials' locks.
LOCK_CLAIMS = "SELECT pg_advisory_xact_lock(7264802, hashtext(:channel))"

GROUPABLE = f"""
SELECT id, due_at FROM messages
WHERE {_GROUPABLE} AND subscriber = :subscriber AND target = :target
ORDER BY due_at, id{{lock}}"""

GATHER_ITEMS = "UPDATE outbox SET message_id = :into WHERE message_id IN :ids"

DELETE_GATHERED = "DELETE FROM messages WHERE id IN :ids"

BECOME_GROUP = """
UPDATE messages SET key = :key, uid = :key, group_until = :until WHERE id = :id"""

# --- splitting ----------------------------------------------------------------------------

# Once, by who has claimed it, before any try: whoever knows its id may have it whole.
BECOME_PART = f"""
UPDATE messages SET uid = :uid, part = 1, parts = :parts
WHERE id = :id AND {_STATE} = 'sending' AND claimed_by = :worker AND claim_fence = :fence
    AND parts IS NULL
RETURNING {_MESSAGE.replace("m.", "")}"""

PUT_PART = f"""
INSERT INTO messages (key, uid, subscriber, channel, target, state, closed, cutoff, due_at,
    attempts, created_at, claimed_by, claim_fence, group_until, part, parts)
SELECT :key, :uid, subscriber, channel, target, state, closed, cutoff, due_at,
    attempts, created_at, claimed_by, claim_fence, group_until, :part, parts
FROM messages WHERE id = :whole
RETURNING {_MESSAGE.replace("m.", "")}"""

MOVE_TO_PART = """
UPDATE outbox SET message_id = :part_id
WHERE message_id = :whole AND version_id IN :version_ids"""

# --- what is claimed for the first time ---------------------------------------------------

# What messages that are claimed for the first time tell of.
CLAIMED_ITEMS = """
SELECT DISTINCT o.message_id, v.identity, p.identity
FROM outbox o JOIN versions v ON v.id = o.version_id
LEFT JOIN announcements a ON a.version_id = o.version_id
LEFT JOIN versions p ON p.id = a.previous_id WHERE o.message_id IN :ids"""

FIX_UID = "UPDATE messages SET uid = :uid WHERE id = :id"

RECORD = """
UPDATE messages SET state = :state, due_at = coalesce(:due_at, due_at),
    attempts = attempts + :tried, last_error = :last_error, sent_at = :sent_at,
    claimed_by = NULL, claim_fence = NULL
WHERE id = :id AND state = 'sending' AND claimed_by = :worker AND claim_fence = :fence"""

LATE = f"""
UPDATE messages SET state = 'sent', sent_at = :at, last_error = NULL
WHERE id = :id AND {_STATE} IN ('waiting', 'dead')"""

PUT_ATTEMPT = """
INSERT INTO attempts (message_id, at, outcome, said) VALUES (:message_id, :at, :outcome, :said)"""

# Of the refusals that no other answer came between.
FIRST_REFUSED = f"""
SELECT min(a.at) FROM messages m JOIN attempts a ON a.message_id = m.id
WHERE m.id = :message_id AND {_COUNTED} AND a.id > (
    SELECT COALESCE(max(o.id), 0) FROM attempts o
    WHERE o.message_id = :message_id AND o.outcome <> 'refused')"""

RELEASE = f"""
UPDATE messages SET state = 'waiting', claimed_by = NULL, claim_fence = NULL
WHERE id IN :ids AND {_STATE} = 'sending' AND claimed_by = :worker AND claim_fence = :fence
RETURNING id"""

RETRY = f"""
UPDATE messages SET state = 'waiting', due_at = :now, attempts = 0, retried_at = :now
WHERE id IN :ids AND {_STATE} IN ('dead', 'dropped', 'waiting') RETURNING id"""

DROP = f"""
UPDATE messages SET state = 'dropped', closed = TRUE
WHERE id IN :ids AND {_STATE} IN ('dead', 'waiting') RETURNING id"""

PUT_CHANNEL_STATE = """
INSERT INTO channel_states (channel, failures, resting_until, last_error, reported, failing_since)
VALUES (:channel, :failures, :resting_until, :last_error, :reported, :failing_since)
ON CONFLICT (channel) DO UPDATE SET failures = excluded.failures,
    resting_until = excluded.resting_until, last_error = excluded.last_error,
    reported = excluded.reported, failing_since = excluded.failing_since"""

LAST_ERRORS = "SELECT channel, last_error FROM channel_states WHERE last_error IS NOT NULL"

FORGET_LAST_ERROR = "UPDATE channel_states SET last_error = NULL WHERE channel = :channel"
