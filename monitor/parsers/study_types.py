"""The types that the program relies on, checked once when a study is read.

Only shape is judged: an unknown enumeration value or a date that the calendar does not
have is text, and stays. What the table does not name may have any type.
"""

import re
from typing import Any

import msgspec

from monitor.data_types import DataType
from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.fields import Path

_TEXTS: tuple[Path, ...] = (
    fields.NCT_ID, fields.ORG_STUDY_ID, fields.BRIEF_TITLE, fields.OFFICIAL_TITLE,
    fields.ACRONYM, fields.ORGANIZATION_NAME,
    fields.OVERALL_STATUS, fields.LAST_KNOWN_STATUS, fields.WHY_STOPPED, fields.STATUS_VERIFIED,
    fields.START_DATE, fields.START_DATE_TYPE,
    fields.PRIMARY_COMPLETION, fields.PRIMARY_COMPLETION_TYPE,
    fields.COMPLETION, fields.COMPLETION_TYPE,
    fields.FIRST_SUBMIT, fields.FIRST_SUBMIT_QC, fields.FIRST_POST,
    fields.LAST_UPDATE_SUBMIT, fields.LAST_UPDATE_POST, fields.LAST_UPDATE_POST_TYPE,
    fields.RESULTS_FIRST_SUBMIT, fields.RESULTS_FIRST_SUBMIT_QC, fields.RESULTS_FIRST_POST,
    fields.DISP_FIRST_SUBMIT, fields.DISP_FIRST_SUBMIT_QC, fields.DISP_FIRST_POST,
    fields.LEAD_SPONSOR_NAME, fields.LEAD_SPONSOR_CLASS, fields.RESPONSIBLE_PARTY_TYPE,
    fields.BRIEF_SUMMARY, fields.DETAILED_DESCRIPTION,
    fields.STUDY_TYPE, fields.ALLOCATION, fields.INTERVENTION_MODEL,
    fields.INTERVENTION_MODEL_DESCRIPTION, fields.PRIMARY_PURPOSE, fields.MASKING,
    fields.MASKING_DESCRIPTION, fields.OBSERVATIONAL_MODEL, fields.TIME_PERSPECTIVE,
    fields.ENROLLMENT_TYPE,
    fields.ARM_TYPE, fields.INTERVENTION_DESCRIPTION,
    fields.ELIGIBILITY_CRITERIA, fields.SEX, fields.GENDER_DESCRIPTION, fields.MINIMUM_AGE,
    fields.MAXIMUM_AGE, fields.STUDY_POPULATION, fields.SAMPLING_METHOD,
    fields.LOCATION_STATUS, fields.VERSION_HOLDER,
    *((*path, name) for path in (fields.PRIMARY_OUTCOMES, fields.SECONDARY_OUTCOMES,
                                 fields.OTHER_OUTCOMES) for name in ("description", "timeFrame")),
)  # fmt: skip
_TEXT_LISTS: tuple[Path, ...] = (
    fields.NCT_ID_ALIASES, fields.CONDITIONS, fields.KEYWORDS, fields.PHASES, fields.WHO_MASKED,
    fields.STD_AGES, fields.ARM_INTERVENTION_NAMES, fields.INTERVENTION_ARM_LABELS,
    fields.INTERVENTION_OTHER_NAMES, fields.REMOVED_COUNTRIES,
)  # fmt: skip
_NUMBERS: tuple[Path, ...] = (fields.ENROLLMENT_COUNT,)
_FLAGS: tuple[Path, ...] = (
    fields.HAS_RESULTS, fields.HAS_EXPANDED_ACCESS, fields.HEALTHY_VOLUNTEERS,
    fields.GENDER_BASED, fields.RESULTS_WAIVED, fields.DELAYED_POSTING,
)  # fmt: skip
_OBJECTS: tuple[Path, ...] = (
    fields.IDENTIFICATION, fields.STATUS, fields.SPONSORS, fields.OVERSIGHT, fields.DESCRIPTION,
    fields.CONDITIONS_MODULE, fields.DESIGN, fields.ARMS_INTERVENTIONS, fields.OUTCOMES,
    fields.ELIGIBILITY, fields.CONTACTS_LOCATIONS, fields.REFERENCES_MODULE, fields.IPD_SHARING,
    fields.ORGANIZATION, fields.EXPANDED_ACCESS, fields.EXPANDED_ACCESS_TYPES,
    fields.LOCATION_GEO_POINT,
    fields.RESULTS, fields.ANNOTATION, fields.DOCUMENTS, fields.DERIVED,
)  # fmt: skip

