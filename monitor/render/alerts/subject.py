"""The one line that says it all: what happened, to which trial, before → after."""

from collections import Counter
from collections.abc import Iterable, Sequence

from monitor.model import fields
from monitor.model.alerts import Alert, Letter, TrialFacts
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.render.alerts.sites import (
    are_countries,
    countries_headline,
    folded,
    is_list_of_sites,
    sites_headline,
)
from monitor.render.alerts.words import clean, phase_words
from monitor.render.events import is_long_text
from monitor.render.values import ARROW, counted, status_words, unescaped, worded

LONGEST = 200
_LONGEST_PHRASE = 150
_OVERALL_STATUS = fields.dotted(fields.OVERALL_STATUS)


def subject(letter: Letter) -> str:
    """Return a letter's subject: one line of at most 200 letters, steering nothing.

    One change: ``NCT06733935: enrollment target 144 → 240 (+67 %)``. Several of one version: the
    most severe, and how many more. A digest or group of several: counts.
    """
    said = _said(letter)
    if letter.part is None:
        return clean(said, longest=LONGEST)
    number, of = letter.part
    part = f" (part {number} of {of})"
    return clean(said, longest=LONGEST - len(part)) + part


def _said(letter: Letter) -> str:
    count = sum(len(folded(alert.events)) for alert in letter.alerts)
    if count == 0:
        return _nothing(letter)
    if not letter.is_gathered or count == 1:
        alert = max(letter.alerts, key=lambda one: _weight(one.events))
        lead = folded(alert.events)[0]
        more = f" + {count - 1} more" if count > 1 else ""
        return f"{alert.trial.nct_id}: {phrase(lead, alert.trial)}{more}"
    return _counts(letter.alerts, count)


def phrase(change: Sequence[ChangeEvent], trial: TrialFacts) -> str:
    """Say in a few words what happened to a trial: ``enrollment target 144 → 240 (+67 %)``.

    A change is an event, or several that are told as one (``folded``).
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
        return clean(f"{_lowered(event.label)} edited", longest=_LONGEST_PHRASE)
    label, said = f"{event.label}: ", unescaped(event.summary)
    status = worded(event.before) + ARROW + worded(event.after)
    if event.path == _OVERALL_STATUS and said.startswith(label + status):
        return clean(status, longest=_LONGEST_PHRASE)
    if said.startswith(label):
        said = f"{event.label} {said[len(label) :]}"
    return clean(_lowered(said), longest=_LONGEST_PHRASE)


def tally(changes: Iterable[Sequence[ChangeEvent]], highest: int | None = None) -> str:
    """Write how many changes there are of each severity, or of the highest ones: ``1 critical``."""
    counts = Counter(change[0].severity for change in changes)
    ranked = sorted(counts, key=lambda severity: -severity.rank)
    return ", ".join(f"{counts[severity]} {severity}" for severity in ranked[:highest])


def _counts(alerts: Sequence[Alert], count: int) -> str:
    ids = {alert.trial.nct_id for alert in alerts}
    where = counted(len(ids), "trial") if len(ids) > 1 else next(iter(ids))
    changes = [events for alert in alerts for events in folded(alert.events)]
    return f"{counted(count, 'change')} in {where}: {tally(changes, highest=2)}"


def _nothing(letter: Letter) -> str:
    ids = sorted({alert.trial.nct_id for alert in letter.alerts})
    return f"{ids[0]}: no news" if len(ids) == 1 else "No changes in the trials you follow"


def _weight(events: Sequence[ChangeEvent]) -> int:
    return max((event.severity.rank for event in events), default=Severity.NOISE.rank - 1)


def _lowered(text: str) -> str:
    """Begin with a small letter, unless the first word is an abbreviation or a name's."""
    word = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if word[1:] == word[1:].lower() else text
