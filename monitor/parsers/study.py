"""Parse study JSON of ClinicalTrials.gov API v2: the canonical form itself, taken as it is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.fields import Path
from monitor.model.nct import is_nct_id
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers import study_types

# Names under which a wrapper or an extract repeats the study's ID beside its sections.
_OUTER_IDS = ("nctId", "nct_id", "NCTId", "nctid")


def recognizes(content: Any) -> bool:
    """Return whether the JSON value is one study."""
    return isinstance(content, dict) and fields.PROTOCOL[0] in content


def read(raw: RawVersion, content: Any) -> TrialRecord:
    """Return the record of one study; the document is the JSON value without its nulls.

    What the monitor added to a record that it shows (``registryRecord``) is no word of the
    registry's and is left out.

    It is complete when it was asked for whole, or has what every whole record has
    (``fields.IN_EVERY_RECORD``). Else it states just the leaves that are there (an answer limited
    by ``fields``, an extract). RecordError: no NCT ID or two, a value of the wrong type.
    """
    content = stated_document(raw, content)
    nct_id = require_nct_id(content, content)
    document = without_registry_additions(content)
    record = TrialRecord(nct_id=nct_id, document=document, registry_version=raw.registry_version)
    # An extract that is taken for a whole record would report all that it lacks as removed.
    if raw.is_whole or _looks_whole(record):
        return record
    return replace(record, coverage=Coverage.of(_leaves(document, ())))


def _looks_whole(record: TrialRecord) -> bool:
    """Return whether the record has what every whole one has; a withheld one has little else."""
    if record.get(fields.VERSION_HOLDER) is None:
        return False
    # The registry shows little more of it than its NCT ID.
    if record.overall_status == fields.WITHHELD:
        return True
    required = fields.IN_EVERY_RECORD
    if record.text(fields.STUDY_TYPE) == fields.INTERVENTIONAL:
        required += fields.IN_EVERY_INTERVENTIONAL
    return all(record.has(path) for path in required)


def stated_document(raw: RawVersion, content: dict[str, Any]) -> dict[str, Any]:
    """Return the content without nulls: they state nothing, as if the names were not there.

    The registry writes none; programs that copy its records do.
    """
    return _without_nulls(content) or {} if b"null" in raw.content else content


def _without_nulls(value: Any) -> Any:
    """Return the value without nulls; None for what held nothing else."""
    if isinstance(value, dict):
        inner = ((name, _without_nulls(below)) for name, below in value.items())
        kept: Any = {name: below for name, below in inner if below is not None}
    elif isinstance(value, list):
        kept = [below for item in value if (below := _without_nulls(item)) is not None]
    else:
        return value
    return kept if kept or not value else None


def without_registry_additions(study: dict[str, Any]) -> dict[str, Any]:
    """Return the study without the fields that the monitor itself adds to a record."""
    (added,) = fields.REGISTRY_RECORD
    if added not in study:
        return study
    return {name: value for name, value in study.items() if name != added}


def require_nct_id(study: dict[str, Any], outer: dict[str, Any]) -> str:
    """Check the study's types and return its NCT ID.

    ``study_types.check`` may make a number whole, in place. ``outer`` is the object in which an
    ID may be repeated. RecordError: a value of the wrong type; an ID that is missing, malformed,
    or not the one that stands outside.
    """
    study_types.check(study)
    where = fields.dotted(fields.NCT_ID)
    protocol = study.get(fields.PROTOCOL[0], {})
    nct_id = protocol.get(fields.IDENTIFICATION[-1], {}).get(fields.NCT_ID[-1])
    if nct_id is None:
        raise RecordError(f"the study has no NCT ID ({where} is missing)")
    if not is_nct_id(nct_id):
        raise RecordError(f"{where} is {nct_id[:40]!r}, which is not an NCT ID")
    # A wrapper that names another trial than its content does: nothing tells which is right.
    for name in _OUTER_IDS:
        other = outer.get(name, nct_id)
        if other != nct_id:
            raise RecordError(f"two NCT IDs in one record: {name} is {str(other)[:40]!r}, "
                              f"{where} is {nct_id!r}")  # fmt: skip
    return str(nct_id)


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of what is stated; an empty object or list is a leaf of its own."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from _leaves(below, (*path, name))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for item in value:
            yield from _leaves(item, path)
    else:
        yield path
