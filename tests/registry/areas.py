"""Search areas: which fields a ``query.*`` parameter or an ``AREA[…]`` looks at."""

from dataclasses import dataclass

from tests.registry.pieces import FIELDS, Field, find

_PIECES = {
    "BasicSearch": "NCTId NCTIdAlias OrgStudyId SecondaryId BriefTitle OfficialTitle Acronym"
    " Condition Keyword InterventionName InterventionOtherName InterventionDescription"
    " ArmGroupLabel ArmGroupDescription BriefSummary DetailedDescription EligibilityCriteria"
    " PrimaryOutcomeMeasure SecondaryOutcomeMeasure OtherOutcomeMeasure LeadSponsorName"
    " CollaboratorName OrgFullName LocationFacility LocationCity LocationState LocationCountry"
    " ConditionMeshTerm InterventionMeshTerm ConditionAncestorTerm InterventionAncestorTerm",
    "ConditionSearch": "Condition BriefTitle OfficialTitle Keyword ConditionMeshTerm"
    " ConditionAncestorTerm",
    "InterventionSearch": "InterventionName InterventionType InterventionOtherName BriefTitle"
    " OfficialTitle ArmGroupLabel InterventionDescription InterventionMeshTerm"
    " InterventionAncestorTerm Keyword",
    "TitleSearch": "BriefTitle OfficialTitle Acronym",
    "LocationSearch": "LocationCity LocationState LocationCountry LocationFacility LocationZip",
    "OutcomeSearch": "PrimaryOutcomeMeasure PrimaryOutcomeDescription SecondaryOutcomeMeasure"
    " SecondaryOutcomeDescription OtherOutcomeMeasure OtherOutcomeDescription",
    "SponsorSearch": "LeadSponsorName CollaboratorName OrgFullName",
    "LeadSponsorName": "LeadSponsorName",
    "IdSearch": "NCTId NCTIdAlias OrgStudyId SecondaryId Acronym",
    "PatientSearch": "BriefTitle BriefSummary Condition Keyword EligibilityCriteria"
    " InterventionName LocationCity LocationCountry",
}
# The query parameters of /studies and the area that each looks at.
QUERIES = {
    "query.term": "BasicSearch", "query.cond": "ConditionSearch",
    "query.intr": "InterventionSearch", "query.titles": "TitleSearch",
    "query.locn": "LocationSearch", "query.outc": "OutcomeSearch",
    "query.spons": "SponsorSearch", "query.lead": "LeadSponsorName", "query.id": "IdSearch",
    "query.patient": "PatientSearch",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Some fields that are searched together; ``size``: their number of values is meant."""

    fields: tuple[Field, ...]
    size: bool = False

    @property
    def type(self) -> str:
        """The type of the only field; text when there are several."""
        return self.fields[0].type if len(self.fields) == 1 and not self.size else "text"


_AREAS = {
    name: Area(fields=tuple(field for piece in pieces.split() if (field := find(piece))))
    for name, pieces in _PIECES.items()
}


def area(name: str) -> Area | None:
    """Return the area of a name: a search area, a piece, a path or ``piece:size``."""
    if name in _AREAS:
        return _AREAS[name]
    plain, _, size = name.partition(":")
    field = find(plain)
    if field is None or size not in {"", "size"}:
        return None
    return Area(fields=_leaves(field), size=bool(size))


def _leaves(field: Field) -> tuple[Field, ...]:
    below = tuple(
        other
        for other in FIELDS
        if len(other.path) > len(field.path) and other.path[: len(field.path)] == field.path
    )
    return below or (field,)
