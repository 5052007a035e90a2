"""A page as the payload of a Slack webhook: Block Kit within its limits.

Limits: 50 blocks; 150 characters of a header, 3,000 of a section. All blocks together are refused
("msg_blocks_too_long") from some 13,000 characters on, which Slack does not document
(github.com/slackapi/bolt-js/issues/2509); so blocks stay within 11,000,
and within 13,000 as JSON.

Every trial is shown in the best form that there is room for: with its changes, in a line, by its
NCT ID; only then in a number. Each form leaves room to the ones behind it: five sixths of it to
lines, so that few trials with their changes do not take the place of many, and half to NCT IDs.
"""

from collections.abc import Iterable, Iterator, Sequence

from monitor.render.alerts.mrkdwn import (
    LONGEST_SECTION,
    SlackBlock,
    anchor,
    character_count,
    context,
    escape,
    header,
    mrkdwn,
    section,
)
from monitor.render.alerts.page import (
    BriefTrial,
    EventBlock,
    Link,
    MessagePage,
    TrialBlock,
    VersionBlock,
)
from monitor.render.alerts.reasons import first_reasons
from monitor.render.values import count_text

MOST_BLOCKS = 50
_CHARACTERS = 11_000
_NO_LIMIT = 10**9
# Kept free for what frames the trials that are not shown with their changes, and of one trial for
# what says how many of its changes are not shown.
_REST_BLOCKS, _REST_CHARACTERS = 8, 800
_CUT_BLOCKS, _CUT_CHARACTERS = 5, 800
_LINES_SHARE, _IDS_SHARE = 5 / 6, 1 / 2
_SIGNS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "🔵", "noise": "⚪"}


def slack_payload(page: MessagePage) -> SlackBlock:
    """Return ``text`` (what notifications show) and ``blocks``."""
    blocks = [header(page.subject)]
    if page.counts:
        blocks.append(section(f"*{escape(page.counts)}*\n{escape(page.window or '')}"))
    last = _last_block(page)
    room = _CHARACTERS - sum(map(character_count, [*blocks, last]))
    shown = _trials(page, MOST_BLOCKS - len(blocks) - 1, room)
    return {"text": escape(page.subject), "blocks": [*blocks, *shown, last]}


def _trials(page: MessagePage, most: int, room: int) -> Iterator[SlackBlock]:
    """Yield the first trials with their changes, the next in a line each, the rest by ID."""
    briefs = [*(trial.brief for trial in page.trials), *page.brief]
    lines = list(map(_brief, briefs))
    links = [brief.link for brief in briefs]
    # A link alone takes 70 characters: of a hundred trials some would not even be named.
    ids = [] if page.all else [escape(link.text) for link in (*links, *page.others)]
    # A single trial needs no room for others.
    if len(lines) > 1:
        most, room = most - _REST_BLOCKS, room - _REST_CHARACTERS
    full = [_trial(trial) for trial in page.trials]
    sizes = list(map(_size, full))
    behind = _lengths([*lines, *ids[len(lines) :]])
    shown = min(_first(sizes, behind, room, _LINES_SHARE), _first(list(map(len, full)), [], most))
    why = [_reasons(page, max(1, count)) for count in range(len(full) + 1)]
    # Trials with fewer changes shown leave more reasons to be given, which take room as well.
    while shown and shown != _first(sizes[:shown], behind, room - _size(why[shown]), _LINES_SHARE):
        shown -= 1  # the notes behind it need room, too
    if full and not shown:
        left = room - _size(why[0])
        full[0] = _trial(page.trials[0], most, left - _reserve(behind[1:], left, _LINES_SHARE))
        shown = 1
    blocks = [block for found in full[:shown] for block in found]
    room -= _size(blocks) + _size(why[shown])
    listed = _first(_lengths(lines[shown:]), _lengths(ids[shown:]), room, _IDS_SHARE) + shown
    room -= sum(_lengths(lines[shown:listed]))
    left = len(lines) - listed + page.more
    yield from blocks
    yield from map(section, _fill_sections(lines[shown:listed], "\n"))
    yield from map(section, _fill_sections(_named(page, left, ids[listed:], room), " "))
    yield from why[shown]


def _reasons(page: MessagePage, shown: int) -> list[SlackBlock]:
    """Return why those trials come that have no room for their changes here, but have in a mail.

    What stands with the trials that are shown with their changes is not said again.
    """
    headline = {
        *page.reasons,
        *(reason for trial in page.trials[:shown] for reason in trial.reasons),
    }
    behind = (reason for trial in page.trials[shown:] for reason in trial.reasons)
    found = list(first_reasons(one for one in behind if one not in headline))
    return [context("\n".join(map(escape, found)))] if found else []


def _brief(shown: BriefTrial) -> str:
    """Write a trial in a line, which leads to the change."""
    head = f"*{escape(shown.heading)}*\n" if shown.heading else ""
    what = f"{_SIGNS[shown.severity]} *{escape(shown.name)}* · {escape(shown.sponsor)}"
    return f"{head}{what} · {escape(shown.headline)} · {anchor(shown.link)}"


def _size(blocks: Iterable[SlackBlock]) -> int:
    return sum(map(character_count, blocks))


