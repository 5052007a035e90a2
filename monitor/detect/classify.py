"""Turn field changes into change events, by one table of rules with their severities.

``diff`` finds the changes, the rules in `rules/` derive events of them; ingest calls ``classify``
for each new version.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from monitor.detect.rules import (
    arms,
    dates,
    documents,
    eligibility,
    enrollment,
    locations,
    other,
    outcomes,
    presence,
    results,
    status,
    submissions,
)
from monitor.detect.rules.base import Context, Derive, EventDraft, all_except
from monitor.detect.texts import same_words
from monitor.model import fields
from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange, Severity
from monitor.model.fields import Path
from monitor.model.record import TrialRecord

K, S = ChangeKind, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Changes below ``paths`` go to ``derive``, which makes events of the kinds in ``severities``.

    ``severities`` gives each kind's severity; a draft may set another where its facts decide
    (a date moved far, an outcome dropped after the start). What ``derive`` leaves over goes
    on to the next rules; the last takes everything.
    """

    paths: tuple[Path, ...]
    derive: Derive
    severities: Mapping[ChangeKind, Severity] = field(default_factory=dict)


# The order decides where paths lie in each other: contacts and coordinates of sites before the
# sites, criteria before the rest of eligibility, violations before the rest of the annotation,
# and `()`, which is every path, last.
RULES: tuple[Rule, ...] = (
    Rule(
        paths=(fields.REGISTRY_RECORD,),
        derive=presence.derive_presence,
        severities={
            K.RECORD_VANISHED: S.HIGH, K.RECORD_MERGED: S.HIGH, K.RECORD_RESTORED: S.HIGH,
        },
    ),
    Rule(
        paths=(fields.OVERALL_STATUS, fields.LAST_KNOWN_STATUS, fields.WHY_STOPPED),
        derive=status.derive_status,
        severities={
            K.TRIAL_WITHDRAWN: S.CRITICAL, K.TRIAL_TERMINATED: S.CRITICAL,
            K.TRIAL_SUSPENDED: S.CRITICAL, K.TRIAL_RESTARTED: S.HIGH,
            K.WHY_STOPPED_CHANGED: S.HIGH, K.RECRUITMENT_OPENED: S.HIGH,
            K.RECRUITMENT_CLOSED: S.HIGH, K.TRIAL_COMPLETED: S.HIGH, K.STATUS_UNKNOWN: S.MEDIUM,
            K.STATUS_REVERSED: S.HIGH, K.STATUS_CHANGED: S.MEDIUM,
        },
    ),
    Rule(
        paths=(fields.EXPANDED_ACCESS, fields.EXPANDED_ACCESS_TYPES),
        derive=status.derive_expanded_access,
        severities={K.EXPANDED_ACCESS_CHANGED: S.MEDIUM},
    ),
    Rule(
        paths=(fields.START_DATE[:-1], fields.PRIMARY_COMPLETION[:-1], fields.COMPLETION[:-1]),
        derive=dates.derive_dates,
        severities={
            K.START_DATE_MOVED: S.MEDIUM, K.PRIMARY_COMPLETION_MOVED: S.MEDIUM,
            K.COMPLETION_MOVED: S.MEDIUM, K.DATE_BECAME_ACTUAL: S.LOW,
            K.RETROACTIVELY_PROSPECTIVE: S.HIGH,
        },
    ),
    Rule(
        paths=(fields.ENROLLMENT_COUNT[:-1],),
        derive=enrollment.derive_enrollment,
        severities={K.ENROLLMENT_TARGET_CHANGED: S.MEDIUM, K.ENROLLMENT_ACTUAL_REPORTED: S.MEDIUM},
    ),
    Rule(
        paths=(fields.PRIMARY_OUTCOMES, fields.SECONDARY_OUTCOMES, fields.OTHER_OUTCOMES),
        derive=outcomes.derive_outcomes,
        # As planned: once the trial has started, `outcome_verdicts.highest_severity` raises them.
        severities={
            K.PRIMARY_OUTCOME_ADDED: S.HIGH, K.PRIMARY_OUTCOME_DROPPED: S.HIGH,
            K.PRIMARY_OUTCOME_DEMOTED: S.HIGH, K.PRIMARY_OUTCOME_PROMOTED: S.HIGH,
            K.PRIMARY_OUTCOME_EDITED: S.MEDIUM, K.SECONDARY_OUTCOME_CHANGED: S.LOW,
        },
    ),
    Rule(
        paths=(fields.ELIGIBILITY_CRITERIA,),
        derive=eligibility.derive_criteria,
        severities={K.ELIGIBILITY_CHANGED: S.MEDIUM},
    ),
    Rule(
        paths=(fields.ELIGIBILITY,),
        derive=eligibility.derive_population,
        severities={K.ELIGIBLE_POPULATION_CHANGED: S.HIGH},
    ),
    Rule(
        paths=(fields.LOCATION_CONTACTS, fields.CENTRAL_CONTACTS),
        derive=locations.derive_contacts,
        severities={K.CONTACT_CHANGED: S.LOW},
    ),
    # No severity of the kind here: that is low, in the rule of the oversight module below.
    Rule(paths=(fields.VIOLATIONS, fields.FDAAA_801_VIOLATION),
         derive=other.one_event(K.OVERSIGHT_CHANGED, "FDAAA 801 violation", S.HIGH)),
    Rule(
        paths=(fields.UNPOSTED, fields.SUBMISSION_TRACKING),
        derive=submissions.derive_submissions,
        severities={
            K.RESULTS_SUBMITTED: S.HIGH, K.RESULTS_RETURNED: S.MEDIUM,
            K.RESULTS_SUBMISSION_WITHDRAWN: S.HIGH,
        },
    ),
    Rule(paths=fields.CERTIFICATION, derive=submissions.derive_certification,
         severities={K.RESULTS_DELAY_CERTIFIED: S.MEDIUM, K.ADMINISTRATIVE_UPDATE: S.NOISE}),
    Rule(
        paths=(fields.LOCATION_GEO_POINT, fields.DERIVED, fields.ANNOTATION),
        derive=other.by_module(K.REGISTRY_NORMALIZATION, "the registry's own additions"),
        severities={K.REGISTRY_NORMALIZATION: S.NOISE},
    ),
    Rule(
        paths=(fields.LOCATIONS,),
        derive=locations.derive_sites,
        severities={
            K.SITE_ADDED: S.MEDIUM, K.SITE_REMOVED: S.MEDIUM, K.SITE_STATUS_CHANGED: S.MEDIUM,
            K.SITE_RENAMED: S.NOISE, K.COUNTRY_ADDED: S.MEDIUM, K.COUNTRY_REMOVED: S.MEDIUM,
        },
    ),
    Rule(
        paths=(fields.PHASES,), derive=other.derive_phases, severities={K.PHASE_CHANGED: S.HIGH}
    ),
    Rule(paths=(fields.DESIGN,), derive=other.one_event(K.DESIGN_CHANGED, "Study design"),
         severities={K.DESIGN_CHANGED: S.HIGH}),
    Rule(
        paths=(fields.ARM_GROUPS, fields.INTERVENTIONS),
        derive=arms.derive_arms,
        severities={K.ARM_CHANGED: S.HIGH, K.INTERVENTION_CHANGED: S.HIGH},
    ),
    Rule(
        # An organization that changes without the sponsor is left over, for the identifiers below.
        paths=(fields.LEAD_SPONSOR, fields.ORGANIZATION),
        derive=locations.derive_sponsor,
        severities={K.SPONSOR_CHANGED: S.HIGH},
    ),
    Rule(paths=(fields.COLLABORATORS,), derive=other.one_event(K.COLLABORATOR_CHANGED),
         severities={K.COLLABORATOR_CHANGED: S.MEDIUM}),
    Rule(paths=(fields.OVERALL_OFFICIALS, fields.RESPONSIBLE_PARTY),
         derive=other.one_event(K.INVESTIGATOR_CHANGED, "Officials and responsible party"),
         severities={K.INVESTIGATOR_CHANGED: S.LOW}),
    Rule(
        paths=(fields.HAS_RESULTS, fields.RESULTS, fields.RESULTS_FIRST_SUBMIT,
               fields.RESULTS_FIRST_SUBMIT_QC, fields.RESULTS_FIRST_POST[:-1]),
        derive=results.derive_results,
        severities={
            K.RESULTS_SUBMITTED: S.HIGH, K.RESULTS_POSTED: S.HIGH, K.RESULTS_CHANGED: S.MEDIUM,
            K.RESULTS_WITHDRAWN: S.CRITICAL,
        },
    ),
    Rule(paths=(fields.LARGE_DOCS,), derive=documents.derive_documents,
         severities={K.DOCUMENT_ADDED: S.MEDIUM, K.DOCUMENT_REMOVED: S.MEDIUM}),
    Rule(
        paths=(fields.CONDITIONS, fields.KEYWORDS),
        derive=other.derive_lists(K.CONDITION_CHANGED, fields.CONDITIONS, fields.KEYWORDS),
        severities={K.CONDITION_CHANGED: S.LOW},
    ),
    Rule(paths=(fields.BRIEF_TITLE, fields.OFFICIAL_TITLE, fields.ACRONYM),
         derive=other.one_event(K.TITLE_CHANGED, "Titles"), severities={K.TITLE_CHANGED: S.LOW}),
    Rule(paths=(fields.DESCRIPTION,),
         derive=other.one_event(K.DESCRIPTION_CHANGED, "Study description"),
         severities={K.DESCRIPTION_CHANGED: S.LOW}),
    Rule(paths=(fields.REFERENCES, fields.SEE_ALSO_LINKS), derive=other.derive_references,
         severities={K.REFERENCE_CHANGED: S.LOW}),
    Rule(paths=(fields.IDENTIFICATION,), derive=other.derive_identifiers,
         severities={K.IDENTIFIER_CHANGED: S.LOW, K.RECORD_MERGED: S.HIGH}),
    Rule(paths=(fields.OVERSIGHT,), derive=other.one_event(K.OVERSIGHT_CHANGED),
         severities={K.OVERSIGHT_CHANGED: S.LOW}),
    Rule(paths=(fields.IPD_SHARING, fields.AVAIL_IPDS),
         derive=other.one_event(K.IPD_SHARING_CHANGED, "IPD sharing"),
         severities={K.IPD_SHARING_CHANGED: S.LOW}),
    Rule(paths=fields.ADMINISTRATIVE, derive=other.by_module(K.ADMINISTRATIVE_UPDATE,
         "dates of the update itself"), severities={K.ADMINISTRATIVE_UPDATE: S.NOISE}),
    Rule(paths=((),), derive=other.derive_fields, severities={K.FIELD_CHANGED: S.LOW}),
)  # fmt: skip

