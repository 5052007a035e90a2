"""What ``verify`` asks: every row in turn, and the rows that refer to what is not there."""
# ruff: noqa: S608  # the texts are put together from the program's own names

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from monitor.store.delivery_schema import outbox
from monitor.store.queries import NEWEST_FIRST, VERSION_COLUMNS

SNAPSHOTS = "SELECT id, nct_id FROM snapshots ORDER BY nct_id, id"

VERSIONS = f"SELECT {VERSION_COLUMNS} FROM versions v ORDER BY v.nct_id, v.id"

EVENTS = """
SELECT e.id, e.version_id, e.nct_id, e.position, e.backfilled, e.kind, e.severity, e.body
FROM events e ORDER BY e.id"""

ANNOUNCEMENTS = """
SELECT a.version_id, a.previous_id, a.body, v.nct_id
FROM announcements a LEFT JOIN versions v ON v.id = a.version_id ORDER BY a.version_id"""

QUARANTINE = "SELECT id, origin, content FROM quarantine ORDER BY id"

ALIASES = "SELECT alias, nct_id FROM nct_id_aliases"

LATEST = """
SELECT t.nct_id FROM versions v JOIN trials t ON t.latest_version_id = v.id
WHERE v.snapshot_id = :id"""

ROW_COUNTS = "SELECT name, number FROM row_counts ORDER BY name"

COUNTED = {
    "versions": "SELECT count(*) FROM versions",
    "events": "SELECT count(*) FROM events",
}

COUNTED_BY_RULES = """
SELECT rules, count(*) FROM versions WHERE rules IS NOT NULL GROUP BY rules"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What rows of a table refer to.

    ``sql`` yields those that are wrong: the row's key, what it refers to, NCT ID and version (NULL
    where the table has none). ``says`` is what is wrong with it.
    """

    table: str
    sql: str
    says: str


def references() -> Iterator[Reference]:
    """Yield all references: those that the schema declares, and those that only the code knows."""
    for table in outbox.metadata.sorted_tables:  # of all tables
        for constraint in sorted(table.foreign_keys, key=lambda one: one.parent.name):
            yield _declared(table, constraint)
    yield from _UNDECLARED


def _declared(table: sa.Table, constraint: sa.ForeignKey) -> Reference:
    here, there = constraint.parent, constraint.column
    keys = " || '/' || ".join(f"CAST(c.{key.name} AS TEXT)" for key in table.primary_key)
    nct_id = "c.nct_id" if "nct_id" in table.c else "NULL"
    version = "c.version_id" if "version_id" in table.c else "NULL"
    if table.name == "versions":
        version = "c.id"
    return Reference(
        table=table.name,
        says=f"its {here.name} {{}} is not in {there.table.name}",
        sql=f"""
SELECT {keys}, c.{here.name}, {nct_id}, {version} FROM {table.name} c
WHERE c.{here.name} IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {there.table.name} p WHERE p.{there.name} = c.{here.name})""",
    )


_UNDECLARED = (
    Reference(
        table="snapshots",
        says="its base {} is another trial's, or does not come before it",
        sql="""
SELECT s.id, s.base_id, s.nct_id, NULL FROM snapshots s JOIN snapshots b ON b.id = s.base_id
WHERE b.nct_id <> s.nct_id OR b.number >= s.number""",
    ),
    Reference(
        table="snapshots",
        says="it has the number {} after its keyframe, which contradicts its base",
        sql="""
SELECT id, number, nct_id, NULL FROM snapshots WHERE (base_id IS NULL) <> (number = 0)""",
    ),
    Reference(
        table="versions",
        says="its snapshot {} is another trial's",
        sql="""
SELECT v.id, s.id, v.nct_id, v.id FROM versions v
JOIN snapshots s ON s.id IN (v.snapshot_id, v.stated_snapshot_id) WHERE s.nct_id <> v.nct_id""",
    ),
    Reference(
        table="versions",
        says="its identity is that of the version with the id {} too",
        sql="""
SELECT v.id, w.id, v.nct_id, v.id FROM versions v
JOIN versions w ON w.nct_id = v.nct_id AND w.identity = v.identity AND w.id <> v.id""",
    ),
    Reference(
        table="trials",
        says="its latest version {} is not the newest one of its own",
        sql=f"""
SELECT t.nct_id, t.latest_version_id, t.nct_id, NULL FROM trials t
WHERE t.latest_version_id <> coalesce((SELECT w.id FROM versions w WHERE w.nct_id = t.nct_id
    ORDER BY {NEWEST_FIRST.format("w")} LIMIT 1), 0)""",
    ),
    Reference(
        table="events",
        says="it is of another trial than its version {}",
        sql="""
SELECT e.id, e.version_id, e.nct_id, NULL FROM events e JOIN versions v ON v.id = e.version_id
WHERE e.nct_id <> v.nct_id""",
    ),
    Reference(
        table="announcements",
        says="the version {} that it was compared with is another trial's",
        sql="""
SELECT a.version_id, a.previous_id, v.nct_id, v.id FROM announcements a
JOIN versions v ON v.id = a.version_id JOIN versions p ON p.id = a.previous_id
WHERE p.nct_id <> v.nct_id""",
    ),
    Reference(
        table="outbox",
        says="what was announced of its version {} is not in announcements",
        sql="""
SELECT o.message_id, o.version_id, o.nct_id, o.version_id FROM outbox o
WHERE NOT EXISTS (SELECT 1 FROM announcements a WHERE a.version_id = o.version_id)""",
    ),
    Reference(
        table="outbox",
        says="it is of another trial than its version {}",
        sql="""
SELECT o.message_id, o.version_id, o.nct_id, NULL FROM outbox o
JOIN versions v ON v.id = o.version_id WHERE o.nct_id <> v.nct_id""",
    ),
    Reference(
        table="outbox",
        says="its subscription {} is not in subscriptions",
        sql="""
SELECT o.message_id, o.subscription_id, o.nct_id, o.version_id FROM outbox o
WHERE NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.id = o.subscription_id)""",
    ),
)
