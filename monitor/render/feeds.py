"""Feeds as Atom 1.0 (RFC 4287) and JSON Feed 1.1: the words and marks of mails in their entries."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

import orjson

from monitor.model.alerts import Alert, Notification
from monitor.model.bitemporal import known_since
from monitor.model.feeds import Feed, updated_at
from monitor.model.public_ids import version_urn
from monitor.render.alerts.compose import compose
from monitor.render.alerts.links import record_url, version_url
from monitor.render.alerts.registry_text import clean
from monitor.render.alerts.templates import environment

ATOM, JSON = "application/atom+xml", "application/feed+json"

LONGEST_BYTES = 2_000_000
"""Of a feed's entries together; older ones are left out beyond it. One is there always."""

_NAME = "Trial monitor"
_LONGEST_TITLE = 300
# What XML 1.0 cannot hold, however it is written (its production 2, Char).
_NO_CHARACTERS = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An entry in words; ``url``: of the version's changes, else of the registry's record."""

    urn: str
    url: str
    record_url: str
    title: str
    html: str
    learned_at: datetime
    tags: tuple[str, ...]


def atom(feed: Feed, self_url: str | None) -> bytes:
    """Return a feed as Atom; ``self_url``: where it was read, None where that is not known."""
    return "\n".join(
        ['<?xml version="1.0" encoding="utf-8"?>', *_atom(feed, self_url), ""]
    ).encode()


def json_feed(feed: Feed, self_url: str | None) -> bytes:
    """Return a feed as JSON Feed; ``self_url`` as of ``atom``."""
    found: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": clean(feed.title, longest=_LONGEST_TITLE),
        "language": "en",
        "authors": [{"name": _NAME}],
    }
    if self_url is not None:
        found["feed_url"] = self_url
    if (page := _page(feed)) is not None:
        found["home_page_url"] = page
    found["items"] = [
        {
            "id": one.urn,
            "url": one.url,
            "external_url": one.record_url,
            "title": one.title,
            "content_html": one.html,
            "date_published": one.learned_at.isoformat(),
            "tags": list(one.tags),
        }
        for one in _entries(feed)
    ]
    return orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE)


def _page(feed: Feed) -> str | None:
    is_there = feed.public_url is not None and feed.page is not None
    return f"{feed.public_url}{feed.page}" if is_there else None


# --- Atom ------------------------------------------------------------------------------------


def _atom(feed: Feed, self_url: str | None) -> Iterator[str]:
    entries = list(_entries(feed))
    yield '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
    yield _text("id", feed.urn)
    yield _text("title", clean(feed.title, longest=_LONGEST_TITLE))
    yield _text("updated", updated_at(feed.entries).isoformat())
    yield f"<author>{_text('name', _NAME)}</author>"
    yield _text("generator", _NAME)
    if self_url is not None:
        yield _link(rel="self", type=ATOM, href=self_url)
    if (page := _page(feed)) is not None:
        yield _link(rel="alternate", type="text/html", href=page)
    for one in entries:
        yield from _atom_entry(one)
    yield "</feed>"


def _atom_entry(one: _Entry) -> Iterator[str]:
    at = one.learned_at.isoformat()
    yield "<entry>"
    yield _text("id", one.urn)
    yield _text("title", one.title)
    yield _text("published", at)
    yield _text("updated", at)
    yield _link(rel="alternate", type="text/html", href=one.url)
    if one.record_url != one.url:
        yield _link(rel="related", type="text/html", href=one.record_url)
    for tag in one.tags:
        yield f"<category{_attributes({'term': tag})}/>"
    yield _text("content", one.html, type="html")
    yield "</entry>"


def _text(name: str, text: str, **attributes: str) -> str:
    return f"<{name}{_attributes(attributes)}>{_xml(text)}</{name}>"


def _link(**attributes: str) -> str:
    return f"<link{_attributes(attributes)}/>"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{_xml(value)}"' for name, value in values.items())


def _xml(text: str) -> str:
    """Return a text as XML has it, between elements and in attributes alike."""
    return escape(_NO_CHARACTERS.sub("\ufffd", text))


# --- entries ---------------------------------------------------------------------------------


def _entries(feed: Feed) -> Iterator[_Entry]:
    """Yield the entries that there is room for, each at least with its first change."""
    room = LONGEST_BYTES
    for number, alert in enumerate(feed.entries):
        entry = _entry(alert, feed.public_url)
        room -= len(entry.html.encode())
        if number and room < 0:
            return
        yield entry


def _entry(alert: Alert, public_url: str | None) -> _Entry:
    notification = Notification(uid="", subscriber="", alerts=(alert,), public_url=public_url)
    page = compose(notification)
    html = environment(None).get_template("feed_entry.html.j2").render(trial=page.trials[0])
    record = record_url(alert.version.nct_id)
    return _Entry(
        urn=version_urn(alert.version.nct_id, alert.version.identity),
        url=version_url(public_url, alert.version) or record,
        record_url=record,
        title=page.subject,
        html=html,
        learned_at=known_since(alert.version).astimezone(UTC),
        tags=tuple(_tags(alert)),
    )


def _tags(alert: Alert) -> Iterable[str]:
    """Return the trial's ID, the severities and the kinds of what changed, each once."""
    severities = (event.severity.value for event in alert.events)
    kinds = (event.kind.value for event in alert.events)
    return dict.fromkeys((alert.version.nct_id, *severities, *kinds))
