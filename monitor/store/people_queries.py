"""What is asked and written about subscribers, subscriptions and silences, as SQL.

The texts run on SQLite and PostgreSQL, as those of ``queries``.
"""
# ruff: noqa: S608  # the texts are put together from this file's own constants

SUBSCRIBERS = "SELECT name, origin, standing, created_at FROM subscribers ORDER BY name"

SUBSCRIBER = "SELECT name, origin, standing, created_at FROM subscribers WHERE name = :name"

_SUBSCRIPTION = "s.id, s.subscriber, s.name, s.definition, s.origin, {standing}, s.created_at"

# Who is paused or retired pauses or retires all that is theirs.
_EFFECTIVE = """CASE WHEN p.standing = 'active' OR s.standing = 'retired'
    THEN s.standing ELSE p.standing END"""


def subscriptions(*, effective: bool, of_one: bool, of_standing: bool) -> str:
    """Return the question for subscriptions: of ``:subscriber``, and of ``:standing``."""
    standing = _EFFECTIVE if effective else "s.standing"
    # With a condition for each of what is asked for, so that an index can be used.
    tests = {"s.subscriber = :subscriber": of_one, f"{standing} = :standing": of_standing}
    return f"""
SELECT {_SUBSCRIPTION.format(standing=standing)}
FROM subscriptions s JOIN subscribers p ON p.name = s.subscriber
WHERE {" AND ".join(test for test, asked in tests.items() if asked) or "TRUE"} ORDER BY s.id"""


SUBSCRIPTION = f"""
SELECT {_SUBSCRIPTION.format(standing="s.standing")} FROM subscriptions s
WHERE s.subscriber = :subscriber AND s.name = :name"""

SILENCES = """
SELECT id, subscriber, nct_id, kind, ends_at, reason, created_at FROM silences ORDER BY id"""

PROPERTY = "SELECT value FROM properties WHERE name = :name"

NEWEST_SUBSCRIPTION = "SELECT COALESCE(max(id), 0) FROM subscriptions"

# --- writing ------------------------------------------------------------------------------

BUMP = """
UPDATE properties SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)
WHERE name = 'subscriptions_version'"""

# A person is whose who named them first; who comes back is whose who brought them back.
PUT_SUBSCRIBERS = """
INSERT INTO subscribers (name, origin, standing, created_at) {rows}
ON CONFLICT (name) DO UPDATE SET origin = excluded.origin, standing = excluded.standing
WHERE subscribers.standing = 'retired'"""

# What somebody paused stays paused, however often the configuration names it.
PUT_SUBSCRIPTIONS = """
INSERT INTO subscriptions (subscriber, name, definition, origin, standing, created_at) {rows}
ON CONFLICT (subscriber, name) DO UPDATE SET
    definition = excluded.definition, origin = excluded.origin,
    standing = CASE WHEN subscriptions.standing = 'paused' AND excluded.standing = 'active'
        THEN 'paused' ELSE excluded.standing END"""

SUBSCRIPTIONS_OF = """
SELECT s.subscriber, s.name, s.id, s.definition, s.origin, s.standing FROM subscriptions s
WHERE s.subscriber IN :subscribers"""

SUBSCRIBERS_OF = "SELECT name, origin, standing FROM subscribers WHERE name IN :subscribers"

SET_SUBSCRIBER = """
UPDATE subscribers SET standing = :standing WHERE name = :subscriber AND standing != :standing"""

SET_SUBSCRIPTION = """
UPDATE subscriptions SET standing = :standing
WHERE subscriber = :subscriber AND name = :name AND standing != :standing"""

LIVE_SUBSCRIBERS = "SELECT name FROM subscribers WHERE origin = :origin AND standing != 'retired'"

LIVE_SUBSCRIPTIONS = """
SELECT subscriber, name, origin FROM subscriptions WHERE standing != 'retired'"""

PUT_SILENCE = """
INSERT INTO silences (subscriber, nct_id, kind, ends_at, reason, created_at)
VALUES (:subscriber, :nct_id, :kind, :until, :reason, :created_at) RETURNING id"""

REMOVE_SILENCE = "DELETE FROM silences WHERE id = :id"

# --- welcoming ----------------------------------------------------------------------------

# The newest subscription that was looked at; a store that none was looked at in has no row.
WELCOMED = "SELECT value FROM properties WHERE name = 'welcomed_subscription'{lock}"

PUT_WELCOMED = """
INSERT INTO properties (name, value) VALUES ('welcomed_subscription', :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value"""

BEGIN_WELCOMED = """
INSERT INTO properties (name, value) VALUES ('welcomed_subscription', '0')
ON CONFLICT (name) DO NOTHING"""

# --- forgetting ---------------------------------------------------------------------------

LOCKED_SUBSCRIBER = "SELECT name FROM subscribers WHERE name = :subscriber{lock}"

LOCKED_MESSAGES = "SELECT id FROM messages WHERE subscriber = :subscriber ORDER BY id{lock}"

TARGETS = "SELECT DISTINCT target FROM messages WHERE subscriber = :subscriber"

_THEIRS = "message_id IN (SELECT id FROM messages WHERE subscriber = :subscriber)"

FORGET = {
    "attempts": f"DELETE FROM attempts WHERE {_THEIRS}",
    "items": f"DELETE FROM outbox WHERE {_THEIRS}",
    "messages": "DELETE FROM messages WHERE subscriber = :subscriber",
    "silences": "DELETE FROM silences WHERE subscriber = :subscriber",
    "subscriptions": "DELETE FROM subscriptions WHERE subscriber = :subscriber",
    "subscribers": "DELETE FROM subscribers WHERE name = :subscriber",
}
