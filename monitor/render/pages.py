"""The pages that messages lead to: all that changed in a version, and the way to unsubscribe.

They load nothing and run nothing. Every word in them is escaped.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from monitor.model.alerts import Alert
from monitor.model.sanitize import sanitize
from monitor.model.selection import SelectedVersion
from monitor.render.alerts.links import history_url, record_url, version_url
from monitor.render.alerts.trials import TrialLine, headings, trials_of
from monitor.render.events import BRIEF, FULL, event_lines
from monitor.render.history import sighting
from monitor.render.lines import Line, Span
from monitor.render.statuses import status_words
from monitor.render.values import count_text, unescape

_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;"
    "max-width:50rem;padding:1rem;overflow-wrap:anywhere}h1{font-size:1.25rem}"
    "p{margin:.3rem 0}del{text-decoration:line-through}ins{font-weight:600;text-decoration:none}"
    "button{font:inherit;padding:.5rem 1rem}"
)
_SEVERITIES = ("critical", "high", "medium", "low")
_MARKS = {"removed": "del", "added": "ins", **dict.fromkeys(("title", *_SEVERITIES), "strong")}
_HEADLINE_INDENT = 2  # what lies behind an event is indented further


def changes_page(nct_id: str, title: str, entry: SelectedVersion) -> str:
    """Return the page of one version with all its events, in full."""
    head = f"{nct_id}: version {entry.number}"
    links = [("Record at ClinicalTrials.gov", record_url(nct_id)),
             ("History of the record", history_url(nct_id))]  # fmt: skip
    body = [
        f"<h1>{_clean(title)}</h1>",
        f"<p>{_clean(head)}</p><p>{_clean(sighting(entry))}</p>",
        "<p>" + " · ".join(f'<a href="{url}">{text}</a>' for text, url in links) + "</p>",
        *(_line(one) for event in entry.events for one in event_lines(event, FULL)),
        "<p>Nothing that is told changed.</p>" if not entry.events else "",
    ]
    return _page(head, body)


def message_page(alerts: Iterable[Alert], public_url: str) -> str:
    """Return the page of all trials that a message tells of, each with its changes."""
    trials = trials_of(alerts)
    head = f"Changes in {count_text(len(trials), 'trial')}"
    body = [f"<h1>{head}</h1>"]
    for trial, heading in zip(trials, headings(trials), strict=True):
        body += [f"<h2>{_clean(heading)}</h2>"] if heading else []
        body += _trial(trial, public_url)
    return _page(head, body)


def _trial(trial: TrialLine, public_url: str) -> Iterator[str]:
    """Yield a trial: which it is, and of each version what changed, with a link to all of it."""
    facts = trial.facts
    sponsor = facts.sponsor or "no sponsor stated"
    status = status_words(facts.overall_status)
    record = f'<a href="{record_url(facts.nct_id)}">{_clean(facts.nct_id)}</a>'
    yield f"<h3>{_clean(unescape(facts.title or '(no title stated)'))}</h3>"
    yield f"<p>{record} · {_clean(status)} · {_clean(unescape(sponsor))}</p>"
    for alert in trial.alerts:
        entry = SelectedVersion(number=alert.number, version=alert.version, previous=alert.previous)
        url = version_url(public_url, alert.version)
        yield from (_line(one) for event in alert.events for one in event_lines(event, BRIEF))
        yield f'<p>{_clean(sighting(entry))} · <a href="{url}">See all changes</a></p>'


def unsubscribing_page(subscriber: str, subscriptions: Sequence[str]) -> str:
    """Return the page that asks before it pauses subscriptions; without any, that says so."""
    if not subscriptions:
        return _page("Nothing to pause", ["<p>These subscriptions are paused already.</p>"])
    button = '<form method="post"><p><button type="submit">Pause them</button></p></form>'
    ask = f"<p>No more messages to {_clean(subscriber)} for:</p>"
    return _page("Unsubscribe", ["<h1>Unsubscribe</h1>", ask, _list(subscriptions), button])


def unsubscribed_page(subscriber: str, subscriptions: Sequence[str]) -> str:
    """Return the page that says what was paused."""
    if not subscriptions:
        return unsubscribing_page(subscriber, subscriptions)
    back = "<p>Whoever runs the monitor can resume them.</p>"
    said = f"<p>No more messages go to {_clean(subscriber)} for:</p>"
    return _page("Paused", ["<h1>Paused</h1>", said, _list(subscriptions), back])


def _list(names: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_clean(name)}</li>' for name in names)}</ul>"


def _line(one: Line) -> str:
    style = "margin-top:1rem" if one.indent <= _HEADLINE_INDENT else "padding-left:1.5em"
    return f'<p style="{style}">{"".join(map(_span, one.spans))}</p>'


def _span(span: Span) -> str:
    mark = _MARKS.get(span.role)
    text = _clean(span.text)
    return f"<{mark}>{text}</{mark}>" if mark else text


def _clean(text: str) -> str:
    return escape(sanitize(text))


def _page(title: str, body: Iterable[str]) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{_clean(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(filter(None, body))
        + "\n</body></html>\n"
    )
