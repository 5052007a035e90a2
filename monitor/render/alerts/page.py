"""What a message says, decided once for text, HTML and Slack; nothing of how it looks.

Every text in a page is clean: on one line, steering nothing, cut where it is too long. It is
not escaped for any format; that is the work of each format's writer.
"""

from dataclasses import dataclass, field

from monitor.model.changes import Severity
from monitor.render.lines import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address that is the monitor's own choice, never the registry's text."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBlock:
    """One change: ``label`` + ``joint`` + ``headline`` is the sentence.

    ``joint`` "": the headline is a sentence without a label. ``behind``: the lines under it.
    """

    severity: Severity
    label: str
    joint: str
    headline: Line
    behind: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionBlock:
    """One version: what is known of its time, its changes, how many more are not shown.

    ``rendered``: what the built-in templates made of it, by their names.
    """

    number: int
    sighting: str
    events: tuple[EventBlock, ...]
    more: int = 0
    link: Link | None = None
    # Here, since a version is shared by the pages of all its subscribers.
    rendered: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefTrial:
    """A trial in a line: which it is, and its most severe change.

    ``link``: to the change, by the NCT ID. ``heading``: as of ``TrialBlock``.
    """

    link: Link
    name: str
    sponsor: str
    severity: Severity
    headline: str
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBlock:
    """One trial with its versions, oldest first, where to read on, and why it is sent.

    ``brief``: the same in a line, where there is no room for more. ``heading``: of a digest or
    group, what this trial and those behind it stand under; "" where that has been said.
    """

    nct_id: str
    title: str
    status: str
    sponsor: str
    phase: str
    severity: Severity
    brief: BriefTrial
    versions: tuple[VersionBlock, ...]
    links: tuple[Link, ...]
    reasons: tuple[str, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """A whole message, trials with the most severe changes first.

    ``preheader``: what a mailbox shows beside the subject. ``counts`` and ``window``: of a
    digest or group, else None. ``brief``: trials shown in a line each. ``more``: how many have no
    line. ``all``: where all trials can be read; without such a page ``others`` are the first of
    those without a line, by NCT ID. ``reasons``: why a digest without trials is
    sent, or why it has those that are not in ``trials``.
    """

    subject: str
    preheader: str
    severity: Severity
    counts: str | None = None
    window: str | None = None
    trials: tuple[TrialBlock, ...] = ()
    brief: tuple[BriefTrial, ...] = ()
    more: int = 0
    others: tuple[Link, ...] = ()
    all: Link | None = None
    reasons: tuple[str, ...] = ()
    recipient: str
    delivery: str
    unsubscribe: Link | None = None
    own: tuple[Link, ...] = ()
