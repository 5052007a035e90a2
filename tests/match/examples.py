"""A made-up trial, subscriptions to it, and news of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.match.change_set import ChangeSet
from monitor.match.matcher import EventDecision, Matcher
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import (
    Changes,
    Filter,
    MatchDecision,
    Silence,
    Subscription,
    SubscriptionOrigin,
    SubscriptionStatus,
    Trials,
)

NCT = "NCT09000001"
OTHER_NCT = "NCT09000002"
MADE = datetime(2026, 11, 1, 9, tzinfo=UTC)
KNOWN = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 1, tzinfo=UTC)
BY_ID = Trials(nct_ids=frozenset({NCT}))

STUDY: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {
            "nctId": NCT, "briefTitle": "Anifrolumab in Early Disease", "acronym": "TULIP-9",
            "officialTitle": "A Phase 2, Randomized Study of Anifrolumab",
        },
        "statusModule": {"overallStatus": "NOT_YET_RECRUITING"},
        "sponsorCollaboratorsModule": {
            "leadSponsor": {"name": "Société de l'Étoile"},
            "collaborators": [{"name": "University of Malmö"}],
        },
        "conditionsModule": {
            "conditions": ["Systemic Lupus Erythematosus", "Sjögren’s Syndrome"],
            "keywords": ["keyword-only"],
        },
        "descriptionModule": {
            "briefSummary": "Interferon is blocked. Half of the people get a placebo."
        },
        "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE1", "PHASE2"]},
        "armsInterventionsModule": {
            "interventions": [
                {"type": "DRUG", "name": "Anifrolumab 300 mg", "otherNames": ["Saphnelo™"]}
            ]
        },
        "contactsLocationsModule": {
            "locations": [
                {
                    "facility": "Karolinska University Hospital", "city": "Malmö",
                    "country": "Turkey (Türkiye)",
                },
                {"facility": "Ankara Clinic", "country": "Papua New Guinea"},
            ]
        },
    },
    "derivedSection": {
        "conditionBrowseModule": {
            "meshes": [{"id": "D1", "term": "Connective Tissue Diseases"}],
            "ancestors": [{"id": "D2", "term": "Autoimmune Diseases"}],
        },
        "interventionBrowseModule": {
            "meshes": [{"id": "C1", "term": "Antibodies, Monoclonal"}],
            "ancestors": [{"id": "C2", "term": "Immunoglobulins, Biological"}],
        },
    },
}  # fmt: skip


def record(document: Mapping[str, Any] | None = None) -> TrialRecord:
    """Return a record of the made-up trial."""
    return TrialRecord(nct_id=NCT, document=STUDY if document is None else document)


def about(**texts: Any) -> TrialRecord:
    """Return a record that states conditions, a title, a status and nothing else."""
    return record({
        "protocolSection": {
            "identificationModule": {"briefTitle": texts.get("title", "")},
            "statusModule": {"overallStatus": texts.get("status", "RECRUITING")},
            "conditionsModule": {"conditions": texts.get("conditions", [])},
        }
    })  # fmt: skip


def event(
    kind: ChangeKind = ChangeKind.TRIAL_TERMINATED,
    severity: Severity = Severity.CRITICAL,
    **facts: Any,
) -> ChangeEvent:
    """Return an event of a kind, with its facts."""
    return ChangeEvent(
        kind=kind, severity=severity, label=str(kind), path="", summary=str(kind), facts=facts
    )


def news(*events: ChangeEvent, **given: Any) -> ChangeSet:
    """Return news of the made-up trial; one event that everybody wants unless others are given."""
    settings: dict[str, Any] = {
        "nct_id": NCT,
        "old": record(),
        "new": record(),
        "events": events or (event(),),
        "backfilled": False,
        "known_at": KNOWN,
    }
    return ChangeSet(**settings | given)


def wish(trials: Trials = BY_ID, changes: Changes | None = None, **given: Any) -> Subscription:
    """Return a subscription of Ana's."""
    settings: dict[str, Any] = {
        "id": 1,
        "subscriber": "ana",
        "name": "wish",
        "trials": trials,
        "changes": changes or Changes(),
        "channels": ("mail",),
        "origin": SubscriptionOrigin.CONFIG,
        "status": SubscriptionStatus.ACTIVE,
        "created_at": MADE,
    }
    return Subscription(**settings | given)


def filtered(*filters: Filter) -> Trials:
    """Return trials by filters that are alternatives."""
    return Trials(filters=filters)


def silence(**given: Any) -> Silence:
    """Return a silence of Ana's over the made-up trial."""
    settings: dict[str, Any] = {
        "id": 1,
        "subscriber": "ana",
        "nct_id": NCT,
        "kind": None,
        "until": LATER,
        "created_at": MADE,
    }
    return Silence(**settings | given)


def sent_by(matcher: Matcher, told: ChangeSet) -> list[EventDecision]:
    """Return each event that is to be sent, as ``explain`` would tell of it."""
    found = list(matcher.match(told))
    assert all(positions for _, positions, _ in found), "a match without an event is a message"
    return [
        (subscription, position, verdict)
        for subscription, positions, verdict in found
        for position in positions
    ]


def verdict(
    subscription: Subscription, told: ChangeSet | None = None, silences: Sequence[Silence] = ()
) -> MatchDecision:
    """Return the verdict on the first event; what is sent and what is explained must agree."""
    told = told or news()
    matcher = Matcher([subscription], silences)
    answers = list(matcher.explain(told))
    sent = [answer for answer in answers if answer[2].sends]
    assert sent_by(matcher, told) == sent
    return answers[0][2]