SEVERITIES: Mapping[ChangeKind, Severity] = {
    # Of the first version: no rule takes single fields for it.
    K.TRIAL_REGISTERED: S.MEDIUM,
    **{kind: severity for rule in RULES for kind, severity in rule.severities.items()},
}
# What the registry itself writes and people still want to hear of, without a new date.
_NOTABLE_WHEN_SILENT = (
    fields.OVERALL_STATUS, fields.LAST_KNOWN_STATUS, fields.HAS_RESULTS,
    fields.RESULTS_FIRST_SUBMIT, fields.RESULTS_FIRST_POST[:-1], fields.NCT_ID_ALIASES,
    fields.REGISTRY_RECORD, fields.RETRACTIONS, fields.VIOLATIONS, fields.UNPOSTED,
    fields.SUBMISSION_TRACKING, *fields.CERTIFICATION,
)  # fmt: skip
_derive_silent_edit = other.by_module(K.REGISTRY_NORMALIZATION, "edited by the registry")
# Texts whose own rules tell the same words from others: item by item, or as another spelling.
_TEXTS_WITH_OWN_RULES = (
    fields.PRIMARY_OUTCOMES, fields.ELIGIBILITY_CRITERIA, fields.LOCATIONS,
)  # fmt: skip
_derive_respelled = other.by_module(
    K.ADMINISTRATIVE_UPDATE, "the same words in other letters or marks"
)
_derive_regrouped = other.by_module(K.REGISTRY_NORMALIZATION, "the same groups under other ids")
_derive_implicit_no = other.by_module(
    K.ADMINISTRATIVE_UPDATE, '"no" where the record stated nothing'
)


