"""From notifications to messages: only what the channel sends, each version in words once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.model.alerts import Notification
from monitor.model.messages import ALONE, RENDERINGS, Message, Rendering
from monitor.render.alerts.blocks import Shared
from monitor.render.alerts.compose import compose
from monitor.render.alerts.data import notification_to_json
from monitor.render.alerts.page import MessagePage
from monitor.render.alerts.registry_text import clean
from monitor.render.alerts.slack import slack_payload
from monitor.render.alerts.subject import subject
from monitor.render.alerts.templates import has_own, render_template
from monitor.render.lines import plain_text

_SUBJECT = "subject.txt.j2"
_LONGEST_OWN = 200


@dataclass(frozen=True, slots=True)
class Renderer:
    """Render the notifications of one reading of the store.

    ``templates``: a folder whose templates replace the built-in ones of the same names. What
    notifications say of one version is put into words once and kept as long as the renderer.
    """

    templates: Path | None = None
    _shared: Shared = field(default_factory=Shared)

    def render(
        self, notification: Notification, renderings: frozenset[Rendering] = RENDERINGS
    ) -> Message:
        """Return a notification as a message, always the same, with these renderings.

        DeliveryError, not a permanent one, when a template of the folder fails.
        """
        page = None
        # A webhook needs no page, unless the user's own subject is made of one.
        if renderings != {"data"} or has_own(_SUBJECT, self.templates):
            page = compose(notification, self._shared)
        line = self._subject(notification, page)
        found: dict[str, Any] = {}
        if "data" in renderings:
            found["data"] = notification_to_json(notification, line, self._shared)
        if page is not None:
            found |= self._of_page(page, renderings)
        unsubscribe = notification.unsubscribe_url
        return Message(
            uid=notification.uid,
            subscriber=notification.subscriber,
            target=notification.target,
            subject=line,
            occurred_at=notification.occurred_at,
            thread=_thread(notification),
            severity=str(notification.severity),
            # RFC 2369: mail programs show a button of their own for it.
            headers={"List-Unsubscribe": unsubscribe} if unsubscribe else {},
            # A digest that is retried must not look newer than what it holds.
            dated_at=notification.digest.until if notification.digest else None,
            **found,
        )

    def _subject(self, notification: Notification, page: MessagePage | None) -> str:
        if page is None:
            return subject(notification)
        if not has_own(_SUBJECT, self.templates):
            return page.subject
        rendered = render_template(_SUBJECT, page, self.templates)
        return clean(" ".join(rendered.split()), longest=_LONGEST_OWN)

    def _of_page(self, page: MessagePage, renderings: frozenset[Rendering]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if "text" in renderings:
            found["text"] = plain_text(render_template("message.txt.j2", page, self.templates))
        if "html" in renderings:
            found["html"] = render_template("message.html.j2", page, self.templates)
        if "slack" in renderings:
            found["slack"] = slack_payload(page)
        return found


def render(notification: Notification, templates: Path | None = None) -> Message:
    """Return one notification with all renderings; see ``Renderer``."""
    return Renderer(templates).render(notification)


def _thread(notification: Notification) -> str:
    if notification.group_until is not None:
        return ALONE
    return "digest" if notification.digest else notification.alerts[0].trial.nct_id
