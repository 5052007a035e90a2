"""A page as the payload of a Slack webhook: Block Kit within its limits.

Limits: 50 blocks; 150 letters of a header, 3,000 of a section. All blocks together are refused
("msg_blocks_too_long") from some 13,000 letters on, which Slack does not document
(github.com/slackapi/bolt-js/issues/2509); so blocks stay within 10,000.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from monitor.render.alerts.page import EventBlock, Link, Page, TrialBlock, VersionBlock
from monitor.render.alerts.words import clipped
from monitor.render.lines import Line, Role, Span

Block = dict[str, Any]

MOST_BLOCKS = 50
LONGEST_HEADER = 150
LONGEST_SECTION = 3000
_LETTERS = 10_000
_LAST_WORDS = 900  # kept free for what is left out, and for the last block
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack's marks cannot be escaped; look-alikes that mean nothing to it stand for them. Between
# two letters or digits they are no marks (Prot_000.pdf) and stay.
_LOOKALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}  # noqa: RUF001 - look-alikes on purpose
_MARK = re.compile(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`")
# What Slack would turn into a picture, and addresses, channels and people it would link.
_EMOJI = re.compile(r":(?=[A-Za-z0-9_+'-]+:)")
_MARKS: dict[Role, str] = {"label": "*", "title": "*", "added": "*", "removed": "~"}
_SIGNS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "🔵", "noise": "⚪"}


def slack_payload(page: Page) -> Block:
    """Return ``text`` (what notifications show) and ``blocks``."""
    blocks = [_header(page.subject)]
    if page.counts:
        blocks.append(_section(f"*{escaped(page.counts)}*\n{escaped(page.window or '')}"))
    last = _last_blocks(page)
    room = _LETTERS - _LAST_WORDS - sum(map(_letters, [*blocks, *last]))
    most = MOST_BLOCKS - len(blocks) - len(last) - 1
    told = 0
    for found in _trials(page):
        size = sum(map(_letters, found))
        if len(found) > most or size > room:
            break
        blocks.extend(found)
        room, most, told = room - size, most - len(found), told + 1
    if told == 0 and page.trials:
        # The first trial alone is too long: as much of it as there is room for.
        blocks.extend(_as_many(_trial(page.trials[0]), most, room, page.trials[0]))
        told = 1
    left = len(page.trials) + len(page.brief) + page.more - told
    if left > 0:
        blocks.append(_context(f"… and {left} more {'trial' if left == 1 else 'trials'}"))
    return {"text": escaped(page.subject), "blocks": [*blocks, *last]}


def escaped(text: str) -> str:
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
        text = _piece(span, marks.get(span.role))
        if parts and text[:1] in ("*", "~") and parts[-1][-1:] in ("*", "~"):
            parts.append(" ")
        parts.append(text)
    return "".join(parts).strip()


def _piece(span: Span, mark: str | None) -> str:
    inner = span.text.strip()
    if mark is None or not inner:
        return escaped(span.text)
    # A mark works only right beside a word: white space stays outside.
    start = span.text[: len(span.text) - len(span.text.lstrip())]
    end = span.text[len(span.text.rstrip()) :]
    return f"{start}{mark}{escaped(inner)}{mark}{end}"


def _trials(page: Page) -> Iterator[list[Block]]:
    for trial in page.trials:
        yield _trial(trial)
    for brief in page.brief:
        yield [_section(f"{_link(brief.link)}: {escaped(brief.said)}")]


def _trial(trial: TrialBlock) -> list[Block]:
    facts = " · ".join(escaped(fact) for fact in (trial.status, trial.sponsor, trial.phase))
    title = Link(text=f"{trial.nct_id}  {trial.title}", url=trial.links[0].url)
    blocks = [_section(f"*{_link(title)}*\n{facts}")]
    for version in trial.versions:
        blocks.extend(_version(version, trial))
    links = " · ".join(map(_link, trial.links))
    reasons = [f"Why you get this: {escaped(reason)}" for reason in trial.reasons]
    return [*blocks, _context("\n".join([links, *reasons]))]


def _version(version: VersionBlock, trial: TrialBlock) -> Iterator[Block]:
    for event in version.events:
        yield _section(_joined(_event(event), version.link or trial.links[1]))
    if version.more:
        yield _section(f"… and {version.more} more: {_link(version.link or trial.links[1])}")
    link = f" · {_link(version.link)}" if version.link else ""
    yield _context(escaped(version.sighting) + link)


def _event(event: EventBlock) -> list[str]:
    sign = f"{_SIGNS[event.severity]} *{event.severity.upper()}*"
    label = f"{escaped(event.label + event.joint)}" if event.joint else ""
    head = f"{sign}  {label}{mrkdwn(event.said)}"
    return [head, *(f"      {mrkdwn(one)}" for one in event.behind)]


def _joined(lines: list[str], link: Link) -> str:
    """Join lines up to the limit of a section; say how many are left out, and where they are."""
    room = LONGEST_SECTION - 400
    for at, one in enumerate(lines):
        room -= len(one) + 1
        if room < 0:
            rest = f"… and {len(lines) - at} more: {_link(link)}"
            return "\n".join([*lines[:at], rest])
    return "\n".join(lines)


def _as_many(blocks: list[Block], most: int, room: int, trial: TrialBlock) -> Iterator[Block]:
    """Yield the blocks that there is room for, then where the others are."""
    for at, block in enumerate(blocks):
        room -= _letters(block)
        if room < 0 or at >= most - 1:
            yield _context(f"… and {len(blocks) - at} more: {_link(trial.links[1])}")
            return
        yield block


def _last_blocks(page: Page) -> list[Block]:
    said = f"To {escaped(page.recipient)} · delivery {escaped(page.delivery)}"
    if page.unsubscribe:
        said += f" · {_link(page.unsubscribe)}"
    return [_context(said)]


def _header(text: str) -> Block:
    longest = LONGEST_HEADER
    while len(shown := clipped(text, longest).translate(_ESCAPES)) > LONGEST_HEADER:
        longest -= 1  # an escape is longer than what it stands for, and is never cut in two
    return {"type": "header", "text": {"type": "plain_text", "text": shown, "emoji": False}}


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_text(text)]}


def _text(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _link(link: Link) -> str:
    """Return a link; the address is the monitor's own and holds no mark of Slack's."""
    url = link.url.translate(_ESCAPES).replace("|", "%7C").replace("&gt;", "%3E")
    return f"<{url}|{escaped(link.text).replace('|', '∣')}>"  # noqa: RUF001 - ends no address


def _letters(block: Block) -> int:
    texts: Iterable[Block] = block.get("elements") or [block["text"]]
    return 60 + sum(len(one["text"]) for one in texts)
