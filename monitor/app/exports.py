"""What can be exported: rows of trials, versions, facts and events, one after the other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from monitor.app import cthist_columns
from monitor.app.cthist_columns import cthist_values
from monitor.app.lookups import present_id
from monitor.app.queries import all_trials, batches
from monitor.app.wiring import App
from monitor.model.bitemporal import known_since, last_known
from monitor.model.dates import PartialDate
from monitor.model.facts import VersionFacts
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.public_ids import public_event_id, public_version_id
from monitor.model.queries import EventRow, TrialQuery
from monitor.model.subscriptions import Filter
from monitor.tabular.columns import Column, ColumnType, TableLayout, field_columns

if TYPE_CHECKING:
    from monitor.store.reader import Reader


_TRIALS = 200
"""Trials whose versions are read together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version in its place, ``number`` of ``total`` from 1 on, with its facts.

    ``texts``: what its record states, as ``cthist_values`` has it; None where it is not read.
    """

    number: int
    total: int
    version: StoredVersion
    facts: VersionFacts
    texts: Mapping[str, Any] | None = None


def chosen_trials(
    app: App, reader: "Reader", trial_filter: Filter | None, nct_ids: Iterable[str]
) -> Iterator[TrialRow]:
    """Yield the trials of a filter (None: all), only those that are named, if any are."""
    named = {one for nct_id in nct_ids for one in (nct_id, present_id(reader, nct_id))}
    if named and trial_filter is None:
        found = (reader.trial(nct_id) for nct_id in sorted(named))
        yield from (row for row in found if row is not None)
        return
    for row in all_trials(app, reader, TrialQuery(filter=trial_filter)):
        if not named or row.nct_id in named:
            yield row


def version_rows(
    reader: "Reader", trials: Iterable[TrialRow], *, with_texts: bool = False
) -> Iterator[VersionRow]:
    """Yield all versions of trials, each trial's oldest first; ``with_texts`` reads each record."""
    for together in batches((trial.nct_id for trial in trials), _TRIALS):
        by_trial: dict[str, list[tuple[StoredVersion, VersionFacts]]] = {}
        for version, facts in reader.facts_of(together):
            by_trial.setdefault(version.nct_id, []).append((version, facts))
        for nct_id in together:
            found = by_trial.get(nct_id, [])
            for number, (version, facts) in enumerate(found, start=1):
                texts = cthist_values(reader.record(version)) if with_texts else None
                yield VersionRow(
                    number=number, total=len(found), version=version, facts=facts, texts=texts
                )


# --- trials ----------------------------------------------------------------------------------

TRIALS: TableLayout[TrialRow] = TableLayout(
    columns=field_columns(
        {
            "nct_id": "text", "title": "text", "overall_status": "text", "lead_sponsor": "text",
            "conditions": "json", "first_start_date": "text", "last_version_date": "date",
            "last_changed": "date", "last_seen_at": "time",
        }
    ),
    year=lambda row: row.last_version_date.year,
)  # fmt: skip

# --- versions, by the names that users of cthist know ------------------------------------------


def _whole_day(written: str | None) -> date | None:
    found = PartialDate.parse(written)
    return found.first_day() if found else None


def _precision(written: str | None) -> str | None:
    found = PartialDate.parse(written)
    if found is None:
        return None
    return "day" if found.day else "month" if found.month else "year"


def _fact(name: str, kind: ColumnType, fact: str) -> Column[VersionRow]:
    return Column(name, kind, lambda row: getattr(row.facts, fact))


def _date_columns(name: str, fact: str) -> tuple[Column[VersionRow], ...]:
    return (
        Column(name, "date", lambda row: _whole_day(getattr(row.facts, fact))),
        Column(f"{name}_precision", "text", lambda row: _precision(getattr(row.facts, fact))),
        _fact(f"{name}_type", "text", f"{fact}_type"),
    )


_PLACE: tuple[Column[VersionRow], ...] = (
    Column("version_id", "text", lambda row: public_version_id(row.version.identity)),
    Column("retrieved_at", "time", lambda row: known_since(row.version)),
    Column("last_seen_at", "time", lambda row: last_known(row.version)),
    Column("source", "text", lambda row: row.version.source),
    Column("backfilled", "boolean", lambda row: row.version.backfilled),
)

