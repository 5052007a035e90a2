"""Field changes and change events: what differs between two versions, and what it means.

``detect`` makes them, the store keeps them, ``match`` and ``render`` read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from monitor.model.fields import Path

Op = Literal["added", "removed", "changed"]
# In the order in which summaries count them.
OPS: tuple[Op, ...] = ("added", "removed", "changed")


class Severity(StrEnum):
    """How much a change event matters; ``rank`` grows with it."""

    NOISE = "noise"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return 0 for noise up to 4 for critical."""
        return _RANK[self]


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class ChangeKind(StrEnum):
    """What a change event says; the registry's and the field's own vocabulary."""

    TRIAL_WITHDRAWN = "trial_withdrawn"
    TRIAL_TERMINATED = "trial_terminated"
    TRIAL_SUSPENDED = "trial_suspended"
    TRIAL_RESTARTED = "trial_restarted"
    WHY_STOPPED_CHANGED = "why_stopped_changed"
    RECRUITMENT_OPENED = "recruitment_opened"
    RECRUITMENT_CLOSED = "recruitment_closed"
    TRIAL_COMPLETED = "trial_completed"
    STATUS_UNKNOWN = "status_unknown"
    STATUS_REVERSED = "status_reversed"
    STATUS_CHANGED = "status_changed"
    EXPANDED_ACCESS_CHANGED = "expanded_access_changed"
    START_DATE_MOVED = "start_date_moved"
    PRIMARY_COMPLETION_MOVED = "primary_completion_moved"
    COMPLETION_MOVED = "completion_moved"
    DATE_BECAME_ACTUAL = "date_became_actual"
    ENROLLMENT_TARGET_CHANGED = "enrollment_target_changed"
    ENROLLMENT_ACTUAL_REPORTED = "enrollment_actual_reported"
    PRIMARY_OUTCOME_ADDED = "primary_outcome_added"
    PRIMARY_OUTCOME_DROPPED = "primary_outcome_dropped"
    PRIMARY_OUTCOME_DEMOTED = "primary_outcome_demoted"
    PRIMARY_OUTCOME_PROMOTED = "primary_outcome_promoted"
    PRIMARY_OUTCOME_EDITED = "primary_outcome_edited"
    SECONDARY_OUTCOME_CHANGED = "secondary_outcome_changed"
    ELIGIBILITY_CHANGED = "eligibility_changed"
    ELIGIBLE_POPULATION_CHANGED = "eligible_population_changed"
    SITE_ADDED = "site_added"
    SITE_REMOVED = "site_removed"
    SITE_STATUS_CHANGED = "site_status_changed"
    SITE_RENAMED = "site_renamed"
    COUNTRY_ADDED = "country_added"
    COUNTRY_REMOVED = "country_removed"
    PHASE_CHANGED = "phase_changed"
    DESIGN_CHANGED = "design_changed"
    ARM_CHANGED = "arm_changed"
    INTERVENTION_CHANGED = "intervention_changed"
    SPONSOR_CHANGED = "sponsor_changed"
    COLLABORATOR_CHANGED = "collaborator_changed"
    INVESTIGATOR_CHANGED = "investigator_changed"
    RESULTS_SUBMITTED = "results_submitted"
    RESULTS_RETURNED = "results_returned"
    RESULTS_SUBMISSION_WITHDRAWN = "results_submission_withdrawn"
    RESULTS_DELAY_CERTIFIED = "results_delay_certified"
    RESULTS_POSTED = "results_posted"
    RESULTS_CHANGED = "results_changed"
    RESULTS_WITHDRAWN = "results_withdrawn"
    DOCUMENT_ADDED = "document_added"
    DOCUMENT_REMOVED = "document_removed"
    CONDITION_CHANGED = "condition_changed"
    TITLE_CHANGED = "title_changed"
    DESCRIPTION_CHANGED = "description_changed"
    CONTACT_CHANGED = "contact_changed"
    REFERENCE_CHANGED = "reference_changed"
    IDENTIFIER_CHANGED = "identifier_changed"
    OVERSIGHT_CHANGED = "oversight_changed"
    IPD_SHARING_CHANGED = "ipd_sharing_changed"
    REGISTRY_NORMALIZATION = "registry_normalization"
    ADMINISTRATIVE_UPDATE = "administrative_update"
    RECORD_VANISHED = "record_vanished"
    RECORD_RESTORED = "record_restored"
    RECORD_MERGED = "record_merged"
    RETROACTIVELY_PROSPECTIVE = "retroactively_prospective"
    TRIAL_REGISTERED = "trial_registered"
    FIELD_CHANGED = "field_changed"

    @classmethod
    def _missing_(cls, value: object) -> "ChangeKind | None":
        """Return the kind that had this name before."""
        present = FORMER_KINDS.get(str(value))
        return None if present is None else cls(present)


_K = ChangeKind

