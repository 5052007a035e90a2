"""A notification as JSON, for programs. docs/alerts.md describes it, and it can be relied on."""

import json
from collections import Counter
from functools import partial
from typing import Any

from monitor.model.alerts import Alert, Notification
from monitor.model.bitemporal import last_known
from monitor.model.changes import ChangeEvent, Severity
from monitor.model.history_filter import HistoryEntry
from monitor.render.alerts.blocks import Shared
from monitor.render.alerts.links import history_url, record_url, version_url
from monitor.render.history import sighting
from monitor.render.json_values import JsonObject, event_to_json, version_to_json

LONGEST_EVENT = 200_000
"""Characters of JSON from which on an event is sent without its values."""


def notification_to_json(
    notification: Notification, subject: str, shared: Shared | None = None
) -> JsonObject:
    """Return all that a notification says, values as the registry wrote them.

    ``shared``: what notifications before it were made of.
    """
    shared = shared or Shared()
    digest = notification.digest
    return {
        "delivery": notification.uid,
        "subscriber": notification.subscriber,
        "subject": subject,
        "severity": str(notification.severity),
        "occurred_at": notification.occurred_at.isoformat(),
        "digest": digest
        and {
            "since": digest.since.isoformat() if digest.since else None,
            "until": digest.until.isoformat(),
        },
        "group": notification.group_until and {"until": notification.group_until.isoformat()},
        "part": notification.part and {"number": notification.part[0], "of": notification.part[1]},
        "counts": _counts(notification),
        "alerts": [
            shared.of(alert, "shape", partial(_alert, public_url=notification.public_url))
            | {"reasons": list(alert.reasons)}
            for alert in notification.alerts
        ],
    }


def _counts(notification: Notification) -> JsonObject:
    by = Counter(event.severity for alert in notification.alerts for event in alert.events)
    return {
        "trials": len({alert.trial.nct_id for alert in notification.alerts}),
        "changes": by.total(),
        "by_severity": {str(severity): by[severity] for severity in reversed(Severity)},
    }


def _alert(alert: Alert, public_url: str | None) -> JsonObject:
    trial, previous = alert.trial, alert.previous
    return {
        "nct_id": trial.nct_id,
        "title": trial.title,
        "sponsor": trial.sponsor,
        "overall_status": trial.overall_status,
        "phases": list(trial.phases),
        **version_to_json(alert.number, alert.version),
        "previous_version_date": previous and previous.version_date.isoformat(),
        "previous_seen_at": previous and last_known(previous).isoformat(),
        "sighting": sighting(
            HistoryEntry(number=alert.number, version=alert.version, previous=previous)
        ),
        "events": [_event(event) for event in alert.events],
        # Put in by `notification_to_json`: the rest is shared between subscribers.
        "reasons": [],
        "links": {
            "record": record_url(trial.nct_id),
            "history": history_url(trial.nct_id),
            "version": version_url(public_url, alert.version),
        },
    }


def _event(event: ChangeEvent) -> JsonObject:
    shape: dict[str, Any] = {**event_to_json(event), "truncated": False}
    # Webhook receivers limit bodies; a results section can be megabytes. `truncated` says so.
    if len(json.dumps(shape, ensure_ascii=False)) > LONGEST_EVENT:
        shape |= {"before": None, "after": None, "facts": {}, "fields": [], "truncated": True}
    return shape
