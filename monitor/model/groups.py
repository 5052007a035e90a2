"""Groups of kinds of change events, which subscriptions and filters name."""

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from monitor.model.changes import FORMER_KINDS
from monitor.model.changes import ChangeKind as K

GROUPS: Mapping[str, frozenset[K]] = MappingProxyType({
    "status": frozenset({
        K.TRIAL_WITHDRAWN, K.TRIAL_TERMINATED, K.TRIAL_SUSPENDED, K.TRIAL_RESTARTED,
        K.WHY_STOPPED_CHANGED, K.RECRUITMENT_OPENED, K.RECRUITMENT_CLOSED, K.TRIAL_COMPLETED,
        K.STATUS_UNKNOWN, K.STATUS_REVERSED, K.STATUS_CHANGED, K.EXPANDED_ACCESS_CHANGED,
    }),
    "dates": frozenset({
        K.START_DATE_MOVED, K.PRIMARY_COMPLETION_MOVED, K.COMPLETION_MOVED, K.DATE_BECAME_ACTUAL,
        K.RETROACTIVELY_PROSPECTIVE,
    }),
    "enrollment": frozenset({K.ENROLLMENT_TARGET_CHANGED, K.ENROLLMENT_ACTUAL_REPORTED}),
    "outcomes": frozenset({
        K.PRIMARY_OUTCOME_ADDED, K.PRIMARY_OUTCOME_DROPPED, K.PRIMARY_OUTCOME_DEMOTED,
        K.PRIMARY_OUTCOME_PROMOTED, K.PRIMARY_OUTCOME_EDITED, K.SECONDARY_OUTCOME_CHANGED,
    }),
    "eligibility": frozenset({K.ELIGIBILITY_CHANGED, K.ELIGIBLE_POPULATION_CHANGED}),
    "sites": frozenset({
        K.SITE_ADDED, K.SITE_REMOVED, K.SITE_STATUS_CHANGED, K.COUNTRY_ADDED, K.COUNTRY_REMOVED,
    }),
    "design": frozenset({
        K.PHASE_CHANGED, K.DESIGN_CHANGED, K.ARM_CHANGED, K.INTERVENTION_CHANGED,
    }),
    "sponsor": frozenset({K.SPONSOR_CHANGED, K.COLLABORATOR_CHANGED}),
    "people": frozenset({K.INVESTIGATOR_CHANGED, K.CONTACT_CHANGED}),
    "results": frozenset({
        K.RESULTS_SUBMITTED, K.RESULTS_RETURNED, K.RESULTS_SUBMISSION_WITHDRAWN,
        K.RESULTS_DELAY_CERTIFIED, K.RESULTS_POSTED, K.RESULTS_CHANGED, K.RESULTS_WITHDRAWN,
    }),
    "documents": frozenset({K.DOCUMENT_ADDED, K.DOCUMENT_REMOVED}),
    "record": frozenset({
        K.TRIAL_REGISTERED, K.RECORD_VANISHED, K.RECORD_RESTORED, K.RECORD_MERGED,
    }),
    "text": frozenset({
        K.CONDITION_CHANGED, K.TITLE_CHANGED, K.DESCRIPTION_CHANGED, K.REFERENCE_CHANGED,
    }),
    "other": frozenset({
        K.IDENTIFIER_CHANGED, K.OVERSIGHT_CHANGED, K.IPD_SHARING_CHANGED, K.FIELD_CHANGED,
    }),
    "noise": frozenset({
        K.SITE_RENAMED, K.ADMINISTRATIVE_UPDATE, K.REGISTRY_NORMALIZATION,
    }),
})  # fmt: skip
"""By name; every kind is in exactly one, and ``noise`` has the kinds that are never above noise."""

_LONGEST_SHOWN = 40  # characters of a wrong name: it may be a whole pasted line


def kinds_of(words: Iterable[str]) -> frozenset[K]:
    """Return the kinds that are named, each by its own name or by its group's.

    Names are read in any case, with ``_``, ``-`` or blanks between their words. No words: no
    kinds. ValueError names the nearest ones.
    """
    return frozenset(kind for word in words for kind in _kinds(word))


def kind_or_group(word: str) -> str:
    """Return the name of a kind or a group as it is spelled here; ValueError as ``kinds_of``."""
    name = "_".join(word.replace("-", " ").replace("_", " ").lower().split())
    # Configurations and scripts of earlier versions stay valid.
    name = FORMER_KINDS.get(name, name)
    if name not in GROUPS and name not in set(K):
        raise ValueError(_unknown(word, name))
    return name


def _kinds(word: str) -> frozenset[K]:
    name = kind_or_group(word)
    return GROUPS[name] if name in GROUPS else frozenset({K(name)})


def _unknown(word: str, name: str) -> str:
    near = difflib.get_close_matches(name[:_LONGEST_SHOWN], [*GROUPS, *K], n=2, cutoff=0.6)
    fix = f"did you mean {' or '.join(near)}?" if near else f"the groups are {', '.join(GROUPS)}"
    return f"there is no kind and no group of changes {word[:_LONGEST_SHOWN]!r}; {fix}"
