"""The message that stored versions would be, without any subscription; and sending it to try."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from monitor.app.lookups import stored_trial, version_number
from monitor.app.wiring import App
from monitor.channels.channel_test import send_each
from monitor.errors import NotFoundError
from monitor.model.alerts import Alert, Notification, Window
from monitor.model.bitemporal import known_since
from monitor.model.changes import Severity
from monitor.model.identity import ItemIdentity, message_id
from monitor.model.messages import ALONE, Message
from monitor.model.subscriptions import Reason

if TYPE_CHECKING:
    from monitor.channels.base import Channel
    from monitor.channels.channel_test import SendResult

PreviewKind = Literal["alert", "digest", "group"]
"""What a message is: of one trial, a digest, or alerts that came at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The message that versions of trials would be; ``templates`` None: the built-in ones."""

    notification: Notification
    templates: Path | None

    @property
    def message(self) -> Message:
        """The message, the same for the same versions; DeliveryError when a template fails."""
        return self._render(self.notification)

    def send(self, channel: "Channel", *, to: str | None = None) -> "Iterator[SendResult]":
        """Send it to ``to``, else to every target of the channel; yield how each went.

        Each bears an id of its own, made by chance, so that no receiver takes it for one that it
        has; it is in no trial's thread, and has no link to unsubscribe.
        """

        def make_message(target: str) -> Message:
            notification = replace(
                self.notification,
                uid=str(uuid.uuid4()),
                target=target,
                unsubscribe_url=None,
                message_url=None,
                manage_url=None,
                why_url=None,
            )
            return replace(self._render(notification), thread=ALONE)

        return send_each(channel, make_message, to=to)

    def _render(self, notification: Notification) -> Message:
        from monitor.render.alerts import render  # noqa: PLC0415 - jinja2 is slow

        return render(notification, self.templates)


def recently_changed_ids(app: App, count: int) -> list[str]:
    """Return the NCT IDs of the trials whose records changed last, latest first.

    A trial that has never changed counts by its version's date, after all that have.
    NotFoundError when nothing is stored.
    """
    with app.reader() as reader:
        rows = reader.trials()
    if not rows:
        raise NotFoundError(f"no trial is stored in {app.store_name}; `monitor ingest` reads some")
    rows.sort(
        key=lambda row: (row.last_changed or date.min, row.last_version_date, row.nct_id),
        reverse=True,
    )
    return [row.nct_id for row in rows[:count]]


def preview(
    app: App,
    nct_ids: Sequence[str],
    number: int | None = None,
    *,
    kind: PreviewKind = "alert",
    templates: Path | None = None,
) -> Preview:
    """Return the message of versions of trials; ``number`` None: of each the last with news.

    An alert is of one trial, else ValueError. ``templates`` None: those that the configuration
    names. Noise is left out, as subscriptions do, unless a version has nothing else.
    NotFoundError for a trial or version that is not stored; ConfigError when a template fails.
    """
    if kind == "alert" and len(nct_ids) != 1:
        raise ValueError("an alert is of one trial")
    configured = app.settings.delivery.templates
    folder = templates or (Path(configured) if configured else None)
    if folder is not None:
        from monitor.render.alerts import check_templates  # noqa: PLC0415 - jinja2 is slow

        check_templates(folder)
    found = {one.trial.nct_id: one for one in (_alert(app, each, number) for each in nct_ids)}
    alerts = sorted(found.values(), key=lambda one: -one.events[0].severity.rank)
    return Preview(notification=_notification(app, alerts, kind), templates=folder)


def _alert(app: App, nct_id: str, number: int | None) -> Alert:
    with stored_trial(app, nct_id) as (reader, trial, versions):
        events = reader.events(trial.nct_id)
        version = versions[version_number(versions, events, number) - 1]
        found = [stored.event for stored in events.get(version.id, ())]
        news = [event for event in found if event.severity is not Severity.NOISE]
        reason_id = nct_id if nct_id == trial.nct_id else f"{nct_id}, now {trial.nct_id}"
        reason = f"your subscription “example”: {Reason.NCT_ID} ({reason_id})"
        alert = Alert.of(reader.record(version), versions, version.id, news or found, [reason])
        facts = replace(alert.trial, status_now=trial.overall_status)
    return replace(alert, trial=facts)


def _notification(app: App, alerts: Sequence[Alert], kind: PreviewKind) -> Notification:
    items = [
        ItemIdentity(one.version.identity, one.previous.identity if one.previous else b"")
        for one in alerts
    ]
    uid = message_id("preview", subscriber="you", channel="", target="", items=items)
    # As for a subscription “example” that names the trial; links to its own pages lead nowhere.
    public_url = app.settings.delivery.public_url or None
    own = public_url.rstrip("/") if public_url else None
    until = max(known_since(one.version) for one in alerts)
    return Notification(
        uid=uid,
        subscriber="you",
        alerts=tuple(alerts),
        public_url=public_url,
        unsubscribe_url=own and f"{own}/unsubscribe/{uid}/example",
        message_url=own and f"{own}/messages/{uid}/example",
        digest=Window(until=until) if kind == "digest" else None,
        group_until=until if kind == "group" else None,
    )
