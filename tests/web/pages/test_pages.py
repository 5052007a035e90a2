"""What the pages say, and where their links lead."""

import csv
import gzip
import io
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from monitor.web.pages import lists
from monitor.web.server import WebServer
from tests.cli.calls import Monitor
from tests.cli.studies import NCT, study
from tests.web.pages.conftest import VERSIONS, WIDEST
from tests.web.pages.site import PageParts, get, site_of

CHANGED, FORMER = "NCT06733935", "NCT06377228"


def links_of(server: WebServer, path: str, pattern: str) -> list[str]:
    """Return the parts of a page's links that the group of a pattern names."""
    return re.findall(rf'href="[./]*{pattern}"', get(server, path).html)


def first_version(server: WebServer, nct_id: str) -> str:
    return links_of(server, f"/trials/{nct_id}", rf"trials/{nct_id}/changes/([0-9a-f]{{16}})")[-1]


def test_lately_groups_changes_by_day_and_trial(seeds_site: WebServer) -> None:
    got = get(seeds_site, "/")
    assert got.status == 200
    assert got.text.count("Friday, 5 June 2026") == 1
    assert "high Enrollment target: 144 → 240 (+67%)" in got.text
    assert 'aria-current="page">Changes' in got.html
    assert "events/feed.atom?min_severity=medium" in got.html
    assert "first seen" in got.text
    assert "first seen" not in get(seeds_site, "/?min_severity=high").text
    assert "No change matches" in get(seeds_site, "/?country=Atlantis&text=nothing").text


def test_a_trial_that_changes_often_is_one_block_with_its_dates(wide_site: WebServer) -> None:
    got = get(wide_site, "/?min_severity=low")
    assert got.html.count(f'trials/{WIDEST}">') == 1
    assert len(set(re.findall(rf"{WIDEST}/changes/([0-9a-f]{{16}})\"", got.html))) > 5


def test_lists_go_on_where_they_end(wide_site: WebServer, seeds_site: WebServer) -> None:
    following = re.findall(r'rel="next" href="(\?[^"]+)"', get(seeds_site, "/trials").html)
    assert following == []
    whole = get(seeds_site, "/trials?sort=nct_id")
    found = re.findall(r'<h2><a href="trials/(NCT\d+)"', whole.html)
    assert len(found) == 5
    assert found == sorted(found)
    page = get(seeds_site, f"/trials?sort=nct_id&cursor=/{found[1]}")
    assert re.findall(r'<h2><a href="trials/(NCT\d+)"', page.html) == found[2:]
    first = list(csv.DictReader(io.StringIO(get(wide_site, "/events.csv?limit=10").html)))
    link = get(wide_site, "/events.csv?limit=10").headers["link"]
    after = re.fullmatch(r'<\./(events\.csv\?limit=10&cursor=[^>]+)>; rel="next"', link)
    assert after is not None
    second = list(csv.DictReader(io.StringIO(get(wide_site, f"/{after[1]}").html)))
    ids = [(row["version_id"], row["event_id"]) for row in (*first, *second)]
    assert len(ids) == len(set(ids)) == 20


def test_filters_mean_what_they_mean_everywhere(seeds_site: WebServer) -> None:
    assert "4 trials" in get(seeds_site, "/trials?condition=lupus").text
    assert "1 trial." in get(seeds_site, "/trials?not_condition=lupus").text
    rows = list(csv.DictReader(io.StringIO(get(seeds_site, "/trials.csv?condition=lupus").html)))
    assert len(rows) == 4
    form = get(seeds_site, "/trials?condition=lupus&condition=SLE&phase=PHASE1").html
    assert 'name="condition" value="lupus"' in form
    assert '<input type="hidden" name="condition" value="SLE">' in form
    assert '<option value="PHASE1" selected>' in form


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/?knid=status", "Knid: there is no such parameter"),
        ("/?kind=statsu", "did you mean"),
        ("/trials?sort=size", "is no order"),
        ("/trials?cursor=x", "Cursor:"),
        ("/?cursor=2026-01-01T00:00:00%2B00:00/99999999999999999999/1", "Cursor:"),
        (f"/trials/{CHANGED}/compare/1..x-y", "is not a time"),
        (f"/trials/{CHANGED}/compare/1", "two versions are written as 1..2"),
        (f"/trials/{CHANGED}/versions/1?page=0", "Page:"),
    ],
)
def test_what_cannot_be_meant_is_said(seeds_site: WebServer, path: str, reason: str) -> None:
    got = get(seeds_site, path)
    assert got.status == 400
    assert reason.lower() in got.text.lower()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/trials/NCT99999999", "does not follow a trial"),
        ("/trials/lupus", "does not follow a trial"),
        (f"/trials/{CHANGED}/changes/{'0' * 16}", "any more"),
        (f"/trials/{CHANGED}/versions/9", "has no version 9"),
        (f"/trials/{CHANGED}/versions/1?page=9", "It has 1 page."),
    ],
)
def test_what_is_not_there_is_said(seeds_site: WebServer, path: str, reason: str) -> None:
    got = get(seeds_site, path)
    assert got.status == 404
    assert reason in got.text
    assert "sqlite" not in got.text


