"""Versions, events and trials to store; made up, but in the registry's shape."""

import json
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange, Severity
from monitor.model.history import NewVersion, QuarantineEntry, TrialRow
from monitor.model.identity import version_identity
from monitor.store.writer import StoreWriter, Transaction

NCT_ID = "NCT00000001"
SEEN = datetime(2026, 2, 19, 14, 5, tzinfo=UTC)
STATUS_PATH = ("protocolSection", "statusModule", "overallStatus")


def document(nct_id: str = NCT_ID, *, status: str = "RECRUITING", sites: int = 40) -> bytes:
    """Return the canonical bytes of a study with this status and this many sites."""
    study = {
        "protocolSection": {
            "identificationModule": {"briefTitle": f"Study {nct_id}", "nctId": nct_id},
            "statusModule": {"overallStatus": status},
            "contactsLocationsModule": {
                "locations": [
                    {"city": f"City {number}", "facility": sha256(b"%d" % number).hexdigest()}
                    for number in range(sites)
                ]
            },
        }
    }
    return json.dumps(study, sort_keys=True, separators=(",", ":")).encode()


def new_version(snapshot_id: int, nct_id: str = NCT_ID, day: int = 1, **other: Any) -> NewVersion:
    """Return a version of a day in February 2026, with hashes of its own."""
    name = f"{nct_id} {day}"
    at = SEEN + timedelta(days=day)
    columns: dict[str, Any] = {
        "nct_id": nct_id,
        "source": "files",
        "origin": f"records.jsonl:{day}",
        "version_date": date(2026, 2, day),
        "retrieved_at": at,
        "last_version_date": date(2026, 2, day),
        "last_retrieved_at": at,
        "raw_sha256": sha256(b"raw" + name.encode()).digest(),
        "last_raw_sha256": sha256(b"raw" + name.encode()).digest(),
        "stated_sha256": sha256(b"stated" + name.encode()).digest(),
        "content_sha256": sha256(b"content" + name.encode()).digest(),
        "snapshot_id": snapshot_id,
        **other,
    }
    about = nct_id, columns["version_date"], columns["content_sha256"]
    return NewVersion(**{"identity": version_identity(*about, taken=()), **columns})


def trial_row(version_id: int, nct_id: str = NCT_ID, **other: Any) -> TrialRow:
    """Return a trial whose latest version this is."""
    columns: dict[str, Any] = {
        "nct_id": nct_id,
        "title": f"Study {nct_id}",
        "overall_status": "RECRUITING",
        "lead_sponsor": "Example Institute",
        "conditions": ("Asthma",),
        "latest_version_id": version_id,
        "last_version_date": date(2026, 2, 1),
        "last_seen_at": SEEN,
    }
    return TrialRow(**{**columns, **other})


def status_event(before: str = "RECRUITING", after: str = "WITHDRAWN") -> ChangeEvent:
    """Return the event of a changed overall status."""
    return ChangeEvent(
        kind=ChangeKind.TRIAL_WITHDRAWN,
        severity=Severity.CRITICAL,
        label="Overall status",
        path=".".join(STATUS_PATH),
        summary=f"{before} → {after}",
        before=before,
        after=after,
        facts={"life_phase": "before_recruitment", "days": -12},
        fields=(
            FieldChange(
                path=STATUS_PATH, field=STATUS_PATH, op="changed", before=before, after=after
            ),
        ),
    )


def quarantine_entry(content: bytes = b'{"protocolSection":', **other: Any) -> QuarantineEntry:
    """Return unreadable input."""
    columns: dict[str, Any] = {
        "source": "files",
        "origin": "records.jsonl:7",
        "reason": "the JSON ends too early",
        "content": content,
        "size": len(content),
        "sha256": sha256(content).digest(),
        "seen_at": SEEN,
    }
    return QuarantineEntry(**{**columns, **other})


def add_version(
    transaction: Transaction,
    content: bytes,
    nct_id: str = NCT_ID,
    day: int = 1,
    *,
    base_snapshot_id: int | None = None,
    **other: Any,
) -> tuple[int, int]:
    """Store a version with its trial; return the ids of version and snapshot."""
    snapshot_id = transaction.insert_snapshot(nct_id, content, base_snapshot_id=base_snapshot_id)
    version_id = transaction.insert_version(new_version(snapshot_id, nct_id, day, **other))
    transaction.put_trial(trial_row(version_id, nct_id))
    return version_id, snapshot_id


def add_series(store: StoreWriter, contents: list[bytes], nct_id: str = NCT_ID) -> list[int]:
    """Store one version a day, each against its predecessor; return the snapshot ids."""
    snapshot_ids: list[int] = []
    with store.transaction() as transaction:
        for day, content in enumerate(contents, start=1):
            base = snapshot_ids[-1] if snapshot_ids else None
            _, snapshot_id = add_version(transaction, content, nct_id, day, base_snapshot_id=base)
            snapshot_ids.append(snapshot_id)
    return snapshot_ids
