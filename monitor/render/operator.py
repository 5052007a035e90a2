"""What the operator reads: what is wrong with the monitor, and what is over."""

from collections.abc import Sequence
from html import escape

from monitor.model.incidents import OPERATOR, OperatorMessage, Sentence
from monitor.model.messages import Message
from monitor.model.sanitize import sanitize
from monitor.render.alerts import mrkdwn
from monitor.render.values import moment

_LONGEST_DETAIL = 500
_LONGEST_SECTION = 2_900
_MOST_SECTIONS = 40


def operator_message(notification: OperatorMessage) -> Message:
    """Return the message; at least one thing began or is over."""
    began = [(_sentence(what), _clean(why)) for what, why in notification.began]
    over = [(_sentence(what), _clean(why)) for what, why in notification.over]
    notices = began + over
    more = f" (+ {len(notices) - 1} more)" if len(notices) > 1 else ""
    # Phones show the subject alone: the first incident, not "2 incidents".
    subject = f"Trial monitor: {notices[0][0]}{more}"
    foot = f"{moment(notification.at)} UTC. `monitor status` tells how everything stands."
    return Message(
        uid=notification.uid,
        subscriber=OPERATOR,
        target=notification.target,
        subject=subject,
        text=_text(notices, foot),
        html=_html(subject, notices, foot),
        slack=_slack(subject, notices, foot),
        data={
            "delivery": notification.uid,
            "subject": subject,
            "began": [{"what": what, "why": why} for what, why in began],
            "over": [f"{what}: {why}" if why else what for what, why in over],
        },
        occurred_at=notification.at,
        thread="operator",
        # What is over needs nobody at night.
        severity="high" if began else "low",
    )


def _clean(text: str) -> str:
    words = sanitize(" ".join(text.split()))
    if len(words) > _LONGEST_DETAIL:
        words = words[: _LONGEST_DETAIL - 1] + "…"
    return words


def _sentence(text: str) -> str:
    words = _clean(text)
    return words[:1].upper() + words[1:]


def _text(notices: Sequence[Sentence], foot: str) -> str:
    lines = []
    for sentence, detail in notices:
        lines.append(f"* {sentence}.")
        if detail:
            lines.append(f"  {detail}.")
    return "\n".join([*lines, "", foot, ""])


def _html(subject: str, notices: Sequence[Sentence], foot: str) -> str:
    items = "".join(
        f"<li><strong>{escape(sentence)}{':' if detail else '.'}</strong> {escape(detail)}</li>"
        for sentence, detail in notices
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(subject)}</title>'
        f"<body><ul>{items}</ul><p>{escape(foot)}</p></body></html>"
    )


def _slack(subject: str, notices: Sequence[Sentence], foot: str) -> dict[str, object]:
    # As plain text nothing in it is a link, a mention or a format.
    words = [
        f"{sentence}: {detail}" if detail else f"{sentence}."
        for sentence, detail in notices[:_MOST_SECTIONS]
    ]
    blocks = [
        {"type": "section", "text": {"type": "plain_text", "text": text[:_LONGEST_SECTION]}}
        for text in [*words, foot]
    ]
    return {"text": mrkdwn.escape(subject), "blocks": blocks}
