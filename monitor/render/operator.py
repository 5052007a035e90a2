"""What the operator reads: what is wrong with the monitor, and what is over."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from monitor.model.messages import Message
from monitor.model.neutral import neutral
from monitor.render.values import moment

_LONGEST_DETAIL = 500
_LONGEST_SECTION = 2_900
_MOST_SECTIONS = 40

Notice = tuple[str, str]
"""A sentence, and why; both may hold words of the registry or of a service."""


def operator_message(
    *, uid: str, target: str, began: Sequence[Notice], over: Sequence[str], at: datetime
) -> Message:
    """Return the message; at least one thing began or is over. ``at``: now (aware UTC)."""
    notices = [(_sentence(one), _clean(detail)) for one, detail in began]
    notices += [(_sentence(one), "") for one in over]
    first = notices[0][0]
    more = f" (+ {len(notices) - 1} more)" if len(notices) > 1 else ""
    subject = f"Trial monitor: {first}{more}"
    foot = f"{moment(at)} UTC. `monitor status` tells how everything stands."
    return Message(
        uid=uid,
        subscriber="operator",
        target=target,
        subject=subject,
        text=_text(notices, foot),
        html=_html(subject, notices, foot),
        slack=_slack(subject, notices, foot),
        data={
            "delivery": uid,
            "subject": subject,
            "began": [{"what": one, "why": why} for one, why in notices[: len(began)]],
            "over": [one for one, _ in notices[len(began) :]],
        },
        occurred_at=at,
        thread="operator",
        severity="high" if began else "low",
    )


def _clean(text: str) -> str:
    said = neutral(" ".join(text.split()))
    if len(said) > _LONGEST_DETAIL:
        said = said[: _LONGEST_DETAIL - 1] + "…"
    return said


def _sentence(text: str) -> str:
    said = _clean(text)
    return said[:1].upper() + said[1:]


def _text(notices: Sequence[Notice], foot: str) -> str:
    lines = []
    for sentence, detail in notices:
        lines.append(f"* {sentence}.")
        if detail:
            lines.append(f"  {detail}.")
    return "\n".join([*lines, "", foot, ""])


def _html(subject: str, notices: Sequence[Notice], foot: str) -> str:
    items = "".join(
        f"<li><strong>{escape(sentence)}{':' if detail else '.'}</strong> {escape(detail)}</li>"
        for sentence, detail in notices
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(subject)}</title>'
        f"<body><ul>{items}</ul><p>{escape(foot)}</p></body></html>"
    )


def _slack(subject: str, notices: Sequence[Notice], foot: str) -> dict[str, object]:
    # As plain text nothing in it is a link, a mention or a format.
    said = [
        f"{sentence}: {detail}" if detail else f"{sentence}."
        for sentence, detail in notices[:_MOST_SECTIONS]
    ]
    blocks = [
        {"type": "section", "text": {"type": "plain_text", "text": text[:_LONGEST_SECTION]}}
        for text in [*said, foot]
    ]
    return {"text": subject.replace("&", "&amp;").replace("<", "&lt;"), "blocks": blocks}
