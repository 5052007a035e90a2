"""Words, links and blocks of Slack: nothing that a registry wrote formats, links or mentions."""

import re
from collections.abc import Iterable
from typing import Any

from monitor.render.alerts.page import Link
from monitor.render.alerts.registry_text import clip
from monitor.render.lines import Line, Span, TextRole

SlackBlock = dict[str, Any]

LONGEST_HEADER = 150
LONGEST_SECTION = 3000
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack's marks cannot be escaped; look-alikes that mean nothing to it stand for them. Between
# two letters or digits they are no marks (Prot_000.pdf) and stay.
_LOOKALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}  # noqa: RUF001 - look-alikes on purpose
_MARK = re.compile(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`")
# What Slack would turn into a picture, and addresses, channels and people it would link.
_EMOJI = re.compile(r":(?=[A-Za-z0-9_+'-]+:)")
_MARKS: dict[TextRole, str] = {"label": "*", "title": "*", "added": "*", "removed": "~"}


def escape(text: str) -> str:
    """Return a clean text that Slack shows as it is: no mention, no link, no formatting."""
    marks = _MARK.sub(lambda found: _LOOKALIKES[found[0]], text)
    return _EMOJI.sub(":\u200b", marks).translate(_ESCAPES)


def mrkdwn(line: Line) -> str:
    """Return a line for Slack: labels and new values bold, words that went struck through."""
    marks = dict(_MARKS)
    if any(span.role == "before" for span in line.spans):
        marks["after"] = "*"  # beside what it was before
    parts: list[str] = []
    for span in line.spans:
        # "*bold**bold*" shows its stars: marks that meet need a space.
        text = _piece(span, marks.get(span.role))
        if parts and text[:1] in ("*", "~") and parts[-1][-1:] in ("*", "~"):
            parts.append(" ")
        parts.append(text)
    return "".join(parts).strip()


def _piece(span: Span, mark: str | None) -> str:
    inner = span.text.strip()
    if mark is None or not inner:
        return escape(span.text)
    # A mark works only right beside a word: white space stays outside.
    start = span.text[: len(span.text) - len(span.text.lstrip())]
    end = span.text[len(span.text.rstrip()) :]
    return f"{start}{mark}{escape(inner)}{mark}{end}"


def anchor(link: Link) -> str:
    """Return a link; the address is the monitor's own and holds no mark of Slack's."""
    url = link.url.translate(_ESCAPES).replace("|", "%7C").replace("&gt;", "%3E")
    return f"<{url}|{escape(link.text).replace('|', '∣')}>"  # noqa: RUF001 - ends no address


def header(text: str) -> SlackBlock:
    """Return a header of a clean text, cut to its limit."""
    longest = LONGEST_HEADER
    while len(shown := clip(text, longest).translate(_ESCAPES)) > LONGEST_HEADER:
        longest -= 1  # an escape is longer than its character, and is never cut in two
    return {"type": "header", "text": {"type": "plain_text", "text": shown, "emoji": False}}


def section(text: str) -> SlackBlock:
    """Return a section of text for Slack, at most 3,000 characters of it."""
    return {"type": "section", "text": _text(text)}


def context(text: str) -> SlackBlock:
    """Return small print of text for Slack."""
    return {"type": "context", "elements": [_text(text)]}


def _text(text: str) -> SlackBlock:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def character_count(block: SlackBlock) -> int:
    """Return about how many characters a block takes of those that Slack allows a message."""
    texts: Iterable[SlackBlock] = block.get("elements") or [block["text"]]
    return 60 + sum(len(one["text"]) for one in texts)
