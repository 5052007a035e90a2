"""The pages behind a message's links: registry text and people's words are shown, never obeyed."""

import re
from html.parser import HTMLParser

from monitor.model.history import StoredEvent
from monitor.model.selection import EventSelection, select_versions
from monitor.render.pages import changes_page, unsubscribed_page, unsubscribing_page
from tests.detect import examples
from tests.render.alerts import letters
from tests.render.alerts.test_hostile import ALL, HOSTILE, leaves, poisoned

TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "p", "strong", "ins", "del", "a",
    "ul", "li", "form", "button",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "style", "href", "method", "type",
}  # fmt: skip
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Parts(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def assert_only_shown(html: str) -> None:
    parts = Parts(html)
    assert parts.tags <= TAGS
    assert parts.attributes <= ATTRIBUTES
    assert not _STEERING.search(html)


def test_hostile_records_are_only_shown() -> None:
    old, new = examples.study(), examples.updated(letters.eventful())
    ways = [way for way in leaves(new) if way[-1] not in {"nctId", "date"}]
    versions = [letters.version(1), letters.version(2)]
    for text in (*HOSTILE, ALL):
        bad = poisoned(new, ways, text)
        _, events = examples.compared(examples.of(old), examples.of(bad))
        stored = [
            StoredEvent(
                id=n, version_id=2, nct_id=examples.NCT, position=n, backfilled=False, event=event
            )
            for n, event in enumerate(events)
        ]
        shown = select_versions(versions, {2: stored}, EventSelection(noise=True))[1]
        html = changes_page(examples.NCT, text, shown)
        assert_only_shown(html)
        assert html.count("<p ") >= len(events)


def test_hostile_names_of_people_are_only_shown() -> None:
    for text in (*HOSTILE, ALL):
        assert_only_shown(unsubscribing_page(text, [text]))
        assert_only_shown(unsubscribed_page(text, [text]))


def test_a_version_without_events_says_so() -> None:
    shown = select_versions([letters.version(1)], {}, EventSelection(noise=True))[0]
    assert "Nothing that is told changed." in changes_page(examples.NCT, "Title", shown)
    assert "version 1" in changes_page(examples.NCT, "Title", shown)


def test_what_lies_behind_a_change_has_room_on_a_phone() -> None:
    old, new = examples.study(), examples.updated(letters.eventful())
    _, events = examples.compared(examples.of(old), examples.of(new))
    stored = [
        StoredEvent(
            id=n, version_id=2, nct_id=examples.NCT, position=n, backfilled=False, event=event
        )
        for n, event in enumerate(events)
    ]
    shown = select_versions(
        [letters.version(1), letters.version(2)], {2: stored}, EventSelection()
    )[1]
    html = changes_page(examples.NCT, "Title", shown)
    assert max(map(float, re.findall(r"padding-left:([\d.]+)em", html))) <= 2
    assert re.search(r"<strong>CRITICAL *</strong>Overall status", html)
    assert html.index("Record at ClinicalTrials.gov") < html.index("Overall status")
