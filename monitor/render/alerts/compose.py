"""From a notification to its page: which trials come first, and how much of each is shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import is_

from monitor.model.alerts import Alert, Notification, TrialFacts
from monitor.render.alerts.blocks import Shared, measured_version
from monitor.render.alerts.links import trial_links
from monitor.render.alerts.page import (
    BriefTrial,
    EventBlock,
    Link,
    MessagePage,
    TrialBlock,
    VersionBlock,
)
from monitor.render.alerts.reasons import first_reasons, why, why_empty
from monitor.render.alerts.registry_text import clean
from monitor.render.alerts.subject import phrase, subject, tally
from monitor.render.alerts.trials import TrialLine, brief, brief_bytes, headings, trials_of
from monitor.render.code_words import phase_words, status_words
from monitor.render.values import count_text, moment, unescape

_NAMED_TRIALS = 600
_PREHEADER = 140
_LONGEST_STATUS = 80
# Bytes of mail that trials may take: Gmail cuts a mail off at 102 KB. Of them the lines of those
# that are not shown in full get what they need, up to a limit, and the IDs of those without a line.
_ROOM = 86_000
_LINES_ROOM = 66_000
_TRIAL_BYTES = 4_000
_ID_BYTES = 80


@dataclass(slots=True)
class _Room:
    """How many bytes of mail are left."""

    left: int

    def has(self, needed: int) -> bool:
        """Take that many bytes; False, and nothing taken, where they are not there."""
        if needed > self.left:
            return False
        self.left -= needed
        return True


def compose(notification: Notification, shared: Shared | None = None) -> MessagePage:
    """Return what a notification says; ``shared``: what others before it were made of."""
    shared = shared or Shared()
    trials = trials_of(notification.alerts)
    # A single alert needs no heading: its subject is one.
    heads = headings(trials) if notification.is_gathered else [""] * len(trials)
    lines = [
        brief(one, notification.public_url, head) for one, head in zip(trials, heads, strict=True)
    ]
    whole, listed = _select_trials(notification, trials, lines, shared)
    rest = trials[len(whole) + listed :]
    unsubscribe = notification.unsubscribe_url
    return MessagePage(
        subject=subject(notification),
        preheader=_preheader(notification, trials, lines),
        severity=notification.severity,
        counts=_counts(notification, trials),
        window=_window(notification),
        trials=tuple(whole),
        brief=tuple(lines[len(whole) : len(whole) + listed]),
        more=len(rest),
        # With a page to read on, a list of hundreds of IDs tells nobody anything.
        others=() if notification.message_url else tuple(line.link for line in _named(lines, rest)),
        all=_all(notification, trials),
        reasons=tuple(_other_reasons(notification, whole, trials[len(whole) :])),
        recipient=clean(notification.subscriber),
        delivery=clean(notification.uid),
        unsubscribe=Link(text="Unsubscribe", url=unsubscribe) if unsubscribe else None,
        own=tuple(_own(notification)),
    )


def _own(notification: Notification) -> Iterator[Link]:
    """Yield the links to pages about the message and its reader."""
    if notification.why_url:
        yield Link(text="Why you get this", url=notification.why_url)
    if notification.manage_url:
        yield Link(text="Manage your subscriptions", url=notification.manage_url)


def _select_trials(
    notification: Notification,
    trials: Sequence[TrialLine],
    lines: Sequence[BriefTrial],
    shared: Shared,
) -> tuple[list[TrialBlock], int]:
    """Return the trials that there is room for in full, and how many more have a line."""
    sizes = list(map(brief_bytes, lines))
    room = _Room(_ROOM)
    lines_room = min(sum(sizes), _LINES_ROOM)
    if sum(sizes) > _LINES_ROOM and not notification.message_url:
        ids = _ID_BYTES * min(len(trials), _NAMED_TRIALS)
        room.left -= ids
        lines_room = min(lines_room, room.left - 2 * _TRIAL_BYTES)
    room.left -= lines_room
    whole: list[TrialBlock] = []
    for trial, line in zip(trials, lines, strict=True):
        # The first trial always, however large: a message without any would be none.
        if whole and not room.has(_TRIAL_BYTES):
            break
        whole.append(_trial(trial, line, notification.public_url, room, shared))
    # What was kept for the lines of trials that are shown in full is theirs no more.
    room.left += lines_room
    listed = 0
    for size in sizes[len(whole) :]:
        if not room.has(size):
            break
        listed += 1
    return whole, listed


def _named(lines: Sequence[BriefTrial], rest: Sequence[TrialLine]) -> Sequence[BriefTrial]:
    return lines[len(lines) - len(rest) :][:_NAMED_TRIALS]


def _all(notification: Notification, trials: Sequence[TrialLine]) -> Link | None:
    """Return the link to all of a notification, where it has several trials and there are pages."""
    if notification.message_url is None or len(trials) <= 1:
        return None
    return Link(text=f"See all {len(trials)} trials", url=notification.message_url)


def _other_reasons(
    notification: Notification, whole: Iterable[TrialBlock], rest: Iterable[TrialLine]
) -> Iterator[str]:
    """Yield why an empty digest is sent, or why trials come that are shown in a line or less.

    What stands with a trial that is shown in full is not said again.
    """
    found = list(map(why_empty, notification.empty_digest_of))
    known = {reason for trial in whole for reason in trial.reasons}
    of_rest = (reason for one in rest for alert in one.alerts for reason in alert.reasons)
    yield from first_reasons(
        [*found, *(one for one in map(why, dict.fromkeys(of_rest)) if one not in known)]
    )


def _trial(
    trial: TrialLine, line: BriefTrial, public_url: str | None, room: _Room, shared: Shared
) -> TrialBlock:
    facts = trial.facts
    reasons = dict.fromkeys(reason for alert in trial.alerts for reason in alert.reasons)
    return TrialBlock(
        nct_id=clean(facts.nct_id),
        title=clean(unescape(facts.title), longest=300) if facts.title else "(no title stated)",
        status=_status(facts),
        sponsor=clean(unescape(facts.sponsor), longest=120)
        if facts.sponsor
        else "no sponsor stated",
        phase=phase_words(facts.phases),
        severity=trial.severity,
        brief=line,
        versions=tuple(_version(alert, public_url, room, shared) for alert in trial.alerts),
        links=trial_links(facts.nct_id),
        reasons=tuple(first_reasons(map(why, reasons))),
        heading=line.heading,
    )


def _status(facts: TrialFacts) -> str:
    """Say how the trial stands; where the version has been followed by others, how it stood."""
    then, now = (
        clean(status_words(one), longest=_LONGEST_STATUS)
        for one in (facts.overall_status, facts.status_now)
    )
    if facts.status_now is None or now == then:
        return then
    return f"{then} in that version, now {now}"


def _version(alert: Alert, public_url: str | None, room: _Room, shared: Shared) -> VersionBlock:
    """Return a version with the changes that there is room for; its first has it always."""
    whole = shared.of(alert, "version", lambda one: measured_version(one, public_url))
    found: list[EventBlock] = []
    for event, (headline, behind) in zip(whole.block.events, whole.sizes, strict=True):
        if found and not room.has(headline):
            break
        found.append(event if room.has(behind) else replace(event, behind=()))
    if len(found) == len(whole.block.events) and all(map(is_, found, whole.block.events)):
        return whole.block
    more = whole.block.more + len(whole.block.events) - len(found)
    return replace(whole.block, events=tuple(found), more=more)


def _preheader(
    notification: Notification, trials: Sequence[TrialLine], lines: Sequence[BriefTrial]
) -> str:
    """Say what the subject leaves out: of one trial its title, of several what leads each."""
    if not trials:
        return "Nothing that you asked for has changed."
    if len(trials) > 1:
        leads = "; ".join(f"{line.name}: {line.headline}" for line in lines[:3])
        return clean(leads, longest=_PREHEADER)
    facts = trials[0].facts
    title = clean(unescape(facts.title or ""))
    headline = [phrase(one, facts) for one in trials[0].changes[:3]]
    # Beside the subject a mailbox would show the same words twice.
    if headline and headline[0].lower() in subject(notification).lower():
        del headline[0]
    return clean("; ".join(filter(None, [*headline, title])), longest=_PREHEADER)


def _counts(notification: Notification, trials: Sequence[TrialLine]) -> str | None:
    if not notification.is_gathered:
        return None
    changes = [change for trial in trials for change in trial.changes]
    if not changes:
        return "No changes"
    counts = f"{count_text(len(changes), 'change')} in {count_text(len(trials), 'trial')}"
    return f"{counts}: {tally(changes)}"


def _window(notification: Notification) -> str | None:
    if notification.group_until is not None:
        until = f"{moment(notification.group_until)} UTC"
        return f"Changes up to {until}, which came at once and so in one message"
    if notification.digest is None:
        return None
    until = f"{moment(notification.digest.until)} UTC"
    if notification.digest.since is None:
        return f"Changes up to {until}"
    return f"Changes from {moment(notification.digest.since)} to {until}"
