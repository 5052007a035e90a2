"""The columns of the R package cthist that take reading a version's record.

Names and forms are those of its tables of versions: lists are JSON of objects with ``label`` and
``content``, as the registry's history showed them.
Source: https://github.com/bgcarlisle/cthist
"""

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.model import fields
from monitor.model.fields import Path
from monitor.model.record import TrialRecord
from monitor.tabular.columns import ColumnType

ItemColumns = dict[str, str]

COLUMNS: Mapping[str, ColumnType] = {
    "gender_based": "boolean",
    "accepts_healthy_volunteers": "boolean",
    "criteria": "text",
    "outcome_measures": "json",
    "contacts": "json",
    "sponsor_collaborators": "json",
}
"""By name, in their order."""

_SECTIONS = (
    ("Primary Outcome Measures:", fields.PRIMARY_OUTCOMES),
    ("Secondary Outcome Measures:", fields.SECONDARY_OUTCOMES),
    ("Other Outcome Measures:", fields.OTHER_OUTCOMES),
)


def cthist_values(record: TrialRecord) -> dict[str, Any]:
    """Return the values of the columns by their names; None: the record does not state it."""
    return {
        "gender_based": _boolean(record, fields.GENDER_BASED),
        "accepts_healthy_volunteers": _boolean(record, fields.HEALTHY_VOLUNTEERS),
        "criteria": record.text(fields.ELIGIBILITY_CRITERIA),
        "outcome_measures": list(_outcomes(record)),
        "contacts": [*_contacts(record), *_officials(record)],
        "sponsor_collaborators": _sponsors(record),
    }


def _boolean(record: TrialRecord, path: Path) -> bool | None:
    value = record.get(path)
    return value if isinstance(value, bool) else None


def _text(item: Mapping[str, Any], name: str, before: str = "", behind: str = "") -> str:
    """Return a text of an item between two others; "" where it has none."""
    value = item.get(name)
    return f"{before}{value}{behind}" if isinstance(value, str) and value else ""


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))


def _outcomes(record: TrialRecord) -> Iterator[ItemColumns]:
    for section, path in _SECTIONS:
        for number, one in enumerate(record.items(path), start=1):
            # Example: "Overall survival", on the next line "[ Time Frame: 2 years ]", then a
            # blank line and the description.
            frame = _text(one, "timeFrame", "[ Time Frame: ", " ]")
            content = _lines(_text(one, "measure"), frame) + _text(one, "description", "\n\n")
            yield {"section": section, "label": f"{number}.", "content": content}


def _contacts(record: TrialRecord) -> Iterator[ItemColumns]:
    for number, one in enumerate(record.items(fields.CENTRAL_CONTACTS)):
        content = _lines(
            _text(one, "name"),
            _text(one, "phone", "Telephone: ", _text(one, "phoneExt", " Ext: ")),
            _text(one, "email", "Email: "),
        )
        # The registry calls the first contact the person, and each other one a backup.
        label = "Central Contact Backup:" if number else "Central Contact Person:"
        yield {"label": label, "content": content}


def _officials(record: TrialRecord) -> Iterator[ItemColumns]:
    for one in record.items(fields.OVERALL_OFFICIALS):
        content = _lines(_text(one, "name"), _text(one, "role"), _text(one, "affiliation"))
        yield {"label": "Study Officials:", "content": content}


def _sponsors(record: TrialRecord) -> list[ItemColumns]:
    collaborators = record.texts(fields.COLLABORATORS, "name")
    return [
        {"label": "Sponsor:", "content": record.lead_sponsor or ""},
        {
            "label": "Responsible Party:",
            "content": record.text(fields.RESPONSIBLE_PARTY_TYPE) or "",
        },
        {"label": "Collaborators:", "content": "\n".join(collaborators)},
    ]
