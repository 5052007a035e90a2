"""Feeds over HTTP, read as feed readers do."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import fastjsonschema
import feedparser
import pytest
import time_machine

from monitor.app import App
from monitor.render import feeds
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, hostile_study, study
from tests.render.alerts.test_hostile import TAGS, HtmlParts
from tests.web.serving import LOOPBACK, answering, ask, served

PUBLIC = "https://monitor.example.org"
CONFIG = f"""
[delivery]
public_url = "{PUBLIC}/"

[[channel]]
name = "out"
type = "console"

[[subscriber]]
name = "ana"

[[subscription]]
subscriber = "ana"
name = "either"
channels = ["out"]
filter = [{{ country = ["Spain"] }}, {{ sponsor = ["Second"] }}]
changes = ["enrollment"]
"""
LATER = NOON + timedelta(days=7)
LATEST = NOON + timedelta(days=14)
SITES = (("Clinic A", "France", "RECRUITING"), ("Clinic B", "Spain", "RECRUITING"))
ATOM = "{http://www.w3.org/2005/Atom}"
JSON_FEED = fastjsonschema.compile(
    {
        "type": "object",
        "required": ["version", "title", "items"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": "https://jsonfeed.org/version/1.1"},
            "title": {"type": "string", "minLength": 1},
            "home_page_url": {"type": "string", "format": "uri"},
            "feed_url": {"type": "string", "format": "uri"},
            "language": {"type": "string"},
            "authors": {
                "type": "array",
                "items": {"type": "object", "required": ["name"]},
                "minItems": 1,
            },
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "content_html"],
                    "additionalProperties": False,
                    "properties": {
                        "id": {"type": "string", "minLength": 1},
                        "url": {"type": "string", "format": "uri"},
                        "external_url": {"type": "string", "format": "uri"},
                        "title": {"type": "string", "minLength": 1},
                        "content_html": {"type": "string", "minLength": 1},
                        "date_published": {"type": "string", "format": "date-time"},
                        "tags": {"type": "array", "items": {"type": "string"}},
                    },
                },
            },
        },
    }
)


def set_up(url: str, folder: Path, config: str = CONFIG) -> Monitor:
    """Return the command line with a configuration file."""
    file = folder / "monitor.toml"
    file.write_text(config)
    return Monitor(url, folder, {"MONITOR_CONFIG": str(file)})


def changed(monitor: Monitor) -> Monitor:
    """Let two trials change in a week, one of them again in the next."""
    monitor.ingest(study(sites=SITES), study(nct_id=OTHER, sponsor="Second Sponsor"))
    monitor.ingest(
        study("2026-03-07", sites=SITES, enrollment=240),
        study("2026-03-08", nct_id=OTHER, sponsor="Second Sponsor", enrollment=150),
        at=LATER,
    )
    monitor.ingest(study("2026-03-15", sites=SITES, enrollment=240, status="SUSPENDED"), at=LATEST)
    return monitor


def answer(
    monitor: Monitor, path: str, headers: dict[str, str] | None = None, *, host: str = LOOPBACK
) -> tuple[int, Any, bytes]:
    """Return what is answered to a GET; ``host``: where it is supposed to listen."""
    environ = {"MONITOR_DATABASE_URL": monitor.url, **monitor.environ}
    app = App.configured(None, environ={name: one for name, one in environ.items() if one})
    with served(answering(), site_routes(StoreCalls(lambda: app), host=host)) as server:
        return ask(server.address, path, headers=headers)


def atom(monitor: Monitor, path: str) -> Any:
    """Return a feed as a reader has it, after it was held against RFC 4287."""
    status, headers, body = answer(monitor, path)
    assert (status, headers["content-type"]) == (200, "application/atom+xml")
    require_atom(body)
    found = feedparser.parse(body)
    assert not found.bozo
    return found


def json_feed(monitor: Monitor, path: str) -> Any:
    """Return a JSON Feed, after it was held against its schema."""
    status, headers, body = answer(monitor, path)
    assert (status, headers["content-type"]) == (200, "application/feed+json")
    return JSON_FEED(json.loads(body))


def require_atom(body: bytes) -> None:
    """Assert what RFC 4287 says that a feed MUST have."""
    feed = ET.fromstring(body)  # noqa: S314 - our own
    assert feed.tag == f"{ATOM}feed"
    assert len(feed.findall(f"{ATOM}author/{ATOM}name")) == 1
    entries = feed.findall(f"{ATOM}entry")
    ids = [require_metadata(one) for one in (feed, *entries)]
    assert len(set(ids)) == len(ids)
    for entry in entries:
        [content] = entry.findall(f"{ATOM}content")
        assert content.get("type") == "html"
        assert len(content) == 0  # escaped, not markup of the feed


def require_metadata(one: ET.Element) -> str:
    """Assert what a feed and an entry alike MUST have; return the id."""
    text = {name: one.findall(ATOM + name) for name in ("id", "title", "updated")}
    assert {name: len(found) for name, found in text.items()} == {"id": 1, "title": 1, "updated": 1}
    assert datetime.fromisoformat(str(text["updated"][0].text)).tzinfo is not None
    links = [(link.get("rel"), link.get("type")) for link in one.findall(f"{ATOM}link")]
    assert len(set(links)) == len(links)
    assert all(link.get("href", "").startswith("https://") for link in one.findall(f"{ATOM}link"))
    name = str(text["id"][0].text)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", name)
    return name


@pytest.fixture
def monitor(sqlite_url: str, tmp_path: Path) -> Monitor:
    """Return the command line on an empty store."""
    return Monitor(sqlite_url, tmp_path)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    """Return the command line on a store for questions alone."""
    folder = tmp_path_factory.mktemp("feeds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield changed(set_up(f"sqlite:///{folder / 'monitor.db'}", folder))


def test_a_query_is_a_feed_of_versions_newest_first(store_url: str, tmp_path: Path) -> None:
    monitor = changed(set_up(store_url, tmp_path))
    query = "kind=enrollment&kind=status&min_severity=low"
    found = atom(monitor, f"/events/feed.atom?{query}")
    assert [(one.title, one.updated_parsed[:3]) for one in found.entries] == [
        (f"SUSPENDED: Examplumab, systemic lupus erythematosus ({NCT})", (2026, 3, 16)),
        (
            f"Enrollment target 144 → 150 (+4.2%): Examplumab, systemic lupus… ({OTHER})",
            (2026, 3, 9),
        ),
        (f"Enrollment target 144 → 240 (+67%): Examplumab, systemic lupus… ({NCT})", (2026, 3, 9)),
    ]
    same = json_feed(monitor, f"/events/feed.json?{query}")
    body = answer(monitor, f"/events/feed.atom?{query}")[2]
    entries = ET.fromstring(body).findall(f"{ATOM}entry")  # noqa: S314 - likewise
    assert [(one["id"], one["title"], one["content_html"]) for one in same["items"]] == [
        tuple(one.findtext(ATOM + name) for name in ("id", "title", "content")) for one in entries
    ]
    assert "144" in same["items"][2]["content_html"]


def test_links_lead_to_pages_where_there_are_any(sqlite: Monitor) -> None:
    found = atom(sqlite, f"/trials/{NCT}/feed.atom?kind=status&limit=5")
    links = {one.rel: one.href for one in found.feed.links}
    assert links == {
        "self": f"{PUBLIC}/trials/{NCT}/feed.atom?kind=status&limit=5",
        "alternate": f"{PUBLIC}/trials/{NCT}",
    }
    [entry] = found.entries
    assert re.fullmatch(rf"{PUBLIC}/trials/{NCT}/changes/[0-9a-f]{{32}}", entry.link)
    assert {one.term for one in entry.tags} == {NCT, "critical", "trial_suspended"}


def test_nothing_leads_anywhere_but_to_the_registry_without_pages(
    monitor: Monitor, tmp_path: Path
) -> None:
    made = changed(set_up(monitor.url, tmp_path, ""))
    found = atom(made, "/events/feed.atom")
    assert "links" not in found.feed
    assert {one.link for one in found.entries} == {
        f"https://clinicaltrials.gov/study/{NCT}", f"https://clinicaltrials.gov/study/{OTHER}"
    }  # fmt: skip
    assert {"feed_url", "home_page_url"}.isdisjoint(json_feed(made, "/events/feed.json"))


def test_ids_stand_for_versions_in_every_store_of_the_same_data(
    sqlite: Monitor, tmp_path: Path
) -> None:
    other = set_up(f"sqlite:///{tmp_path / 'other.db'}", tmp_path)
    late = LATEST + timedelta(days=1)
    other.ingest(study("2026-03-15", sites=SITES, enrollment=240, status="SUSPENDED"), at=LATEST)
    other.ingest(study("2026-03-07", sites=SITES, enrollment=240), at=late)
    path = f"/trials/{NCT}/feed.json?backfilled=true"
    one, another = (json_feed(monitor, path)["items"] for monitor in (sqlite, other))
    assert len(one) == 3
    assert {item["id"] for item in another} < {item["id"] for item in one}
    assert len({item["id"] for item in another}) == 2


def test_a_reader_that_has_a_feed_gets_it_no_second_time(sqlite: Monitor) -> None:
    path = "/events/feed.atom"
    status, headers, body = answer(sqlite, path)
    assert (status, headers["last-modified"]) == (200, "Mon, 16 Mar 2026 12:00:00 GMT")
    assert answer(sqlite, path)[2] == body
    for known in (
        {"If-None-Match": headers["etag"]},
        {"If-None-Match": f'"other", {headers["etag"].removeprefix("W/")}'},
        {"If-Modified-Since": headers["last-modified"]},
    ):
        again, entries_of, nothing = answer(sqlite, path, known)
        assert (again, entries_of["etag"], nothing) == (304, headers["etag"], b"")
    for stale in (
        {"If-None-Match": '"other"', "If-Modified-Since": headers["last-modified"]},
        {"If-Modified-Since": "Mon, 09 Mar 2026 12:00:00 GMT"},
    ):
        assert answer(sqlite, path, stale)[0] == 200
    assert answer(sqlite, "/events/feed.json", {"If-None-Match": headers["etag"]})[0] == 200


def test_a_feed_without_entries_stays_the_same(sqlite: Monitor) -> None:
    _, headers, body = answer(sqlite, "/events/feed.atom?since=2026-06")
    require_atom(body)
    assert feedparser.parse(body).entries == []
    assert "last-modified" not in headers
    with time_machine.travel(LATEST, tick=False):
        assert answer(sqlite, "/events/feed.atom?since=2026-06")[2] == body


def test_a_feed_is_no_longer_than_its_limits(
    sqlite: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json_feed(sqlite, "/events/feed.json")["items"]
    assert len(whole) == 5
    assert json_feed(sqlite, "/events/feed.json?limit=2")["items"] == whole[:2]
    for bytes_, entries in ((1, 1), (len(whole[0]["content_html"].encode()) + 1, 1)):
        monkeypatch.setattr(feeds, "LONGEST_BYTES", bytes_)
        assert json_feed(sqlite, "/events/feed.json")["items"] == whole[:entries]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/events/feed.atom?limit=101", "limit"),
        ("/events/feed.json?conditon=lupus", "conditon"),
        ("/events/feed.atom?kind=stautus", "kind"),
        (f"/trials/{NCT}/feed.atom?condition=lupus", "condition"),
    ],
)
def test_an_error_names_the_parameter(sqlite: Monitor, path: str, parameter: str) -> None:
    status, headers, body = answer(sqlite, path)
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert json.loads(body)["parameter"] == parameter


def test_what_can_find_nothing_is_an_error(sqlite: Monitor) -> None:
    status, _, body = answer(sqlite, "/events/feed.atom?phase=PHASE9")
    assert status == 400
    assert "PHASE9" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/trials/NCT09999999/feed.atom",
        "/trials/NCT1/feed.atom",
        "/subscriptions/1/0123/feed.atom",
        "/subscriptions/99999999999999999999/0123/feed.atom",
    ],
)
def test_there_are_no_other_feeds(sqlite: Monitor, path: str) -> None:
    assert answer(sqlite, path)[0] == 404


def test_nobody_outside_is_told_of_a_store_that_fails(monitor: Monitor) -> None:
    status, _, body = answer(monitor, "/events/feed.atom")  # there is no store yet
    assert (status, b"sqlite" in body) == (503, False)


def test_no_word_of_a_record_is_more_than_a_word(monitor: Monitor, tmp_path: Path) -> None:
    hostile = set_up(monitor.url, tmp_path)
    hostile.ingest(hostile_study("2026-02-02", word="first <b>&amp;</b> ]]> \x00\ufffe\x1f"))
    hostile.ingest(hostile_study("2026-02-09", word='second "><img src=x> ]]>'), at=LATER)
    for name in ("events", f"trials/{NCT}"):
        assert len(atom(hostile, f"/{name}/feed.atom?min_severity=noise").entries) == 2
        for one in json_feed(hostile, f"/{name}/feed.json?min_severity=noise")["items"]:
            parts = HtmlParts()
            parts.feed(one["content_html"])
            assert parts.tags <= TAGS | {"p", "strong"}
            assert all(
                link.startswith((f"{PUBLIC}/", "https://clinicaltrials.gov/"))
                for link in parts.attributes["href"]
            )
            assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", parts.text) is None
    shown = answer(hostile, "/events/feed.atom?text=%3C%2Ftitle%3E%22%3E%00%EF%BF%BE")[2]
    assert b'</title>">' not in shown


# --- subscriptions ---------------------------------------------------------------------------

ADD = ("subscription", "add", "--subscriber", "ana", "--channel", "out", "--name", "it")


def subscribed(monitor: Monitor, *options: str) -> str:
    """Add a subscription at noon; return the path of its feed as JSON."""
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        monitor.answer(*ADD, *options)
    return path_of(monitor, "it")


def path_of(monitor: Monitor, name: str) -> str:
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        address = monitor.json("subscription", "show", name)["feed"]["json"]
    assert address.startswith(f"{PUBLIC}/subscriptions/")
    return str(address.removeprefix(PUBLIC))


def entries_of(monitor: Monitor, path: str) -> list[tuple[str, set[str]]]:
    """Return of each entry of a feed the trial and the kinds."""
    items = json_feed(monitor, path)["items"]
    words = {"critical", "high", "medium", "low", "noise"}
    return [(one["tags"][0], set(one["tags"][1:]) - words) for one in items]


TARGET = {"enrollment_target_changed"}
SUSPENDED = {"trial_suspended"}


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--all",), [(NCT, SUSPENDED), (OTHER, TARGET), (NCT, TARGET)]),
        (("--nct-id", OTHER), [(OTHER, TARGET)]),
        (("--country", "Spain", "--changes", "enrollment"), [(NCT, TARGET)]),
        (("--country", "Spain", "--nct-id", OTHER, "--changes", "enrollment"),
         [(OTHER, TARGET), (NCT, TARGET)]),
        (("--not-country", "Spain"), [(OTHER, TARGET)]),
        (("--all", "--min-percent", "50"), [(NCT, SUSPENDED), (NCT, TARGET)]),
        (("--all", "--min-severity", "critical"), [(NCT, SUSPENDED)]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_subscription_s_feed_tells_what_it_asks_for(
    monitor: Monitor, tmp_path: Path, options: tuple[str, ...], found: list[Any]
) -> None:
    made = set_up(monitor.url, tmp_path)
    made.ingest(study("2026-01-01", sites=SITES, enrollment=9))  # before: no news to it
    path = subscribed(made, *options)
    made.ingest(study(nct_id=OTHER, sponsor="Second Sponsor"), at=NOON + timedelta(days=1))
    changed_later(made)
    assert (NCT, {"trial_registered"}) not in entries_of(made, path)
    seen = [(nct_id, kinds - {"trial_registered"}) for nct_id, kinds in entries_of(made, path)]
    assert [one for one in seen if one[1]] == found


def changed_later(monitor: Monitor) -> None:
    monitor.ingest(
        study("2026-03-07", sites=SITES, enrollment=240),
        study("2026-03-08", nct_id=OTHER, sponsor="Second Sponsor", enrollment=150),
        at=LATER,
    )
    monitor.ingest(study("2026-03-15", sites=SITES, enrollment=240, status="SUSPENDED"), at=LATEST)


def test_any_filter_of_a_subscription_finds_changes_each_once(
    store_url: str, tmp_path: Path
) -> None:
    monitor = set_up(store_url, tmp_path)
    with time_machine.travel(NOON, tick=False):
        path = path_of(monitor, "either")
    both: dict[str, Any] = {"nct_id": OTHER, "sponsor": "Second Sponsor", "sites": SITES}
    monitor.ingest(study(sites=SITES), study(**both))
    monitor.ingest(
        study("2026-03-07", sites=SITES, enrollment=240),
        study("2026-03-08", enrollment=150, **both),
        at=LATER,
    )
    assert entries_of(monitor, path) == [(OTHER, TARGET), (NCT, TARGET)]
    for item in json_feed(monitor, path)["items"]:
        assert item["content_html"].count("Enrollment target") == 1


def test_what_a_silence_kept_back_is_not_told(monitor: Monitor, tmp_path: Path) -> None:
    made = set_up(monitor.url, tmp_path)
    path = subscribed(made, "--all", "--changes", "enrollment")
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        made.answer("silence", "add", "--nct-id", NCT, "--until", "10d")
    changed(made)
    assert entries_of(made, path) == [(OTHER, TARGET)]


def test_only_who_knows_its_address_reads_a_subscription_s_feed(
    monitor: Monitor, tmp_path: Path
) -> None:
    made = set_up(monitor.url, tmp_path)
    mine, other = subscribed(made, "--all"), path_of(made, "either")
    changed(made)
    (number, token), (others, foreign) = (one.split("/")[2:4] for one in (mine, other))
    assert answer(made, f"/subscriptions/{number}/{foreign}/feed.json")[0] == 404
    assert answer(made, f"/subscriptions/{others}/{token}/feed.json")[0] == 404
    status, headers, _ = answer(made, mine)
    assert (status, headers["cache-control"]) == (200, "private, no-cache")
    assert headers["referrer-policy"] == "no-referrer"
    made.answer("subscription", "pause", "it")
    assert answer(made, mine)[0] == 200
    made.answer("subscription", "remove", "it")
    assert answer(made, mine)[0] == 404


def test_a_reader_elsewhere_shows_a_token_or_knows_a_secret_address(
    monitor: Monitor, tmp_path: Path
) -> None:
    made = set_up(monitor.url, tmp_path)
    mine = subscribed(made, "--all")
    changed(made)
    secret = made.json("token", "add", "reader")["token"]
    basic = base64.b64encode(f"anybody:{secret}".encode()).decode()
    for path in ("/events/feed.atom", f"/trials/{NCT}/feed.json"):
        assert answer(made, path, host="0.0.0.0")[0] == 401  # noqa: S104 - nothing listens there
        shown = {"Authorization": f"Basic {basic}"}
        assert answer(made, path, shown, host="0.0.0.0")[0] == 200  # noqa: S104 - likewise
    assert answer(made, mine, host="0.0.0.0")[0] == 200  # noqa: S104 - likewise


def test_a_subscription_has_no_address_where_there_are_no_pages(
    monitor: Monitor, tmp_path: Path
) -> None:
    made = set_up(monitor.url, tmp_path, CONFIG.replace("public_url", "# public_url"))
    assert made.json("subscription", "show", "either")["feed"] is None
    assert "Feed" not in made.answer("subscription", "show", "either")
    [one] = made.json("subscriber", "export", "ana")["subscriptions"]
    assert one["feed"] is None


def test_what_is_stored_about_a_person_names_their_feeds(monitor: Monitor, tmp_path: Path) -> None:
    made = set_up(monitor.url, tmp_path)
    shown = made.answer("subscription", "show", "either")
    [one] = made.json("subscriber", "export", "ana")["subscriptions"]
    assert set(one["feed"]) == {"atom", "json"}
    assert all(address in shown for address in one["feed"].values())
