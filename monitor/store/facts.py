"""Facts of versions: their rows, the queries over them, and their writes.

Made by ``monitor.detect.facts`` of the record (docs/decisions/2026-12-01-facts-and-search.md).
"""

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.facts import VersionFacts
from monitor.store.db import upsert
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import trials, version_facts, versions
from monitor.store.storable_text import make_storable
from monitor.store.versions import VERSION, order

FACTS = RowMapper(
    VersionFacts,
    [one for one in version_facts.c if one is not version_facts.c.version_id],
    phases=lambda text: tuple(orjson.loads(text)),
    sites_by_country=orjson.loads,
)

# --- what is asked --------------------------------------------------------------------------

OF_TRIALS = (
    sa.select(*VERSION.columns, *FACTS.columns)
    .select_from(versions.join(version_facts, version_facts.c.version_id == versions.c.id))
    .where(versions.c.nct_id.in_(bindparam("nct_ids", expanding=True)))
    .order_by(versions.c.nct_id, *order())
)
NEWEST = (
    sa.select(trials.c.nct_id, *FACTS.columns)
    .select_from(
        trials.join(version_facts, version_facts.c.version_id == trials.c.latest_version_id)
    )
    .where(trials.c.nct_id.in_(bindparam("nct_ids", expanding=True)))
)

# --- what is written ------------------------------------------------------------------------

PUT = upsert(version_facts)


def facts_values(version_id: int, facts: VersionFacts) -> dict[str, Any]:
    """Return the columns of a version's facts."""
    values = {name: make_storable(getattr(facts, name)) for name in FACTS.names}
    values["version_id"] = version_id
    values["phases"] = orjson.dumps([make_storable(one) for one in facts.phases]).decode()
    by_country = {make_storable(name): count for name, count in facts.sites_by_country.items()}
    values["sites_by_country"] = orjson.dumps(by_country).decode()
    return values
