"""Every question the store is asked, as SQL with named parameters.

The texts run unchanged on SQLite and PostgreSQL, by the standard library's sqlite3 or by
SQLAlchemy. ``rows`` knows the order of the columns. A parameter that stands behind IN is a
list (only the writer asks such questions); ``statements`` spells it out.
"""
# ruff: noqa: S608  # the texts are put together from this file's own constants

VERSION_COLUMNS = """v.id, v.nct_id, v.source, v.origin,
    v.version_date, v.registry_version, v.data_date, v.retrieved_at,
    v.last_version_date, v.last_registry_version, v.last_data_date, v.last_retrieved_at,
    v.raw_sha256, v.last_raw_sha256, v.stated_sha256, v.content_sha256,
    v.coverage, v.stated_coverage, v.backfilled, v.snapshot_id, v.stated_snapshot_id, v.identity,
    v.rules"""

# The order of model.history.VersionKey, then the row's id.
_ORDER = """{0}.version_date {1}, coalesce({0}.registry_version, 2147483647) {1},
    coalesce({0}.data_date, '0001-01-01') {1}, {0}.retrieved_at {1}, {0}.id {1}"""

NEWEST_FIRST = _ORDER.format("{0}", "DESC")
"""With an alias put in, what ORDER BY needs to have a trial's newest version first."""

VERSIONS_OF_TRIAL = f"""
SELECT {VERSION_COLUMNS} FROM versions v WHERE v.nct_id = :nct_id
ORDER BY {_ORDER.format("v", "")}"""

VERSION = f"SELECT {VERSION_COLUMNS} FROM versions v WHERE v.id = :version_id"

TRIALS_READ_SINCE = """
SELECT DISTINCT nct_id FROM versions WHERE retrieved_at >= :since ORDER BY nct_id"""

HISTORIES = f"""
SELECT {VERSION_COLUMNS}, t.first_start_date, t.last_changed, t.last_seen_at
FROM trials t JOIN versions v ON v.nct_id = t.nct_id WHERE t.nct_id IN :nct_ids
ORDER BY v.nct_id, {_ORDER.format("v", "")}"""

_LATEST = f"""
FROM trials t JOIN versions v ON v.id = (
    SELECT w.id FROM versions w WHERE w.nct_id = t.nct_id
    ORDER BY {_ORDER.format("w", "DESC")} LIMIT 1)
WHERE t.nct_id IN :nct_ids"""

LATEST_VERSIONS = f"SELECT {VERSION_COLUMNS} {_LATEST}"

NEWEST_SIGHTS = f"""
SELECT t.nct_id, v.id, v.last_version_date, v.last_registry_version,
    v.data_date, v.raw_sha256, v.last_data_date, v.last_raw_sha256,
    v.stated_sha256, v.content_sha256 {_LATEST}"""

KNOWN_RAW = """
SELECT raw_sha256, id FROM versions WHERE raw_sha256 IN :hashes
UNION ALL
SELECT last_raw_sha256, id FROM versions
WHERE last_raw_sha256 IN :hashes AND last_raw_sha256 != raw_sha256
ORDER BY 2"""

_SNAPSHOT = "id, base_id, number, codec, size, sha256, content"

# A snapshot and all that it is built upon. UNION, without ALL, ends the walk even where damaged
# rows refer to one another in a circle.
_PATH = """
WITH RECURSIVE path (id, base_id) AS (
    SELECT s.id, s.base_id FROM snapshots s WHERE s.id {0}
    UNION SELECT s.id, s.base_id FROM path p JOIN snapshots s ON s.id = p.base_id)"""

SNAPSHOT_PATH = f"""{_PATH.format("= :snapshot_id")}
SELECT {_SNAPSHOT} FROM snapshots WHERE id IN (SELECT id FROM path)"""

SNAPSHOT_PATHS = f"""{_PATH.format("IN :snapshot_ids")}
SELECT {_SNAPSHOT} FROM snapshots WHERE id IN (SELECT id FROM path)"""

SNAPSHOT_USER = """
SELECT nct_id, version_date FROM versions
WHERE snapshot_id = :snapshot_id OR stated_snapshot_id = :snapshot_id
ORDER BY version_date LIMIT 1"""

_TRIAL = """nct_id, title, overall_status, lead_sponsor, conditions, first_start_date,
    latest_version_id, last_version_date, last_changed, last_seen_at"""

TRIAL = f"SELECT {_TRIAL} FROM trials WHERE nct_id = :nct_id"

TRIAL_OF_ALIAS = f"""
SELECT {_TRIAL} FROM trials
WHERE nct_id IN (SELECT nct_id FROM nct_id_aliases WHERE alias = :alias) AND nct_id != :alias
ORDER BY CASE WHEN overall_status = 'MERGED' THEN 1 ELSE 0 END, last_version_date DESC, nct_id
LIMIT 1"""

TRIALS = f"SELECT {_TRIAL} FROM trials ORDER BY nct_id"

