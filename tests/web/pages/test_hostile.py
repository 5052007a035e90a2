"""No word of a record, an address or a subscriber is more than a word: on no page."""

import random
import re
from collections.abc import Iterator

import pytest
from starlette.requests import Request

from monitor.web.pages import layout
from monitor.web.server import WebServer
from tests.cli.calls import Monitor
from tests.detect import examples
from tests.render.alerts import samples
from tests.render.alerts.test_hostile import ALL, HOSTILE, MARK, leaves, poisoned
from tests.web.pages.site import Got, PageParts, get, site_of
from tests.whole import as_whole

TAGS = {
    "html", "head", "meta", "title", "link", "body", "a", "header", "nav", "main", "footer",
    "h1", "h2", "h3", "p", "ul", "ol", "li", "dl", "dt", "dd", "div", "section", "span",
    "strong", "b", "small", "br", "del", "ins", "form", "label", "input", "select", "option",
    "button", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "figure",
    "figcaption", "svg", "desc", "path", "circle", "text",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "rel", "type", "href", "class", "id", "tabindex",
    "aria-label", "aria-labelledby", "aria-current", "aria-hidden", "role", "method", "action",
    "value", "for", "placeholder", "selected", "open", "scope", "data-side", "viewbox", "d",
    "x", "y", "cx", "cy", "r", "text-anchor", "title",
}  # fmt: skip
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
KEPT = {"nctId", "date", "statusVerifiedDate", "lastUpdateSubmitDate", "studyFirstSubmitDate"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Serve a store of trials, each with a hostile text in every field of its second version."""
    folder = tmp_path_factory.mktemp("hostile")
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    old, new = examples.study(), examples.updated(samples.eventful())
    ways = [way for way in leaves(new) if way[-1] not in KEPT]
    for number, text in enumerate((*HOSTILE, ALL)):
        for study in (old, poisoned(new, ways, text)):
            whole = as_whole(study)
            whole["protocolSection"]["identificationModule"]["nctId"] = _nct_id(number)
            assert monitor.ingest(whole).exit_code == 0
    with site_of(monitor.url) as server:
        yield server


def _nct_id(number: int) -> str:
    return f"NCT0900100{number}" if number < 10 else f"NCT090010{number}"


def assert_only_shown(got: Got) -> None:
    parts = PageParts(got.html)
    assert set(parts.tags) <= TAGS
    assert parts.attributes <= ATTRIBUTES
    assert not [link for link in parts.links if MARK in link or "javascript" in link]
    assert not STEERING.search(got.html)


@pytest.mark.parametrize(
    "path", ["", "/versions/1", "/versions/2", "/compare/1..2", "/compare/2..1?columns=1"]
)
def test_hostile_records_are_only_shown(hostile: WebServer, path: str) -> None:
    for number in range(len(HOSTILE) + 1):
        got = get(hostile, f"/trials/{_nct_id(number)}{path}")
        assert got.status == 200
        assert MARK in got.html
        assert_only_shown(got)


@pytest.mark.parametrize("path", ["/?min_severity=low", "/trials", "/about"])
def test_hostile_records_in_lists_are_only_shown(hostile: WebServer, path: str) -> None:
    got = get(hostile, path)
    assert got.status == 200
    assert_only_shown(got)


def test_each_version_of_a_hostile_record_has_its_page(hostile: WebServer) -> None:
    for number in range(len(HOSTILE) + 1):
        nct_id = _nct_id(number)
        found = re.findall(r"/changes/([0-9a-f]{16})\"", get(hostile, f"/trials/{nct_id}").html)
        assert len(set(found)) == 2
        for address in set(found):
            got = get(hostile, f"/trials/{nct_id}/changes/{address}")
            assert got.status == 200
            assert_only_shown(got)


def test_hostile_addresses_are_only_shown(hostile: WebServer) -> None:
    for name in ("text", "condition", "since", "kind", "after", "sort", "page", "nothing"):
        for text in (
            "%3Cscript%3E",
            "%22%3E%3Cimg%20src=x%3E",
            "%00",
            "%ff%fe",
            "%E2%80%AE",
            "9" * 99,
        ):
            for place in ("/", "/trials", f"/trials/{_nct_id(0)}"):
                got = get(hostile, f"{place}?{name}={text}")
                assert got.status in {200, 400}, (place, name, text)
                assert_only_shown(got)


def test_random_addresses_break_nothing(hostile: WebServer) -> None:
    chance = random.Random(16)  # noqa: S311 - repeatable, not secret
    words = [
        "trials", _nct_id(1), "versions", "changes", "compare", "1..2", "1", "..", "%2e%2e", "%00",
        "events.csv", "trials.csv", "about", "messages", "unsubscribe", "a" * 300, "%F0%9F%92%A9",
        "2026-13-45..1", "0x1", "-1", "1e9", "style.css", "%2F", ";", "NCT00000000",
    ]  # fmt: skip
    names = ["after", "page", "columns", "since", "until", "limit", "sort", "kind", "text", "phase"]
    values = [
        "", "1", "-1", "99999999999999999999", "0001-01-01T00:00:00+23:59/1/1", "/NCT00000001",
        "2026", "%00", "%ud800", "1y", "999999y", '"', "((", "NULL", "a" * 500,
    ]  # fmt: skip
    for _ in range(400):
        path = "/" + "/".join(chance.choices(words, k=chance.randint(0, 4)))
        pairs = zip(chance.choices(names, k=3), chance.choices(values, k=3), strict=True)
        query = "&".join(f"{name}={value}" for name, value in pairs)
        got = get(hostile, f"{path}?{query.replace('+', '%2B')}")
        assert got.status < 500, (path, query)


def test_hostile_names_of_people_are_only_shown() -> None:
    request = Request({"type": "http", "path": "/", "query_string": b"", "headers": [],
                       "method": "GET"})  # fmt: skip
    for text in (*HOSTILE, ALL):
        for done in ("asked", "paused", "resumed"):
            page = layout.page(
                request, "unsubscribe.html", headers=layout.PRIVATE, title="Unsubscribe",
                done=done, names=[text], undo=text,
            )  # fmt: skip
            assert_only_shown(Got(200, {}, bytes(page.body)))
