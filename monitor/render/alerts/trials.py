"""The trials of a notification: their order, and each of them in a line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from monitor.model.alerts import Alert, TrialFacts
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.render.alerts.links import history_url, version_url
from monitor.render.alerts.names import trial_name
from monitor.render.alerts.page import BriefTrial, Link
from monitor.render.alerts.reasons import subscription_of
from monitor.render.alerts.registry_text import clean, clip
from monitor.render.alerts.sites import fold_sites
from monitor.render.alerts.subject import phrase
from monitor.render.values import unescape

_LONGEST_SPONSOR, _LONGEST_CHANGE, _LONGEST_HEADING = 60, 110, 60
_BRIEF_BYTES = 450  # of markup


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One trial in a notification: an alert for each version, in order."""

    alerts: tuple[Alert, ...]

    @property
    def facts(self) -> TrialFacts:
        """The trial's facts by the last of the versions."""
        return self.alerts[-1].trial

    @property
    def severity(self) -> Severity:
        """The highest of its changes."""
        found = (event.severity for alert in self.alerts for event in alert.events)
        return max(found, key=lambda severity: severity.rank, default=Severity.NOISE)

    @property
    def is_new(self) -> bool:
        """Whether nothing else is shown than that it was seen for the first time."""
        events = [event for alert in self.alerts for event in alert.events]
        return all(event.kind is ChangeKind.TRIAL_REGISTERED for event in events)

    @property
    def subscription(self) -> str:
        """The first of the subscriptions that want it."""
        reasons = (reason for alert in self.alerts for reason in alert.reasons)
        return min(map(subscription_of, reasons), default="")

    @property
    def changes(self) -> list[list[ChangeEvent]]:
        """What is shown, and counted, as one change each."""
        return [events for alert in self.alerts for events in fold_sites(alert.events)]

    def heading(self, *, named: bool) -> str:
        """Return what the trials are headed by that it stands among; ``named``: by subscription."""
        head = "New trials" if self.is_new else str(self.severity).capitalize()
        if not named or not self.subscription:
            return head
        return f"{head} · {clip(self.subscription, _LONGEST_HEADING)}"


def trials_of(alerts: Iterable[Alert]) -> list[TrialLine]:
    """Group the alerts by trial; return the trials by severity, then by subscription.

    Those that are new and have not changed come last; equal ones in the order of their IDs.
    """
    groups: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda one: one.number):
        groups.setdefault(alert.trial.nct_id, []).append(alert)

    def rank(trial: TrialLine) -> tuple[bool, int, str, list[int], str]:
        ranks = sorted(-e.severity.rank for alert in trial.alerts for e in alert.events)
        worst = -trial.severity.rank
        # New trials last: nothing has happened to them yet.
        return trial.is_new, worst, trial.subscription, ranks, trial.facts.nct_id

    return sorted((TrialLine(tuple(group)) for group in groups.values()), key=rank)


def headings(trials: Sequence[TrialLine]) -> list[str]:
    """Return each trial's heading; "" where it is that of the trial before it."""
    named = len({trial.subscription for trial in trials} - {""}) > 1
    found = [trial.heading(named=named) for trial in trials]
    return [now if now != before else "" for now, before in zip(found, ["", *found], strict=False)]


def brief(trial: TrialLine, public_url: str | None, heading: str = "") -> BriefTrial:
    """Return a trial in a line: its name, its sponsor and its most severe change."""
    facts = trial.facts
    nct_id = clean(facts.nct_id)
    alert = max(trial.alerts, key=_weight)
    url = version_url(public_url, alert.version) or history_url(facts.nct_id)
    changes = trial.changes
    headline = "no news"
    if changes:
        more = f" + {len(changes) - 1} more" if len(changes) > 1 else ""
        headline = clean(phrase(fold_sites(alert.events)[0], facts), longest=_LONGEST_CHANGE) + more
    return BriefTrial(
        link=Link(text=nct_id, url=url),
        name=trial_name(facts) or "no title stated",
        sponsor=clean(unescape(facts.sponsor or "no sponsor stated"), longest=_LONGEST_SPONSOR),
        severity=trial.severity,
        headline=headline,
        heading=heading,
    )


def brief_bytes(trial: BriefTrial) -> int:
    """Return about how many bytes of an HTML mail a line takes."""
    texts = (trial.link.url, trial.link.text, trial.name, trial.sponsor, trial.headline)
    heading = 200 if trial.heading else 0
    return _BRIEF_BYTES + heading + sum(len(escape(one).encode()) for one in texts)


def _weight(alert: Alert) -> int:
    return max((event.severity.rank for event in alert.events), default=-1)