TRIALS_CHANGED_SINCE = f"""
SELECT {_TRIAL} FROM trials WHERE last_changed >= :changed_since ORDER BY nct_id"""

_BY_RULES = """
SELECT nct_id, count(*) FROM versions
WHERE nct_id > :after AND version_date >= :since AND {}
GROUP BY nct_id ORDER BY nct_id LIMIT :limit"""

BY_PRESENT_RULES = _BY_RULES.format("rules = :rules")

BY_OLDER_RULES = _BY_RULES.format("(rules IS NULL OR rules <> :rules)")

EVENTS_OF_TRIAL = """
SELECT e.id, e.version_id, e.nct_id, e.position, e.backfilled, e.kind, e.severity, e.body
FROM versions v JOIN events e ON e.version_id = v.id
WHERE v.nct_id = :nct_id ORDER BY e.version_id, e.position"""

EVENTS_OF_VERSION = """
SELECT e.id, e.version_id, e.nct_id, e.position, e.backfilled, e.kind, e.severity, e.body
FROM events e WHERE e.version_id = :version_id AND e.nct_id = :nct_id ORDER BY e.position"""

_QUARANTINED = "id, source, origin, reason, size, sha256, first_seen_at, last_seen_at"

QUARANTINE = f"SELECT {_QUARANTINED} FROM quarantine ORDER BY id"

QUARANTINED = f"SELECT {_QUARANTINED}, content FROM quarantine WHERE id = :quarantine_id"

COUNTS = """
SELECT (SELECT count(*) FROM trials), (SELECT count(*) FROM versions),
    (SELECT count(*) FROM events), (SELECT count(*) FROM quarantine),
    (SELECT coalesce(sum(length(content)), 0) FROM snapshots)"""

SQLITE_BYTES = """
SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"""

POSTGRES_BYTES = "SELECT pg_database_size(current_database())"

_SOURCE = """name, type, last_attempt_at, last_success_at, next_due_at, failures,
    failing_since, last_reason, reported, data_timestamp, cursor"""

SOURCE_ROW = f"SELECT {_SOURCE} FROM sources WHERE name = :name"

SOURCE_ROWS = f"SELECT {_SOURCE} FROM sources ORDER BY name"

STATE = "SELECT state FROM source_states WHERE source = :source AND subject = :subject"

STATES = "SELECT subject, state FROM source_states WHERE source = :source ORDER BY subject"

FOLLOWED = """
SELECT source, nct_id, presence, merged_into, pass_number, since FROM followed
WHERE source = :source AND nct_id > :after
    AND (CAST(:unseen_in AS INTEGER) IS NULL OR pass_number < :unseen_in)
    AND (CAST(:presence AS TEXT) IS NULL OR presence = :presence)
ORDER BY nct_id LIMIT :limit"""

FOLLOWING = """
SELECT name FROM sources WHERE EXISTS (
    SELECT 1 FROM followed
    WHERE source = name AND nct_id = :nct_id AND presence <> 'unknown')
ORDER BY name"""

FOLLOWED_BY_COMMAND = "SELECT nct_id FROM followed_by_command ORDER BY nct_id"

FOLLOWED_RECORD = """
SELECT source, nct_id, presence, merged_into, pass_number, since FROM followed
WHERE source = :source AND nct_id = :nct_id"""

SEEN_IN = """
SELECT count(*) FROM followed
WHERE source = :source AND presence = 'shown' AND pass_number = :pass_number"""

KNOWN_SEEN_IN = f"{SEEN_IN} AND since < :before"

FOLLOWED_COUNTS = """
SELECT source, count(*) FILTER (WHERE presence = 'shown'),
    count(*) FILTER (WHERE presence = 'gone'), count(*) FILTER (WHERE presence = 'merged'),
    count(*) FILTER (WHERE presence = 'unknown')
FROM followed GROUP BY source ORDER BY source"""

ROW_COUNTS = """
SELECT (SELECT count(*) FROM trials),
    (SELECT number FROM row_counts WHERE name = 'versions'),
    (SELECT number FROM row_counts WHERE name = 'events'),
    (SELECT count(*) FROM quarantine)"""

VERSIONS_BY = "versions by {}"
"""The name under which the versions whose events were derived by these rules are counted."""

ROW_COUNT = "SELECT number FROM row_counts WHERE name = :name"

POSTGRES_WRITABLE = """
    SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on',
           has_table_privilege('versions', 'INSERT')
"""
POSTGRES_TABLE_BYTES = """
SELECT CAST(sum(pg_total_relation_size(to_regclass(name))) AS BIGINT) FROM (VALUES
    ('trials'), ('nct_id_aliases'), ('versions'), ('snapshots'), ('events'), ('quarantine'),
    ('sources'), ('source_states'), ('followed'), ('followed_by_command'), ('leases'),
    ('row_counts'),
    ('subscribers'), ('subscriptions'), ('silences'), ('announcements'), ('messages'), ('outbox'),
    ('attempts'),
    ('channel_states'), ('properties')) ours (name)"""
