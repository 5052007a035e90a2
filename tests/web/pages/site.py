"""The site of a store, served in this process, and what a browser asks of it."""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import NamedTuple

from monitor.app import App
from monitor.web.server import WebServer
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls
from tests.web.serving import LOOPBACK, answering, served

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


class Got(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def html(self) -> str:
        return self.body.decode()

    @property
    def text(self) -> str:
        """What is read of a page, without tags, its blanks one each."""
        return " ".join(re.sub("<[^>]*>", "", self.html).split())


class PageParts(HTMLParser):
    """The elements, attributes and links of a page; elements that are not closed are an error."""

    _VOID = frozenset({"meta", "link", "input", "br", "path", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "action"}]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self._VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._VOID:
            assert self._open.pop() == tag


@contextmanager
def site_of(url: str, **environ: str) -> Iterator[WebServer]:
    """Serve the site of a store, by default settings."""
    app = App.configured(None, environ={"MONITOR_DATABASE_URL": url, **environ})
    routes = site_routes(StoreCalls(lambda: app), host=LOOPBACK)
    with served(answering(), routes) as server:
        yield server


def get(server: WebServer, path: str, **headers: str) -> Got:
    """Return what a browser gets."""
    connection = http.client.HTTPConnection(*server.address, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept": HTML, **headers})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, found, answer.read())
    finally:
        connection.close()
