"""The message that a subscriber gets: subject, text, HTML, Slack and JSON of one letter."""

from pathlib import Path

from monitor.model.alerts import Letter
from monitor.model.messages import ALONE, Message
from monitor.render.alerts.compose import compose
from monitor.render.alerts.data import letter_shape
from monitor.render.alerts.plain import plain_text
from monitor.render.alerts.slack import slack_payload
from monitor.render.alerts.subject import LONGEST
from monitor.render.alerts.templates import check_templates, rendered
from monitor.render.alerts.words import clean

__all__ = ["check_templates", "render"]


def render(letter: Letter, templates: Path | None = None) -> Message:
    """Return a letter as a message, the same for the same letter.

    ``templates``: a folder whose templates replace the built-in ones of the same names.
    DeliveryError, not a permanent one, when a template of that folder fails.
    """
    page = compose(letter)
    subject = clean(" ".join(rendered("subject.txt.j2", page, templates).split()), longest=LONGEST)
    unsubscribe = letter.unsubscribe_url
    return Message(
        uid=letter.uid,
        subscriber=letter.subscriber,
        target=letter.target,
        subject=subject,
        text=plain_text(rendered("message.txt.j2", page, templates)),
        html=rendered("message.html.j2", page, templates),
        slack=slack_payload(page),
        data=letter_shape(letter, subject),
        occurred_at=letter.occurred_at,
        thread=_thread(letter),
        severity=str(letter.severity),
        headers={"List-Unsubscribe": unsubscribe} if unsubscribe else {},
        dated_at=letter.digest.until if letter.digest else None,
    )


def _thread(letter: Letter) -> str:
    if letter.group_until is not None:
        return ALONE
    return "digest" if letter.digest else letter.alerts[0].trial.nct_id