def classify(changes: Sequence[FieldChange], ctx: Context) -> tuple[ChangeEvent, ...]:
    """Return what the changes mean, most severe first; every change is in exactly one event.

    An edit by the registry (no new last-update date) yields noise, but for what people want
    to hear of: a status set to UNKNOWN, results and their submission, a retracted publication,
    a violation, a record that is gone. So is the same text in other letters or marks, a
    "no" where the record stated nothing, and another id of a group of results.
    Without any change one noise event says that only order, encoding or the extent of what is
    stated differ.
    """
    drafts: list[EventDraft] = []
    remaining = list(changes)
    if not remaining:
        drafts.append(_draft_no_change(ctx))
    # A withheld record lacks nearly everything; hundreds of removals would say that its sponsor did
    # it.
    elif status.is_withheld(ctx.old) is not status.is_withheld(ctx.new):
        drafts.append(status.draft_withheld(remaining, ctx))
        remaining = []
    # Before the rules, or a coordinate that the registry corrected would be a changed site.
    elif is_silent(ctx.old, ctx.new):
        quiet = [change for change in remaining if not _is_notable_when_silent(change)]
        remaining = list(all_except(remaining, quiet))
        drafts.extend(_derive_silent_edit(quiet, ctx))
    for is_noise, derive in _NOISE_RULES:
        same = [change for change in remaining if is_noise(change)]
        drafts.extend(derive(same, ctx))
        remaining = list(all_except(remaining, same))
    # Only the rules that have something to do: most versions change a few fields.
    for number in sorted(
        {number for change in remaining for number in _matching_rules(change.field)}
    ):
        own = [change for change in remaining if number in _matching_rules(change.field)]
        if own:
            found = list(RULES[number].derive(own, ctx))
            drafts.extend(found)
            drafted = {id(change) for draft in found for change in draft.changes}
            remaining = [change for change in remaining if id(change) not in drafted]
    phase = ctx.life_phase.value
    events = [_event(draft, phase) for draft in drafts]
    return tuple(sorted(events, key=lambda event: -event.severity.rank))


