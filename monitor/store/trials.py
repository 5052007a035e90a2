"""Trials as they are known now, and the NCT IDs that they had before: rows and statements.

A row of ``trials`` repeats what the newest version says, so that lists need no snapshot.
"""

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.history import TrialRow
from monitor.model.search import SearchDocument
from monitor.store.db import excluded, insert_new, upsert
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import nct_id_aliases, trials
from monitor.store.storable_text import make_storable


def _conditions(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))


TRIAL = RowMapper(
    TrialRow,
    [one for one in trials.c if one is not trials.c.search_sha256],
    conditions=_conditions,
)

# --- what is asked --------------------------------------------------------------------------

OF_ID = sa.select(*trials.c).where(trials.c.nct_id == bindparam("nct_id"))
_HAD_BEFORE = sa.select(nct_id_aliases.c.nct_id).where(nct_id_aliases.c.alias == bindparam("alias"))
OF_ALIAS = (
    sa.select(*trials.c)
    .where(trials.c.nct_id.in_(_HAD_BEFORE), trials.c.nct_id != bindparam("alias"))
    .order_by(
        # A chain of mergers (A into B into C) leads to the one that is still shown.
        sa.case((trials.c.overall_status == "MERGED", 1), else_=0),
        trials.c.last_version_date.desc(),
        trials.c.nct_id,
    )
    .limit(1)
)
ALL = sa.select(*trials.c).order_by(trials.c.nct_id)
STATUSES = sa.select(trials.c.overall_status).distinct().where(trials.c.overall_status.is_not(None))
CHANGED_SINCE = ALL.where(trials.c.last_changed >= bindparam("changed_since"))

# --- what is written ------------------------------------------------------------------------

_SEARCHED = trials.c.search_sha256
PUT = upsert(
    trials,
    names=[name for name in TRIAL.names if name != "nct_id"],
    # Whoever brings no words leaves those that the search knows.
    values={_SEARCHED.name: sa.func.coalesce(excluded(trials).search_sha256, _SEARCHED)},
)
PUT_ALIAS = insert_new(nct_id_aliases)
SET_LAST_CHANGED = (
    sa.update(trials)
    .where(trials.c.nct_id == bindparam("trial"))
    .values(last_changed=bindparam("changed"))
)


def trial_values(trial: TrialRow, document: SearchDocument | None) -> dict[str, Any]:
    """Return a trial's columns; ``document``: the words that the search learns with it."""
    values = {name: make_storable(getattr(trial, name)) for name in TRIAL.names}
    values[_SEARCHED.name] = None if document is None else document.digest
    values["conditions"] = orjson.dumps([make_storable(name) for name in trial.conditions]).decode()
    return values
