"""What all pages share: the style sheet, the headers, errors as pages for people."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store.writer import open_store
from monitor.web.server import WebServer
from tests.web.pages.site import get, site_of
from tests.web.serving import ask


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Serve the site of an empty store."""
    url = f"sqlite:///{tmp_path_factory.mktemp('layout') / 'monitor.db'}"
    open_store(url).close()
    with site_of(url) as serving:
        yield serving


def test_a_page_loads_its_style_and_nothing_else(server: WebServer) -> None:
    got = get(server, "/about")
    assert (got.status, got.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert got.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert '<html lang="en">' in got.html
    assert "<script" not in got.html
    assert "style=" not in got.html
    [sheet] = re.findall(r'<link rel="stylesheet" href="\./([^"]+)">', got.html)
    style = get(server, f"/{sheet}")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in style.headers["cache-control"]
    assert len(gzip.compress(style.body)) < 3_000
    assert b"url(" not in style.body
    assert b"@import" not in style.body


def test_a_page_that_has_not_changed_is_not_sent_again(server: WebServer) -> None:
    first = get(server, "/about")
    again = get(server, "/about", **{"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert get(server, "/about", **{"If-None-Match": 'W/"other"'}).status == 200


def test_pages_are_sent_compressed_to_those_who_take_it(server: WebServer) -> None:
    whole = get(server, "/about")
    short = get(server, "/about", **{"Accept-Encoding": "gzip"})
    assert short.headers["content-encoding"] == "gzip"
    assert gzip.decompress(short.body) == whole.body


@pytest.mark.parametrize("path", ["/nothing", "/trials/NCT01234567/x/y", "//a//b", "/a%2Fb/c"])
def test_an_error_is_a_page_for_people_and_json_for_programs(server: WebServer, path: str) -> None:
    got = get(server, path)
    assert (got.status, got.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert got.headers["cache-control"] == "no-store"
    assert "<h1>There is no such page</h1>" in got.html
    root = "../" * (path.count("/") - 1) or "./"
    assert f'<a class="brand" href="{root}">' in got.html
    status, headers, body = ask(server.address, path)
    assert (status, headers["content-type"]) == (404, "application/json")
    assert json.loads(body)["status"] == "refused"


def test_about_says_how_much_there_is_and_how_fresh(server: WebServer) -> None:
    text = get(server, "/about").html
    assert "<dt>Last complete reading</dt><dd>none yet</dd>" in text
    assert "<dt>Trials</dt><dd>0</dd>" in text


def test_a_store_that_cannot_be_read_is_a_page_that_says_later(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none' / 'monitor.db'}"
    with site_of(url) as serving:
        got = get(serving, "/about")
    assert (got.status, got.headers["retry-after"]) == (503, "10")
    assert "try again later" in got.html
    assert str(tmp_path) not in got.html
