"""The message that a stored version would be, without any subscription."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.app.lookups import stored_trial
from monitor.app.wiring import App
from monitor.errors import NotFoundError
from monitor.model.alerts import Alert, Letter
from monitor.model.changes import Severity
from monitor.model.history import StoredEvent, StoredVersion
from monitor.model.identity import ItemIdentity, message_id
from monitor.model.messages import Message
from monitor.model.subscriptions import Reason
from monitor.render.values import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def preview(
    app: App, nct_id: str, number: int | None = None, *, templates: Path | None = None
) -> Message:
    """Return the message of a trial's version; None: of the last one that brought news.

    ``templates`` None: those that the configuration names. Noise is left out, as subscriptions
    do, unless the version has nothing else. NotFoundError for a trial or version that is not
    stored; ConfigError when a template fails.
    """
    from monitor.render.alerts import check_templates, render  # noqa: PLC0415 - jinja2 is slow

    configured = app.settings.delivery.templates
    folder = templates or (Path(configured) if configured else None)
    if folder is not None:
        check_templates(folder)
    return render(stored_letter(app, nct_id, number), folder)


def stored_letter(app: App, nct_id: str, number: int | None = None) -> Letter:
    """Return what ``preview`` puts into words."""
    with stored_trial(app, nct_id) as (reader, trial, versions):
        events = reader.events(trial.nct_id)
        version = _chosen(versions, events, number)
        found = [stored.event for stored in events.get(version.id, ())]
        news = [event for event in found if event.severity is not Severity.NOISE]
        asked = nct_id if nct_id == trial.nct_id else f"{nct_id}, now {trial.nct_id}"
        reason = f"your subscription “example”: {Reason.NCT_ID} ({asked})"
        alert = Alert.of(reader.record(version), versions, version.id, news or found, [reason])
        facts = replace(alert.trial, status_now=trial.overall_status)
    public_url = app.settings.delivery.public_url or None
    previous = alert.previous.identity if alert.previous else b""
    told = [ItemIdentity(alert.version.identity, previous)]
    uid = message_id("preview", subscriber="you", channel="", target="", items=told)
    # As for a subscription “example” that names the trial; its link to unsubscribe leads nowhere.
    unsubscribe = f"{public_url.rstrip('/')}/unsubscribe/{uid}/example" if public_url else None
    alerts = (replace(alert, trial=facts),)
    return Letter(
        uid=uid,
        subscriber="you",
        alerts=alerts,
        public_url=public_url,
        unsubscribe_url=unsubscribe,
    )


def _chosen(
    versions: "Sequence[StoredVersion]",
    events: "Mapping[int, Sequence[StoredEvent]]",
    number: int | None,
) -> StoredVersion:
    if number is not None:
        if number > len(versions):
            raise NotFoundError(
                f"{versions[0].nct_id} has no version {number}; it has "
                f"{counted(len(versions), 'version')}, from 1 on"
            )
        return versions[number - 1]
    for version in reversed(versions):
        stored = events.get(version.id, ())
        if any(one.event.severity is not Severity.NOISE for one in stored):
            return version
    return versions[-1]