def _is_notable_when_silent(change: FieldChange) -> bool:
    """Return whether people want to hear of what the registry itself wrote.

    Within results a release renames fields; that results came or went is news.
    """
    if fields.under(change.field, (fields.RESULTS,)):
        return change.field == fields.RESULTS
    return fields.under(change.field, _NOTABLE_WHEN_SILENT)


def _is_implicit_no(change: FieldChange) -> bool:
    """Return whether a "no" came or went where the record stated nothing else."""
    return (change.op == "added" and change.after is False) or (
        change.op == "removed" and change.before is False
    )


def _is_regrouped(change: FieldChange) -> bool:
    """Return whether a group of results has another id: only what is of one title is compared."""
    if change.op != "changed" or not fields.under(change.field, (fields.RESULTS,)):
        return False
    if change.field[-1:] == ("id",):
        return change.field[-2] in fields.GROUP_LISTS
    return change.field[-1] in (fields.GROUP_ID, fields.GROUP_IDS)


def _is_respelled(change: FieldChange) -> bool:
    """Return whether a text has the same words in other letters or marks."""
    before, after = change.before, change.after
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    theirs = fields.under(change.field, _TEXTS_WITH_OWN_RULES)
    if theirs and not fields.under(change.field, (fields.LOCATION_CONTACTS,)):
        return False
    return same_words(before, after)


_NOISE_RULES: tuple[tuple[Callable[[FieldChange], bool], Derive], ...] = (
    (_is_regrouped, _derive_regrouped), (_is_respelled, _derive_respelled),
    (_is_implicit_no, _derive_implicit_no),
)  # fmt: skip


@lru_cache(maxsize=4096)
def _matching_rules(field_: Path) -> tuple[int, ...]:
    """Return which rules take a field's changes, as places in the table, in its order."""
    return tuple(number for number, rule in enumerate(RULES) if fields.under(field_, rule.paths))


def registration_event(record: TrialRecord) -> ChangeEvent:
    """Return the one event of a trial's first version."""
    # One event, not a thousand additions: docs/architecture.md, "Versions".
    title = record.title or record.nct_id
    return ChangeEvent(
        kind=K.TRIAL_REGISTERED,
        severity=SEVERITIES[K.TRIAL_REGISTERED],
        label="Trial",
        path=fields.dotted(fields.NCT_ID),
        after=record.nct_id,
        summary=f"First seen: {title}",
        facts={"overall_status": record.overall_status, "enrollment": record.enrollment},
    )


def is_silent(old: TrialRecord, new: TrialRecord) -> bool:
    """Return whether the registry changed the record, not the sponsor.

    Both versions state one last-update date, and the registry does not count them as two. A
    version that states no date of its own was not silent: it may come from anybody. Nor was one
    that comes back: what became of a record while nobody could see it has no date.
    """
    if old.presence is not None and new.presence is None:
        return False
    if not new.coverage.states(fields.LAST_UPDATE_POST):
        return False
    # Both are numbered by the registry's history: two submissions, whatever their dates.
    if old.registry_version is not None and new.registry_version is not None:
        return False
    posted = old.get(fields.LAST_UPDATE_POST), new.get(fields.LAST_UPDATE_POST)
    submitted = old.get(fields.LAST_UPDATE_SUBMIT), new.get(fields.LAST_UPDATE_SUBMIT)
    if posted[0] is None or posted[0] != posted[1]:
        return False
    # One posting date can stand for two submissions within days of each other.
    return None in submitted or submitted[0] == submitted[1]


def _draft_no_change(ctx: Context) -> EventDraft:
    wider = ctx.old.coverage != ctx.new.coverage
    words = (
        "More or fewer fields stated; nothing that both versions state changed"
        if wider
        else "The same content in another order or encoding"
    )
    return EventDraft(
        kind=K.REGISTRY_NORMALIZATION, path=fields.PROTOCOL, summary=words, label="Record",
        before=None, after=None,
    )  # fmt: skip


def _event(draft: EventDraft, life_phase: str) -> ChangeEvent:
    before, after = draft.values()
    return ChangeEvent(
        kind=draft.kind,
        severity=draft.severity or SEVERITIES[draft.kind],
        label=draft.label or fields.label(draft.path),
        path=fields.dotted(draft.path),
        summary=draft.summary,
        before=before,
        after=after,
        facts={**draft.facts, "life_phase": life_phase},
        fields=draft.changes,
    )
