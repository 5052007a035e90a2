"""The message that asks somebody to confirm a subscription: open, then confirm."""

from html import escape

from monitor.model.messages import ALONE, Message
from monitor.model.readers import Confirmation
from monitor.model.sanitize import sanitize
from monitor.render.subscribers import changes_words, trials_words
from monitor.render.values import moment

_LONGEST = 300
_SUBJECT = "Confirm your subscription to changes in clinical trials"
_IGNORE = (
    "If you did not ask for this, do nothing: without a confirmation nothing is sent, and your"
    " address is deleted."
)


def confirmation_message(confirmation: Confirmation) -> Message:
    """Return the message, the same for the same request."""
    lines = [
        "Somebody, probably you, asked for messages to this address about:",
        f"Trials: {_clean(trials_words(confirmation.subscription.trials))}",
        f"Changes: {_clean(changes_words(confirmation.subscription.changes))}",
        f"When: {confirmation.subscription.when}",
    ]
    until = f"The link works until {moment(confirmation.until)} UTC."
    text = [
        *lines,
        "",
        "Open this page, then confirm there:",
        confirmation.confirm_url,
        until,
        "",
        _IGNORE,
    ]
    link = escape(confirmation.confirm_url)
    html = "".join(f"<p>{escape(line)}</p>" for line in lines)
    html += f'<p><a href="{link}">Open the page, then confirm there</a></p>'
    html += f"<p>{escape(until)}</p><p>{escape(_IGNORE)}</p>"
    return Message(
        uid=confirmation.uid,
        subscriber=confirmation.subscriber,
        target=confirmation.target,
        subject=_SUBJECT,
        text="\n".join(text) + "\n",
        html=(
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f"<title>{_SUBJECT}</title></head><body>{html}</body></html>\n"
        ),
        occurred_at=confirmation.at,
        thread=ALONE,
        severity="noise",
    )


def _clean(text: str) -> str:
    cleaned = sanitize(" ".join(text.split()))
    return cleaned if len(cleaned) <= _LONGEST else cleaned[: _LONGEST - 1].rstrip() + "…"