# Named as in https://cran.r-project.org/package=cthist, so that scripts for it work on this.
_VERSIONS: TableLayout[VersionRow] = TableLayout(
    columns=(
        Column("nctid", "text", lambda row: row.version.nct_id),
        Column("version_number", "integer", lambda row: row.number),
        Column("total_versions", "integer", lambda row: row.total),
        Column("version_date", "date", lambda row: row.version.version_date),
        _fact("overall_status", "text", "overall_status"),
        *_date_columns("study_start_date", "start_date"),
        *_date_columns("primary_completion_date", "primary_completion_date"),
        *_date_columns("completion_date", "completion_date"),
        _fact("enrolment", "integer", "enrollment"),
        _fact("enrolment_type", "text", "enrollment_type"),
        _fact("min_age", "text", "minimum_age"),
        _fact("max_age", "text", "maximum_age"),
        _fact("sex", "text", "sex"),
        _fact("lead_sponsor", "text", "lead_sponsor"),
        *_PLACE,
    ),
    year=lambda row: row.version.version_date.year,
)


def _cthist_text(name: str) -> Callable[[VersionRow], Any]:
    return lambda row: None if row.texts is None else row.texts[name]


_VERSIONS_WITH_TEXTS = replace(
    _VERSIONS,
    columns=(
        *_VERSIONS.columns,
        *(Column(name, kind, _cthist_text(name)) for name, kind in cthist_columns.COLUMNS.items()),
    ),
)

# --- facts -----------------------------------------------------------------------------------

_FACT_TYPES: Mapping[str, ColumnType] = {
    "phases": "json", "sites_by_country": "json", "enrollment": "integer", "sites": "integer",
    "arms": "integer", "primary_outcomes": "integer", "secondary_outcomes": "integer",
}  # fmt: skip

FACTS: TableLayout[VersionRow] = TableLayout(
    columns=(
        Column("nct_id", "text", lambda row: row.version.nct_id),
        Column("version", "integer", lambda row: row.number),
        Column("version_date", "date", lambda row: row.version.version_date),
        *(_fact(one.name, _FACT_TYPES.get(one.name, "text"), one.name)
          for one in fields(VersionFacts)),
        *_PLACE,
    ),
    year=lambda row: row.version.version_date.year,
)  # fmt: skip

# --- events ----------------------------------------------------------------------------------


def _number(row: EventRow, name: str) -> Any:
    value = row.stored.event.facts.get(name)
    # True is an int, too.
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _plain_fact(name: str) -> Column[EventRow]:
    return Column(name, "text", lambda row: row.stored.event.facts.get(name))


EVENTS: TableLayout[EventRow] = TableLayout(
    columns=(
        Column("nct_id", "text", lambda row: row.stored.nct_id),
        Column("version_id", "text", lambda row: public_version_id(row.identity)),
        Column("event_id", "text", lambda row: public_event_id(row.stored.event)),
        Column("version_date", "date", lambda row: row.version_date),
        Column("learned_at", "time", lambda row: row.learned_at),
        Column("backfilled", "boolean", lambda row: row.stored.backfilled),
        Column("kind", "text", lambda row: row.stored.event.kind.value),
        Column("severity", "text", lambda row: row.stored.event.severity.value),
        Column("label", "text", lambda row: row.stored.event.label),
        Column("path", "text", lambda row: row.stored.event.path),
        Column("summary", "text", lambda row: row.stored.event.summary),
        Column("days", "integer", lambda row: _number(row, "days")),
        Column("percent", "number", lambda row: _number(row, "percent")),
        _plain_fact("reason_class"),
        _plain_fact("life_phase"),
        Column("before", "json", lambda row: row.stored.event.before),
        Column("after", "json", lambda row: row.stored.event.after),
        Column("facts", "json", lambda row: dict(row.stored.event.facts)),
        Column("title", "text", lambda row: row.title),
        Column("lead_sponsor", "text", lambda row: row.lead_sponsor),
    ),
    year=lambda row: row.version_date.year,
)

LAYOUTS: Mapping[str, TableLayout[Any]] = MappingProxyType(
    {
        "trials": TRIALS,
        "versions": _VERSIONS,
        "versions with texts": _VERSIONS_WITH_TEXTS,
        "facts": FACTS,
        "events": EVENTS,
    }
)
"""By what is exported."""
