"""The one line that says it all: what happened, to which trial, before → after."""

from collections import Counter
from collections.abc import Iterable, Sequence

from monitor.model import fields
from monitor.model.alerts import Alert, Notification, TrialFacts
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.render.alerts.names import trial_name
from monitor.render.alerts.registry_text import clean, clip
from monitor.render.alerts.sites import (
    are_countries,
    countries_headline,
    fold_sites,
    is_list_of_sites,
    sites_headline,
)
from monitor.render.code_words import ARROW, phase_words, status_headline, status_words
from monitor.render.events import is_long_text
from monitor.render.values import count_text, marked_summary

LONGEST = 78
"""Characters of a subject: what mail programs show of one, and a line of a mail's head holds."""

# Longer than a subject: the same words lead a line of a digest.
_LONGEST_PHRASE = 150
_SHORTEST_NAME, _SHORTEST_ASIDE = 16, 8
_OVERALL_STATUS = fields.dotted(fields.OVERALL_STATUS)


def subject(notification: Notification) -> str:
    """Return a notification's subject: one line of at most 78 characters, steering nothing.

    What happened, to which trial: ``TERMINATED: BGB-A3055 ± tislelizumab (NCT05935098)``; of
    several changes the most severe, and how many more. Of several trials: counts.
    """
    part = " (part {} of {})".format(*notification.part) if notification.part else ""
    return _subject_text(notification, LONGEST - len(part)) + part


def _subject_text(notification: Notification, longest: int) -> str:
    count = sum(len(fold_sites(alert.events)) for alert in notification.alerts)
    ids = {alert.trial.nct_id for alert in notification.alerts}
    if count == 0 and len(ids) != 1:
        return "No changes in the trials you follow"
    if len(ids) > 1:
        return clean(_counts(notification.alerts, count), longest=longest)
    alert = max(notification.alerts, key=lambda one: _weight(one.events))
    if count == 0:
        return _about("No news", alert.trial, longest)
    more = f" + {count - 1} more" if count > 1 else ""
    return _about(event_words(fold_sites(alert.events)[0], alert.trial), alert.trial, longest, more)


def _about(words: str, trial: TrialFacts, longest: int, more: str = "") -> str:
    """Join what happened and the trial's name and ID; what is longer gives way to the others.

    The ID is whole; of the name at least the beginning is there.
    """
    end = f" ({clean(trial.nct_id)})"
    # ID and count first: they are what a reader finds the trial, and the rest, by.
    room = longest - len(end) - len(more) - len(": ")
    name = trial_name(trial)
    words = _shorten(words, room - min(len(name), _SHORTEST_NAME))
    if not name:
        return f"{words}{more}{end}"
    return f"{words}{more}: {trial_name(trial, room - len(words))}{end}"


def _shorten(words: str, longest: int) -> str:
    """Return what happened, cut in its brackets first: ``34 sites added (Spain 12, …)``."""
    if len(words) <= longest:
        return words
    head, bracket, aside = words.partition(" (")
    room = longest - len(f"{head} (, …)")
    if not bracket or len(head) > longest or room < _SHORTEST_ASIDE:
        return clip(head, longest)
    # Between names or words, never within one.
    cut = aside[:room].rpartition(", ")[0] or aside[:room].rpartition(" ")[0]
    return f"{head} ({cut}, …)" if ", " in aside[:room] else f"{head} ({cut}…)"


def event_words(change: Sequence[ChangeEvent], trial: TrialFacts) -> str:
    """Say what happened, so that a colon and a name can follow: ``TERMINATED``, ``First seen``.

    What is longer or of less weight stands at the end in brackets.
    """
    event = change[0]
    if event.kind is ChangeKind.TRIAL_REGISTERED:
        return f"First seen ({clean(status_words(trial.overall_status), longest=60)})"
    # "TERMINATED", not "overall status RECRUITING → TERMINATED": the first words are what is read.
    if event.path == _OVERALL_STATUS and isinstance(event.after, str):
        return clean(status_headline(event.after), longest=_LONGEST_PHRASE)
    words = phrase(change, trial)
    head, colon, rest = words.partition(": ")
    if colon:
        words = f"{head} {rest}" if ARROW in rest else f"{head} ({rest})"
    return words[:1].upper() + words[1:]


def phrase(change: Sequence[ChangeEvent], trial: TrialFacts) -> str:
    """Say in a few words what happened to a trial: ``enrollment target 144 → 240 (+67%)``.

    A change is an event, or several that are shown as one (``fold_sites``).
    """
    event = change[0]
    if are_countries(change):
        return clean(countries_headline(change), longest=_LONGEST_PHRASE)
    if event.kind is ChangeKind.TRIAL_REGISTERED:
        status = clean(status_words(trial.overall_status), longest=60)
        return f"first seen ({status}, {phase_words(trial.phases)})"
    if is_list_of_sites(event):
        return clean(sites_headline(event), longest=_LONGEST_PHRASE)
    if is_long_text(event):
        return clean(f"{_lower(event.label)} edited", longest=_LONGEST_PHRASE)
    label, words = f"{event.label}: ", _plain(event)
    if event.path == _OVERALL_STATUS and words.startswith(label) and ARROW in words:
        return clean(words.removeprefix(label), longest=_LONGEST_PHRASE)
    if words.startswith(label):
        words = f"{event.label} {words[len(label) :]}"
    return clean(_lower(words), longest=_LONGEST_PHRASE)


def _plain(event: ChangeEvent) -> str:
    """Return an event's summary, statuses in plain words."""
    spans = marked_summary(event.summary, event.before, event.after, "plain")
    return "".join(span.text for span in spans)


def tally(changes: Iterable[Sequence[ChangeEvent]], highest: int | None = None) -> str:
    """Write how many changes there are of each severity, or of the highest ones: ``1 critical``."""
    counts = Counter(change[0].severity for change in changes)
    ranked = sorted(counts, key=lambda severity: -severity.rank)
    return ", ".join(f"{counts[severity]} {severity}" for severity in ranked[:highest])


def _counts(alerts: Sequence[Alert], count: int) -> str:
    where = count_text(len({alert.trial.nct_id for alert in alerts}), "trial")
    changes = [events for alert in alerts for events in fold_sites(alert.events)]
    return f"{count_text(count, 'change')} in {where}: {tally(changes, highest=2)}"


def _weight(events: Sequence[ChangeEvent]) -> int:
    return max((event.severity.rank for event in events), default=Severity.NOISE.rank - 1)


def _lower(text: str) -> str:
    """Begin in lower case, unless the first word is an abbreviation or a name's."""
    word = text.split(" ", 1)[0]
    # "FDAAA 801 violation" must not become "fDAAA 801 violation".
    return text[:1].lower() + text[1:] if word[1:] == word[1:].lower() else text