_SECTIONS = (
    fields.PROTOCOL, fields.RESULTS, fields.ANNOTATION, fields.DOCUMENTS, fields.DERIVED,
)  # fmt: skip

_LEAF_TYPES: dict[Path, Any] = {
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(_TEXT_LISTS, list[str]),
    **dict.fromkeys(_NUMBERS, int),
    **dict.fromkeys(_FLAGS, bool),
    **{
        (*path, name): str
        for path, rule in fields.LIST_RULES.items()
        for name in (*rule.key, *rule.any_of, *rule.bucket, *rule.texts)
    },
}

_EXACT_FLOATS = 2**53

_ERROR_FORM = re.compile(r"Expected `(.+?)`, got `(.+?)`(?: - at `\$\.?(.*)`)?")
_WORDS = {
    "str": "a text", "int": "a whole number", "float": "a decimal number", "object": "an object",
    "array": "a list", "bool": "true or false", "null": "null",
}  # fmt: skip


def check(study: dict[str, Any]) -> None:
    """Raise RecordError when a value's type is not the one that the program relies on.

    A whole number that is written as a decimal one (``55.0``) is made what it is, in place. The
    message names the path: ``protocolSection.designModule.enrollmentInfo is a text,
    not an object``.
    """
    # pandas writes the whole numbers of a column with gaps as 55.0.
    for path in _NUMBERS:
        _settle_number(study, path)
    try:
        _STUDY.convert(study)
    except msgspec.ValidationError as exc:
        raise RecordError(_error_sentence(str(exc))) from exc
    # Modules that the table does not know are not typed, but everything below relies on objects.
    for (section,) in _SECTIONS:
        for name, module in study.get(section, {}).items():
            if type(module) is not dict:
                raise RecordError(f"{section}.{name} is not an object")


def _settle_number(study: dict[str, Any], path: Path) -> None:
    holder: Any = study
    for name in path[:-1]:
        holder = holder.get(name) if isinstance(holder, dict) else None
    number = holder.get(path[-1]) if isinstance(holder, dict) else None
    if isinstance(number, float) and number.is_integer() and abs(number) < _EXACT_FLOATS:
        holder[path[-1]] = int(number)


def _study_type() -> Any:
    """Build the nested type of all paths of the table; names it lacks are not looked at."""
    tree: dict[str, Any] = {}
    for path in (*_OBJECTS, *_LEAF_TYPES):
        node = tree
        for name in path[:-1]:
            node = node.setdefault(name, {})
        if path in _LEAF_TYPES:
            node[path[-1]] = _LEAF_TYPES[path]
        else:
            node.setdefault(path[-1], {})
    return _object_type((), tree)


def _object_type(path: Path, tree: dict[str, Any]) -> Any:
    members = []
    for name, member in tree.items():
        below = (*path, name)
        kind = _object_type(below, member) if isinstance(member, dict) else member
        if below in fields.LIST_RULES:
            kind = list[kind]  # type: ignore[valid-type]  # made at run time
        members.append((name, kind | msgspec.UnsetType, msgspec.UNSET))
    # All members optional, none forbidden: the registry adds fields without notice.
    return msgspec.defstruct(path[-1] if path else "study", members, gc=False)


_STUDY: DataType[Any] = DataType(_study_type())


def _error_sentence(message: str) -> str:
    found = _ERROR_FORM.fullmatch(message)
    if found is None:
        return f"a value has the wrong type: {message}"
    expected, got, path = found.groups()
    wanted = expected.replace(" | ", " or ")
    return f"{path or 'the study'} is {_WORDS.get(got, got)}, not {_WORDS.get(wanted, wanted)}"
