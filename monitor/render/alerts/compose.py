"""From a letter to its page: which trials come first, and how much of each is told."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import is_

from monitor.model.alerts import Alert, Letter, TrialFacts
from monitor.model.changes import Severity
from monitor.render.alerts.blocks import Shared, measured_version
from monitor.render.alerts.links import record_url, trial_links
from monitor.render.alerts.page import (
    BriefTrial,
    EventBlock,
    Link,
    Page,
    TrialBlock,
    VersionBlock,
)
from monitor.render.alerts.sites import folded
from monitor.render.alerts.subject import phrase, subject, tally
from monitor.render.alerts.words import clean, phase_words
from monitor.render.values import counted, moment, status_words, unescaped

_BRIEF_TRIALS = 40
_NAMED_TRIALS = 600
_REASONS = 5
_PREHEADER = 140
# Bytes of mail that changes may take: Gmail cuts a mail off at 102 KB.
_ROOM = 60_000
_TRIAL_BYTES = 4_000
_ID_BYTES = 80


@dataclass(slots=True)
class _Room:
    """How many bytes of mail are left."""

    left: int = _ROOM

    def has(self, needed: int) -> bool:
        """Take that many bytes; False, and nothing taken, where they are not there."""
        if needed > self.left:
            return False
        self.left -= needed
        return True


def compose(letter: Letter, shared: Shared | None = None) -> Page:
    """Return what a letter says; ``shared``: what letters before it have been made of."""
    shared = shared or Shared()
    groups = _by_trial(letter.alerts)
    named = min(max(0, len(groups) - _BRIEF_TRIALS), _NAMED_TRIALS)
    room = _Room(_ROOM - _ID_BYTES * named)
    trials: list[TrialBlock] = []
    for alerts in groups:
        if trials and not room.has(_TRIAL_BYTES):
            break
        trials.append(_trial(alerts, letter.public_url, room, shared))
    rest = groups[len(trials) :]
    unsubscribe = letter.unsubscribe_url
    return Page(
        subject=subject(letter),
        preheader=_preheader(groups),
        severity=letter.severity,
        counts=_counts(letter, groups),
        window=_window(letter),
        trials=tuple(trials),
        brief=tuple(_brief(alerts) for alerts in rest[:_BRIEF_TRIALS]),
        more=len(rest[_BRIEF_TRIALS:]),
        others=tuple(_id(alerts) for alerts in rest[_BRIEF_TRIALS:][:_NAMED_TRIALS]),
        reasons=tuple(_other_reasons(letter, trials, rest)),
        recipient=clean(letter.subscriber),
        delivery=clean(letter.uid),
        unsubscribe=Link(text="Unsubscribe", url=unsubscribe) if unsubscribe else None,
    )


def _by_trial(alerts: Iterable[Alert]) -> list[list[Alert]]:
    """Group the alerts by trial, versions in order; trials by what weighs most, then by ID."""
    groups: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda one: one.number):
        groups.setdefault(alert.trial.nct_id, []).append(alert)

    def rank(group: list[Alert]) -> tuple[list[int], str]:
        ranks = sorted(-e.severity.rank for alert in group for e in alert.events)
        return ranks or [1], group[0].trial.nct_id

    return sorted(groups.values(), key=rank)


def _other_reasons(
    letter: Letter, trials: Iterable[TrialBlock], rest: Iterable[Sequence[Alert]]
) -> Iterator[str]:
    """Yield why an empty digest is sent, or why trials come that are told in a line or an ID.

    What stands with a trial that is told in full is not said again.
    """
    found = list(map(_reason_of_empty, letter.asked_for))
    told = {reason for trial in trials for reason in trial.reasons}
    of_rest = (reason for alerts in rest for alert in alerts for reason in alert.reasons)
    found += [one for one in dict.fromkeys(map(_reason, of_rest)) if one not in told]
    yield from found[:_REASONS]
    if len(found) > _REASONS:
        yield counted(len(found) - _REASONS, "more reason")


def _reason(reason: str) -> str:
    return clean(reason, longest=300)


def _reason_of_empty(name: str) -> str:
    return clean(
        f"your subscription “{name}”: it asks for digests without changes too", longest=300
    )


def _trial(
    alerts: Sequence[Alert], public_url: str | None, room: _Room, shared: Shared
) -> TrialBlock:
    facts = alerts[-1].trial
    reasons = dict.fromkeys(reason for alert in alerts for reason in alert.reasons)
    return TrialBlock(
        nct_id=clean(facts.nct_id),
        title=clean(unescaped(facts.title), longest=300) if facts.title else "(no title stated)",
        status=_status(facts),
        sponsor=clean(unescaped(facts.sponsor), longest=120)
        if facts.sponsor
        else "no sponsor stated",
        phase=phase_words(facts.phases),
        severity=_worst(alerts),
        brief=_brief(alerts).said,
        versions=tuple(_version(alert, public_url, room, shared) for alert in alerts),
        links=trial_links(facts.nct_id),
        reasons=tuple(map(_reason, list(reasons)[:_REASONS])),
    )


def _status(facts: TrialFacts) -> str:
    """Say how the trial stands; where the version has been followed by others, how it stood."""
    then, now = status_words(facts.overall_status), status_words(facts.status_now)
    if facts.status_now is None or now == then:
        return clean(then, longest=60)
    return f"{clean(then, longest=60)} in that version, now {clean(now, longest=60)}"


def _version(alert: Alert, public_url: str | None, room: _Room, shared: Shared) -> VersionBlock:
    """Return a version with the changes that there is room for; its first has it always."""
    whole = shared.of(alert, "version", lambda one: measured_version(one, public_url))
    found: list[EventBlock] = []
    for event, (said, behind) in zip(whole.block.events, whole.sizes, strict=True):
        if found and not room.has(said):
            break
        found.append(event if room.has(behind) else replace(event, behind=()))
    if len(found) == len(whole.block.events) and all(map(is_, found, whole.block.events)):
        return whole.block
    more = whole.block.more + len(whole.block.events) - len(found)
    return replace(whole.block, events=tuple(found), more=more)


def _brief(alerts: Sequence[Alert]) -> BriefTrial:
    changes = [(events, alert.trial) for alert in alerts for events in folded(alert.events)]
    if not changes:
        return BriefTrial(link=_id(alerts), said="no news")
    lead, trial = max(changes, key=lambda found: found[0][0].severity.rank)
    more = f" + {len(changes) - 1} more" if len(changes) > 1 else ""
    return BriefTrial(link=_id(alerts), said=phrase(lead, trial) + more)


def _id(alerts: Sequence[Alert]) -> Link:
    nct_id = clean(alerts[0].trial.nct_id)
    return Link(text=nct_id, url=record_url(nct_id))


def _worst(alerts: Iterable[Alert]) -> Severity:
    found = (event.severity for alert in alerts for event in alert.events)
    return max(found, key=lambda severity: severity.rank, default=Severity.NOISE)


def _preheader(groups: Sequence[Sequence[Alert]]) -> str:
    """Say what the subject leaves out: of one trial its title, of several what leads each."""
    if not groups:
        return "Nothing that you asked for has changed."
    if len(groups) == 1:
        alert = groups[0][-1]
        others = "; ".join(phrase(one, alert.trial) for one in folded(alert.events)[1:3])
        title = clean(unescaped(alert.trial.title or ""))
        return clean("; ".join(filter(None, [others, title])), longest=_PREHEADER)
    told = "; ".join(f"{_brief(group).link.text}: {_brief(group).said}" for group in groups[:3])
    return clean(told, longest=_PREHEADER)


def _counts(letter: Letter, groups: Sequence[Sequence[Alert]]) -> str | None:
    if not letter.is_gathered:
        return None
    changes = [events for alert in letter.alerts for events in folded(alert.events)]
    if not changes:
        return "No changes"
    return f"{counted(len(changes), 'change')} in {counted(len(groups), 'trial')}: {tally(changes)}"


def _window(letter: Letter) -> str | None:
    if letter.group_until is not None:
        came = f"{moment(letter.group_until)} UTC"
        return f"Seen by {came}: so many at once that they come in one message"
    if letter.digest is None:
        return None
    until = f"{moment(letter.digest.until)} UTC"
    if letter.digest.since is None:
        return f"Seen by {until}"
    return f"Seen from {moment(letter.digest.since)} to {until}"
