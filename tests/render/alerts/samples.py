"""Sample alerts, made as the monitor makes them: two documents compared, and a version of each."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from monitor.model.alerts import Alert, Notification, Window
from monitor.model.changes import ChangeEvent, Severity
from monitor.model.history import StoredVersion
from monitor.model.record import TrialRecord
from tests.detect import examples
from tests.detect.examples import Document

UID = "3f0c9f5e-8d57-5f0e-9c39-0d6f6e1c2a11"
REASON = f"your subscription “car-t”: it names this trial ({examples.NCT})"
READ = datetime(2026, 2, 19, 14, 5, tzinfo=UTC)
MONITOR = "https://monitor.example.org"
COUNTRIES = {"Spain": 12, "France": 9, "Italy": 5, "Poland": 3, "Norway": 2, "Chile": 2, "Peru": 1}

LONG = (
    "This study follows people who take the thing for a year. They are seen at the start and "
    "every month. The dose is {dose} mg a day, and whoever takes part may stop at any time. All "
    "costs are borne by the sponsor, and nobody is paid for it. Results are made known to all."
)


def version(
    number: int = 2, *, nct_id: str = examples.NCT, of: date | None = None, at: datetime = READ
) -> StoredVersion:
    """Return a stored version, first read at ``at`` and seen once more three hours later."""
    day = of or (at.date() if number > 1 else date(2026, 1, 12))
    return StoredVersion(
        id=number, nct_id=nct_id, source="ctgov", origin="ctgov", snapshot_id=number,
        version_date=day, last_version_date=day, retrieved_at=at,
        last_retrieved_at=at + timedelta(hours=3), raw_sha256=b"", last_raw_sha256=b"",
        stated_sha256=b"", content_sha256=b"", identity=number.to_bytes(16),
    )  # fmt: skip


def alert(
    record: TrialRecord,
    events: Sequence[ChangeEvent],
    *,
    number: int = 2,
    reasons: tuple[str, ...] = (REASON,),
) -> Alert:
    """Return the alert of a version whose predecessor was read a day before."""
    nct_id = record.nct_id
    before = version(number - 1, nct_id=nct_id, at=READ - timedelta(days=1, hours=8))
    versions = [before, version(number, nct_id=nct_id)]
    made = Alert.of(record, versions, number, events, reasons)
    assert made.number == len(versions)
    return made


def news(old: Document, new: Document) -> list[ChangeEvent]:
    """Return the events above noise between two documents."""
    found = examples.compared(examples.of(old), examples.of(new))[1]
    return [event for event in found if event.severity is not Severity.NOISE]


def changed(old: Document, new: Document) -> Notification:
    """Return the letter that is sent at once of what changed from one document to another."""
    return notification(alert(examples.of(new), news(old, new)))


def updated(changes: dict[str, Any]) -> Notification:
    """Return the letter of the example trial with these fields changed."""
    return changed(examples.study(), examples.updated(changes))


def notification(*alerts: Alert, **about: Any) -> Notification:
    """Return a letter of alerts to Ana."""
    return Notification(**{"uid": UID, "subscriber": "ana", "alerts": alerts, **about})


def digest(*alerts: Alert, **about: Any) -> Notification:
    """Return the digest of a day."""
    until = datetime(2026, 2, 20, 7, tzinfo=UTC)
    return notification(
        *alerts, digest=Window(since=until - timedelta(days=1), until=until), **about
    )


def many(count: int, changes: dict[str, Any]) -> tuple[Alert, ...]:
    """Return alerts of that many trials, each with the same change."""
    events = news(examples.study(), examples.updated(changes))
    found = []
    for number in range(count):
        record = TrialRecord(nct_id=f"NCT{number:08d}", document=examples.updated(changes))
        found.append(alert(record, events))
    return tuple(found)


def site(number: int, country: str) -> Document:
    """Return a site."""
    return {"facility": f"Hospital {number}", "city": f"{country} City", "country": country}


def eventful() -> dict[str, Any]:
    """Return changes of nearly everything: a trial that is stopped, rewritten and moved."""
    sites = [site(at, country) for country, count in COUNTRIES.items() for at in range(count)]
    outcomes = examples.STUDY["protocolSection"]["outcomesModule"]["primaryOutcomes"]
    locations = examples.STUDY["protocolSection"]["contactsLocationsModule"]["locations"]
    return {
        "statusModule.overallStatus": "WITHDRAWN",
        "statusModule.whyStopped": "Serious adverse events in another study",
        "statusModule.completionDateStruct": {"date": "2028-09-01", "type": "ESTIMATED"},
        "designModule.enrollmentInfo": {"count": 120, "type": "ESTIMATED"},
        "outcomesModule.primaryOutcomes": outcomes[:1],
        "eligibilityModule.eligibilityCriteria": "Inclusion Criteria:\n\n* Age \\>= 21 years\n"
        "* Asthma for a year\n* Written consent\n\nExclusion Criteria:\n\n* Pregnancy",
        "eligibilityModule.minimumAge": "21 Years",
        "contactsLocationsModule.locations": [*locations[1:], *sites],
        "descriptionModule.briefSummary": "About a thing, and about other things.",
    }


def rewritten(before: str, after: str) -> Notification:
    """Return the letter of a long summary in which one word, the dose, became another."""
    old, new = ({"descriptionModule.briefSummary": LONG.format(dose=d)} for d in (before, after))
    return changed(examples.study(old), examples.updated(new))
