"""JSON shapes: what ``--json`` prints. docs/commands.md describes them."""

from collections.abc import Sequence
from typing import Any

from monitor.model.bitemporal import known_since, last_known
from monitor.model.changes import ChangeEvent, FieldChange
from monitor.model.history import QuarantineRow, StoredVersion, TrialRow
from monitor.model.history_filter import HistoryEntry
from monitor.model.public_ids import public_version_id
from monitor.model.record import TrialRecord

JsonObject = dict[str, Any]


def history_to_json(trial: TrialRow, shown: Sequence[HistoryEntry]) -> JsonObject:
    """Return a trial's history."""
    return {
        "nct_id": trial.nct_id,
        "title": trial.title,
        "overall_status": trial.overall_status,
        "versions": [
            {
                **version_to_json(entry.number, entry.version),
                "events": [event_to_json(event) for event in entry.events],
            }
            for entry in shown
        ],
    }


def version_to_json(number: int, version: StoredVersion) -> JsonObject:
    """Return a version's number, id, dates and source.

    ``retrieved_at``: when it was first read.
    """
    return {
        "version": number,
        "version_id": public_version_id(version.identity),
        "version_date": version.version_date.isoformat(),
        # Not the column: an earlier load can be read later (see `known_since`).
        "retrieved_at": known_since(version).isoformat(),
        "source": version.source,
        "backfilled": version.backfilled,
    }


def event_to_json(event: ChangeEvent) -> JsonObject:
    """Return a change event with its field changes."""
    return {
        "kind": str(event.kind),
        "severity": str(event.severity),
        "label": event.label,
        "path": event.path,
        "before": event.before,
        "after": event.after,
        "summary": event.summary,
        "facts": dict(event.facts),
        "fields": [_field_to_json(change) for change in event.fields],
    }


def _field_to_json(change: FieldChange) -> JsonObject:
    return {
        "path": list(change.path),
        "op": change.op,
        "before": change.before,
        "after": change.after,
    }


def diff_to_json(
    nct_id: str,
    old: tuple[int, StoredVersion],
    new: tuple[int, StoredVersion],
    events: Sequence[ChangeEvent],
) -> JsonObject:
    """Return what differs between two numbered versions."""
    return {
        "nct_id": nct_id,
        "from": version_to_json(*old),
        "to": version_to_json(*new),
        "events": [event_to_json(event) for event in events],
    }


def record_to_json(number: int, version: StoredVersion, record: TrialRecord) -> JsonObject:
    """Return a version with its whole record, which ``monitor ingest`` reads again."""
    return {
        "nct_id": record.nct_id,
        **version_to_json(number, version),
        "last_seen_at": last_known(version).isoformat(),
        "origin": version.origin,
        "complete": record.coverage.is_complete,
        # Whole, with the registry's names, so that it can be ingested into another store.
        "study": record.document,
    }


def value_to_json(number: int, version: StoredVersion, path: str, value: Any) -> JsonObject:
    """Return one value of a version's record; ``path`` as it was asked for."""
    return {
        "nct_id": version.nct_id,
        **version_to_json(number, version),
        "path": path,
        "value": value,
    }


def trial_to_json(trial: TrialRow) -> JsonObject:
    """Return a trial of a list."""
    return {
        "nct_id": trial.nct_id,
        "title": trial.title,
        "overall_status": trial.overall_status,
        "lead_sponsor": trial.lead_sponsor,
        "conditions": list(trial.conditions),
        "last_version_date": trial.last_version_date.isoformat(),
        "last_changed": trial.last_changed.isoformat() if trial.last_changed else None,
        "last_seen_at": trial.last_seen_at.isoformat(),
    }


def quarantine_to_json(row: QuarantineRow) -> JsonObject:
    """Return an entry of the quarantine; ``content`` as text where it was asked for."""
    shape: JsonObject = {
        "id": row.id,
        "source": row.source,
        "origin": row.origin,
        "reason": row.reason,
        "size": row.size,
        "sha256": row.sha256.hex(),
        "first_seen_at": row.first_seen_at.isoformat(),
        "last_seen_at": row.last_seen_at.isoformat(),
    }
    if row.content is not None:
        shape["complete"] = row.is_whole
        shape["content"] = row.content.decode("utf-8", "replace")
    return shape
