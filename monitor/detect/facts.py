"""Take the facts of a version from its record when ingest stores it, for tables and series."""

from collections import Counter
from typing import Any

from monitor.detect.rules.reasons import reason_class
from monitor.model import fields
from monitor.model.countries import country_now
from monitor.model.facts import Results, VersionFacts
from monitor.model.fields import Path
from monitor.model.record import TrialRecord

_MOST = 2**31 - 1  # participants; what the registry's own number can hold


# The columns that are texts as they stand, by the module that has them.
_PATHS = {
    "overall_status": fields.OVERALL_STATUS,
    "start_date": fields.START_DATE,
    "start_date_type": fields.START_DATE_TYPE,
    "primary_completion_date": fields.PRIMARY_COMPLETION,
    "primary_completion_date_type": fields.PRIMARY_COMPLETION_TYPE,
    "completion_date": fields.COMPLETION,
    "completion_date_type": fields.COMPLETION_TYPE,
    "study_type": fields.STUDY_TYPE,
    "enrollment_type": fields.ENROLLMENT_TYPE,
    "lead_sponsor": fields.LEAD_SPONSOR_NAME,
    "minimum_age": fields.MINIMUM_AGE,
    "maximum_age": fields.MAXIMUM_AGE,
    "sex": fields.SEX,
}
_TEXTS: dict[Path, list[tuple[str, str]]] = {}
for _name, _path in _PATHS.items():
    _TEXTS.setdefault(_path[:-1], []).append((_name, _path[-1]))


def version_facts(record: TrialRecord) -> VersionFacts:
    """Return the facts of a record; nothing that it holds makes this fail."""
    enrollment = record.enrollment
    return VersionFacts(
        **_texts(record),
        reason_class=reason_class(record.text(fields.WHY_STOPPED)),
        phases=record.phases,
        enrollment=enrollment if enrollment is not None and 0 <= enrollment <= _MOST else None,
        sites=_count(record, fields.LOCATIONS),
        sites_by_country=_by_country(record),
        arms=_count(record, fields.ARM_GROUPS),
        primary_outcomes=_count(record, fields.PRIMARY_OUTCOMES),
        secondary_outcomes=_count(record, fields.SECONDARY_OUTCOMES),
        results=_results(record),
    )


def _texts(record: TrialRecord) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parent, names in _TEXTS.items():
        module = record.get(parent)
        if isinstance(module, dict):
            for column, name in names:
                value = module.get(name)
                # Registry values of another type are kept in the document, but no column can hold
                # them.
                if isinstance(value, str):
                    found[column] = value
    return found


def _count(record: TrialRecord, path: Path) -> int | None:
    """Return how many items a list has; None where the source does not state it."""
    found: Any = record.get(path)
    if isinstance(found, list):
        return len(found)
    # The API leaves out empty lists: where the source states the list at all, that is 0.
    return 0 if record.coverage.states(path) else None


def _by_country(record: TrialRecord) -> dict[str, int]:
    countries = Counter(record.texts(fields.LOCATIONS, fields.LOCATION_COUNTRY[-1]))
    found: Counter[str] = Counter()
    for country, count in countries.items():
        found[country_now(country)] += count
    return dict(sorted(found.items()))


def _results(record: TrialRecord) -> Results | None:
    if record.get(fields.HAS_RESULTS) is True or record.has(fields.RESULTS_FIRST_POST):
        return "POSTED"
    if record.results_submit_date is not None:
        return "SUBMITTED"
    return "NONE" if record.coverage.states(fields.HAS_RESULTS) else None