@pytest.mark.parametrize("path", ["/trials/nct6733935", "/trials?text=NCT06733935"])
def test_an_nct_id_leads_to_its_trial(seeds_site: WebServer, path: str) -> None:
    got = get(seeds_site, path)
    assert (got.status, got.headers["location"][-19:]) == (307, f"/trials/{CHANGED}")


def test_a_trial_says_at_a_glance_how_it_stands(seeds_site: WebServer) -> None:
    got = get(seeds_site, f"/trials/{CHANGED}")
    for text in (
        f"{CHANGED} · recruiting",
        "Enrollment240",
        "Sites11 in 2 countries",
        "2 versions, newest first",
        "high Enrollment target: 144 → 240 (+67%)",
        "first seen",
    ):
        assert text in got.text
    parts = PageParts(got.html)
    assert parts.tags.count("figure") == 3
    assert parts.tags.count("desc") == 3
    assert len(parts.ids) == len(set(parts.ids))


def test_charts_have_their_values_as_a_table(wide_site: WebServer) -> None:
    html = get(wide_site, f"/trials/{WIDEST}").html
    tables = re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    head = re.findall(r'<th scope="col">(.*?)</th>', tables[0])
    assert head == ["Version of", "Primary completion", "Completion"]
    assert "<td>2020-11 (actual)</td>" in tables[0]
    assert re.findall(r'<th scope="col">(.*?)</th>', tables[2])[1:] == [
        "United States", "Spain", "Germany", "Austria", "17 others",
    ]  # fmt: skip
    assert 'class="ring' in html
    assert 'class="dot' in html


def test_a_change_is_told_in_full_at_its_address(seeds_site: WebServer) -> None:
    newest = links_of(seeds_site, f"/trials/{CHANGED}", rf"trials/{CHANGED}/changes/([0-9a-f]+)")[0]
    got = get(seeds_site, f"/trials/{CHANGED}/changes/{newest}")
    assert got.status == 200
    assert "Registry record changed (version of 2026-06-04" in got.text
    assert "<del>" in got.html
    assert ">240<" in got.html
    events = re.findall(
        rf'changes/{newest}#([0-9a-f]+)"', get(seeds_site, f"/trials/{CHANGED}").html
    )
    assert events
    assert set(events) <= set(PageParts(got.html).ids)


@pytest.mark.parametrize("columns", ["", "?columns=1"])
def test_any_two_versions_are_compared(wide_site: WebServer, columns: str) -> None:
    by_number = get(wide_site, f"/trials/{WIDEST}/compare/1..{VERSIONS}{columns}")
    assert by_number.status == 200
    oldest, newest = first_version(wide_site, WIDEST), links_of(
        wide_site, f"/trials/{WIDEST}", rf"trials/{WIDEST}/changes/([0-9a-f]{{16}})"
    )[0]  # fmt: skip
    by_id = get(wide_site, f"/trials/{WIDEST}/compare/{oldest}..{newest}{columns}")
    by_day = get(wide_site, f"/trials/{WIDEST}/compare/2023-06-15..2026-12-01{columns}")
    content = by_number.text.partition("Struck through")[2]
    assert content == by_id.text.partition("Struck through")[2]
    assert content == by_day.text.partition("Struck through")[2]
    contents = set(re.findall(r'href="#([0-9a-f]{12})"', by_number.html))
    assert contents <= set(PageParts(by_number.html).ids)
    assert len(contents) >= 9
    assert '<span class="hidden">[removed: </span>' in by_number.html
    sides = by_number.html.count('data-side="before"')
    assert (sides == 0) == bool(columns)


def test_criteria_and_sites_are_told_one_by_one(wide_site: WebServer) -> None:
    text = get(wide_site, f"/trials/{WIDEST}/compare/1..{VERSIONS}").text
    assert len(re.findall(r"\+ added ?– ?\[added: Laboratory value number \d+", text)) == 3
    assert "United States 2" in text
    assert "the same version" in get(wide_site, f"/trials/{WIDEST}/compare/2..2").text


def test_the_form_leads_to_a_comparison(seeds_site: WebServer) -> None:
    got = get(seeds_site, f"/trials/{CHANGED}/compare?from=2&to=1")
    assert got.status == 307
    assert re.search(rf"trials/{CHANGED}/compare/[0-9a-f]{{16}}\.\.[0-9a-f]{{16}}$",
                     got.headers["location"])  # fmt: skip
    assert get(seeds_site, f"/trials/{CHANGED}/compare?from=2").status == 400