GROUPS: Mapping[str, frozenset[ChangeKind]] = MappingProxyType({
    "status": frozenset({
        _K.TRIAL_WITHDRAWN, _K.TRIAL_TERMINATED, _K.TRIAL_SUSPENDED, _K.TRIAL_RESTARTED,
        _K.WHY_STOPPED_CHANGED, _K.RECRUITMENT_OPENED, _K.RECRUITMENT_CLOSED, _K.TRIAL_COMPLETED,
        _K.STATUS_UNKNOWN, _K.STATUS_REVERSED, _K.STATUS_CHANGED, _K.EXPANDED_ACCESS_CHANGED,
    }),
    "dates": frozenset({
        _K.START_DATE_MOVED, _K.PRIMARY_COMPLETION_MOVED, _K.COMPLETION_MOVED,
        _K.DATE_BECAME_ACTUAL, _K.RETROACTIVELY_PROSPECTIVE,
    }),
    "enrollment": frozenset({_K.ENROLLMENT_TARGET_CHANGED, _K.ENROLLMENT_ACTUAL_REPORTED}),
    "outcomes": frozenset({
        _K.PRIMARY_OUTCOME_ADDED, _K.PRIMARY_OUTCOME_DROPPED, _K.PRIMARY_OUTCOME_DEMOTED,
        _K.PRIMARY_OUTCOME_PROMOTED, _K.PRIMARY_OUTCOME_EDITED, _K.SECONDARY_OUTCOME_CHANGED,
    }),
    "eligibility": frozenset({_K.ELIGIBILITY_CHANGED, _K.ELIGIBLE_POPULATION_CHANGED}),
    "sites": frozenset({
        _K.SITE_ADDED, _K.SITE_REMOVED, _K.SITE_STATUS_CHANGED, _K.COUNTRY_ADDED,
        _K.COUNTRY_REMOVED,
    }),
    "design": frozenset({
        _K.PHASE_CHANGED, _K.DESIGN_CHANGED, _K.ARM_CHANGED, _K.INTERVENTION_CHANGED,
    }),
    "sponsor": frozenset({_K.SPONSOR_CHANGED, _K.COLLABORATOR_CHANGED}),
    "people": frozenset({_K.INVESTIGATOR_CHANGED, _K.CONTACT_CHANGED}),
    "results": frozenset({
        _K.RESULTS_SUBMITTED, _K.RESULTS_RETURNED, _K.RESULTS_SUBMISSION_WITHDRAWN,
        _K.RESULTS_DELAY_CERTIFIED, _K.RESULTS_POSTED, _K.RESULTS_CHANGED, _K.RESULTS_WITHDRAWN,
    }),
    "documents": frozenset({_K.DOCUMENT_ADDED, _K.DOCUMENT_REMOVED}),
    "record": frozenset({
        _K.TRIAL_REGISTERED, _K.RECORD_VANISHED, _K.RECORD_RESTORED, _K.RECORD_MERGED,
    }),
    "text": frozenset({
        _K.CONDITION_CHANGED, _K.TITLE_CHANGED, _K.DESCRIPTION_CHANGED, _K.REFERENCE_CHANGED,
    }),
    "other": frozenset({
        _K.IDENTIFIER_CHANGED, _K.OVERSIGHT_CHANGED, _K.IPD_SHARING_CHANGED, _K.FIELD_CHANGED,
    }),
    "noise": frozenset({
        _K.SITE_RENAMED, _K.ADMINISTRATIVE_UPDATE, _K.REGISTRY_NORMALIZATION,
    }),
})  # fmt: skip
"""What subscriptions name for several kinds; every kind is in exactly one group.

``noise`` has the kinds that are never above noise.
"""

# What was announced keeps the names of its day, and configurations may.
FORMER_KINDS: Mapping[str, str] = {
    "date_actualised": "date_became_actual",
    "registry_normalisation": "registry_normalization",
}


# Why both are one event: docs/decisions/2026-11-30-dates-that-move.md.
ALSO_TOLD_BY: Mapping[ChangeKind, frozenset[ChangeKind]] = {
    ChangeKind.COMPLETION_MOVED: frozenset({ChangeKind.PRIMARY_COMPLETION_MOVED}),
}
"""The kinds of events that may tell of a kind beside their own: see ``ChangeEvent.kinds``."""


# Outcome switching is judged by when it happened: docs/meaning.md, "Primary outcomes".
class LifePhase(StrEnum):
    """The phase of the trial's life at a version; outcome changes are counted by it."""

    BEFORE_RECRUITMENT = "before_recruitment"
    RECRUITING = "recruiting"
    AFTER_PRIMARY_COMPLETION = "after_primary_completion"
    AFTER_RESULTS_SUBMITTED = "after_results_submitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs between two versions of a record.

    ``path`` consists of names from the section down, with an item's natural key in the place
    of a list position: ``("protocolSection", "outcomesModule", "primaryOutcomes",
    "Overall survival", "timeFrame")``. ``field`` is the same path without item keys, as the
    catalogue knows it. ``before`` and ``after`` are the registry's own values, None where
    absent (``op`` tells an absent value from a null). ``item``: the item before and after
    where the change lies inside a list item (the whole site whose status changed), else None.
    """

    path: Path
    field: Path
    op: Op
    before: Any = None
    after: Any = None
    item: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """What one or more field changes of a version mean.

    ``path`` is the dotted v2 path that the event is about; ``before``/``after`` are the
    registry's values there, or lists of them where the event covers several items.
    ``facts`` holds derived figures under documented names (signed ``days``, signed
    ``percent``, ``reason_class``, ``by_country``, ``life_phase``, …; see docs/events.md).
    ``fields`` are all the field changes that the event accounts for.
    """

    kind: ChangeKind
    severity: Severity
    label: str
    path: str
    summary: str
    before: Any = None
    after: Any = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[FieldChange, ...] = ()

    @property
    def kinds(self) -> tuple[ChangeKind, ...]:
        """Return all kinds of change that the event covers, its own first.

        ``also`` among the facts names the others, so that a subscription to any of them gets it.
        """
        return (self.kind, *map(ChangeKind, self.facts.get("also", ())))


Events = tuple[ChangeEvent, ...]
"""The events of one version, in their order."""
