"""One version of a study as the registry's history answers it: ``{"studyVersion", "study"}``.

Its text is HTML and is brought to the Markdown of API v2. Its derived section and its
coordinates are those of today, not of the version: they are left out.
Source: ClinicalTrials.gov ``/api/int/studies/{nct}/history/{version}``.
"""

from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers import markup, study

_COVERAGE = Coverage.all_but([fields.DERIVED, fields.LOCATION_GEO_POINT])


def recognizes(content: Any) -> bool:
    """Return whether the JSON value is a history answer."""
    return isinstance(content, dict) and "studyVersion" in content and "study" in content


def read(raw: RawVersion, content: Any) -> TrialRecord:
    """Return the record of one past version, in the text form of API v2.

    ``registry_version`` is the answer's own number. RecordError: a number that is none or not
    the one that was asked for, no NCT ID or two, a value of the wrong type.
    """
    content = study.stated_document(raw, content)
    version = content.get("studyVersion")
    # `isinstance` would take `true` for version 1.
    if type(version) is not int or version < 0:
        raise RecordError("studyVersion is not a version number")
    if raw.registry_version not in {None, version}:
        raise RecordError(
            f"version {raw.registry_version} was asked for, the answer holds version {version}"
        )
    past = content.get("study")
    if not study.recognizes(past):
        raise RecordError("the history answer holds no study (protocolSection is missing)")
    nct_id = study.require_nct_id(past, content)
    past = study.without_registry_additions(past)
    # Today's derived terms in a version of 2019 would be changes that nobody made.
    document = {name: value for name, value in past.items() if (name,) != fields.DERIVED}
    _drop_coordinates(document)
    return TrialRecord(
        nct_id=nct_id,
        document=markup.to_markdown(document),
        coverage=_COVERAGE,
        registry_version=version,
    )


def _drop_coordinates(document: dict[str, Any]) -> None:
    module = document[fields.PROTOCOL[0]].get(fields.CONTACTS_LOCATIONS[-1], {})
    for site in module.get(fields.LOCATIONS[-1], []):
        site.pop(fields.LOCATION_GEO_POINT[-1], None)