def test_a_record_is_shown_as_it_stood(seeds_site: WebServer) -> None:
    first, second = (get(seeds_site, f"/trials/{CHANGED}/versions/{n}") for n in (1, 2))
    assert re.search(r"Enrollment info 144", first.text)
    assert re.search(r"Enrollment info 240", second.text)
    assert "Its sources do not state every field" in first.text
    titles = re.findall(r'<h2 id="part-\d+">(.*?)</h2>', second.html)
    assert titles.index("Identification") < titles.index("Status") < titles.index("Eligibility")


def test_a_long_record_is_split(wide_site: WebServer) -> None:
    path = f"/trials/{WIDEST}/versions/{VERSIONS}"
    first = get(wide_site, path)
    [(_, total)] = set(re.findall(r"Page (\d+) of (\d+)", first.html))
    assert 3 < int(total) < 30
    headings: list[str] = []
    for number in range(1, int(total) + 1):
        got = get(wide_site, f"{path}?page={number}", **{"Accept-Encoding": "gzip"})
        assert len(got.body) <= 60_000
        html = gzip.decompress(got.body).decode()
        headings += re.findall(r'<h2 id="(part-\d+)">', html)
    assert headings == [f"part-{number}" for number in range(len(headings))]
    linked = re.findall(r'href="(?:[0-9a-f]{16}(?:\?page=\d+)?)?#(part-\d+)"', first.html)
    assert linked == headings


def test_pages_are_small_and_quick(wide_site: WebServer) -> None:
    path = f"/trials/{WIDEST}"
    for page in ("/", "/trials", path, f"{path}/compare/1..{VERSIONS}", f"{path}/versions/1"):
        spent = []
        for _ in range(8):
            began = time.process_time()
            got = get(wide_site, page, **{"Accept-Encoding": "gzip"})
            spent.append(time.process_time() - began)
            assert got.status == 200
            assert len(got.body) <= 60_000
        # The server, the client and this test's bookkeeping together; a busy machine is slower.
        assert sorted(spent)[4] < 0.15, page


@pytest.mark.parametrize(
    "path",
    ["/", "/?condition=lupus", "/trials?condition=lupus", f"/trials/{CHANGED}", "/about",
     f"/trials/{CHANGED}/versions/1", f"/trials/{CHANGED}/compare/1..2"],
)  # fmt: skip
def test_every_link_of_a_page_leads_somewhere(seeds_site: WebServer, path: str) -> None:
    base = f"http://monitor.invalid{path}"
    for link in set(PageParts(get(seeds_site, path).html).links):
        parts = urlsplit(urljoin(base, link))
        if parts.netloc == "monitor.invalid":
            got = get(seeds_site, f"{parts.path}{'?' if parts.query else ''}{parts.query}")
            assert got.status in {200, 400 if parts.path.endswith("/compare") else 200}, link
            if parts.fragment and got.headers["content-type"].startswith("text/html"):
                assert parts.fragment in PageParts(got.html).ids, link


def test_of_many_conditions_the_first_are_shown_and_the_rest_unfold(
    sqlite_url: str, tmp_path: Path
) -> None:
    monitor = Monitor(sqlite_url, tmp_path)
    names = [f"Condition {number}" for number in range(1, 54)]
    document = study(modules={"conditionsModule": {"conditions": names}})
    assert monitor.ingest(document).exit_code == 0
    with site_of(monitor.url) as server:
        got = get(server, f"/trials/{NCT}")
    assert f"Conditions</span> {', '.join(names[:8])}</p>" in got.html
    assert f"<summary>and 45 more</summary><p>{', '.join(names[8:])}</p>" in got.html


def test_a_list_of_trials_leads_to_the_feeds_of_their_changes(seeds_site: WebServer) -> None:
    html = get(seeds_site, "/trials?condition=lupus&sort=nct_id").html
    assert html.count('events/feed.atom?condition=lupus"') == 2, "in the head, and to be seen"
    assert get(seeds_site, "/events/feed.atom?condition=lupus").status == 200


@pytest.mark.parametrize(
    ("path", "which"), [("/?condition=lupus", "events"), ("/trials?condition=lupus", "trials")]
)
@pytest.mark.parametrize("is_empty", [False, True])
def test_a_list_that_the_deadline_ended_says_so_and_leads_on(
    seeds_site: WebServer,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    which: str,
    is_empty: bool,
) -> None:
    whole = getattr(lists, f"select_{which}")

    def late(*arguments: Any, **options: Any) -> Any:
        found = whole(*arguments, **options)
        cut = {which: (), "next": None} if is_empty else {}
        return replace(found, is_complete=False, **cut)

    monkeypatch.setattr(lists, f"select_{which}", late)
    got = get(seeds_site, path)
    text = "None found yet in the time there was" if is_empty else "then the time was over"
    assert text in got.text
    assert 'href="?condition=lupus' in got.html
    assert "matches" not in got.text
