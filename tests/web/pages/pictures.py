"""The pages that ``./run pictures`` takes pictures of: those of the seed trials."""

import re
from collections.abc import Iterator

from monitor.web.server import WebServer
from tests.web.pages.site import get, site_of

SHOWN = "NCT06733935"


def page_in_frame(server: WebServer, path: str, **headers: str) -> str:
    """Return a page with its style sheet in it, for where it has no address."""
    html = get(server, path, **headers).html
    [sheet] = re.findall(r'<link rel="stylesheet" href="(?:[./]*/)?([^"]+)">', html)
    style = get(server, f"/{sheet}").html
    return re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{style}</style>", html)


def pages(url: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each page of a store of the seeds, and its HTML."""
    with site_of(url) as server:
        newest = re.findall(r"/changes/(\w+)\"", get(server, f"/trials/{SHOWN}").html)[0]
        for name, path in (
            ("lately", "/"),
            ("trials", "/trials?condition=lupus"),
            ("trial", f"/trials/{SHOWN}"),
            ("record", f"/trials/{SHOWN}/versions/2"),
            ("changes", f"/trials/{SHOWN}/changes/{newest}"),
            ("compare", f"/trials/{SHOWN}/compare/1..2"),
            ("about", "/about"),
            ("error", "/nothing"),
        ):
            yield name, page_in_frame(server, path)