def _first(sizes: Sequence[int], behind: Sequence[int], room: int, share: float = 0) -> int:
    """Return how many fit, while the others keep room for their size in the form behind this.

    What they keep is at most that share of the room.
    """
    used = 0
    for at, size in enumerate(sizes):
        used += size
        if used + _reserve(behind[at + 1 :], room, share) > room:
            return at
    return len(sizes)


def _reserve(behind: Sequence[int], room: int, share: float) -> int:
    """Return how much of the room is kept for what is behind."""
    return min(sum(behind), int(room * share))


def _lengths(texts: Sequence[str]) -> list[int]:
    return [len(text) + 1 for text in texts]


def _named(page: MessagePage, left: int, ids: Sequence[str], room: int) -> Iterator[str]:
    """Yield how many more trials there are, and where they can be read; else their IDs."""
    if not left:
        return
    if page.all:
        yield f"… and {count_text(left, 'more trial')}: {anchor(page.all)}"
        return
    shown = _first(_lengths(ids), [], room)
    yield f"… and {count_text(left, 'more trial')}" + (":" if shown else "")
    yield from ids[:shown]
    if 0 < shown < left:
        yield f"and {left - shown} that there is no room for"


def _fill_sections(parts: Iterable[str], joint: str) -> Iterator[str]:
    """Yield the parts joined to texts that are as long as a section may be."""
    text = ""
    for part in parts:
        if text and len(text) + len(joint) + len(part) > LONGEST_SECTION:
            yield text
            text = ""
        text += joint * bool(text) + part
    if text:
        yield text


def _trial(trial: TrialBlock, most: int = _NO_LIMIT, room: int = _NO_LIMIT) -> list[SlackBlock]:
    """Return a trial's blocks: of its changes as many as there is room for, and how many more.

    Which trial it is, when it was seen, where to read on and why it is sent is always shown.
    """
    head, end = _head(trial), _end(trial)
    room -= character_count(head) + character_count(end) + _CUT_CHARACTERS
    most -= _CUT_BLOCKS
    shown: list[SlackBlock] = []
    for at, version in enumerate(trial.versions):
        found, whole = _version(
            version, trial, most - len(shown), room - sum(map(character_count, shown))
        )
        shown += found
        if not whole:
            shown += _later(trial.versions[at + 1 :], trial)
            break
    return [head, *shown, end]


def _head(trial: TrialBlock) -> SlackBlock:
    facts = " · ".join(escape(fact) for fact in (trial.status, trial.sponsor, trial.phase))
    title = Link(text=f"{trial.nct_id}  {trial.title}", url=trial.links[0].url)
    head = f"*{escape(trial.heading)}*\n" if trial.heading else ""
    return section(f"{head}*{anchor(title)}*\n{facts}")


def _end(trial: TrialBlock) -> SlackBlock:
    links = " · ".join(map(anchor, trial.links))
    return context("\n".join([links, *map(escape, trial.reasons)]))


def _version(
    version: VersionBlock, trial: TrialBlock, most: int, room: int
) -> tuple[list[SlackBlock], bool]:
    """Return a version's changes as far as there is room, and its sighting; whether all fit."""
    link = version.link or trial.links[1]
    seen = escape(version.sighting) + (f" · {anchor(link)}" if version.link else "")
    found = [section(_joined(_event(event), link)) for event in version.events]
    shown = min(_first(list(map(character_count, found)), [], room - len(seen)), max(0, most))
    left = version.more + len(found) - shown
    more = [section(f"… and {count_text(left, 'more change')}: {anchor(link)}")] if left else []
    return [*found[:shown], *more, context(seen)], shown == len(found)


def _later(versions: Sequence[VersionBlock], trial: TrialBlock) -> Iterator[SlackBlock]:
    """Say how many changes there are in versions that there is no room for."""
    if versions:
        left = sum(one.more + len(one.events) for one in versions)
        many = f"{count_text(left, 'more change')} in {count_text(len(versions), 'later version')}"
        yield section(f"… and {many}: {anchor(trial.links[1])}")


def _event(event: EventBlock) -> list[str]:
    sign = f"{_SIGNS[event.severity]} *{event.severity.upper()}*"
    label = f"{escape(event.label + event.joint)}" if event.joint else ""
    head = f"{sign}  {label}{mrkdwn(event.headline)}"
    return [head, *(f"      {mrkdwn(one)}" for one in event.behind)]


def _joined(lines: list[str], link: Link) -> str:
    """Join lines up to the limit of a section; say how many are left out, and where they are."""
    # For the line that says how many are left out, and its link.
    room = LONGEST_SECTION - 400
    for at, one in enumerate(lines):
        room -= len(one) + 1
        if room < 0:
            rest = f"… and {len(lines) - at} more: {anchor(link)}"
            return "\n".join([*lines[:at], rest])
    return "\n".join(lines)


def _last_block(page: MessagePage) -> SlackBlock:
    headline = f"Sent to {escape(page.recipient)}"
    if page.unsubscribe:
        headline += f" · {anchor(page.unsubscribe)}"
    return context("\n".join([*map(escape, page.reasons), headline]))
