"""The pages that ``./run pictures`` takes pictures of: of the seed trials, and people's own."""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.web.server import WebServer
from tests.ingest.world import NCT
from tests.web.pages.site import get, site_of
from tests.web.people import link, readers
from tests.web.test_operator import operated

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
    with TemporaryDirectory() as folder:
        yield from _own_pages(Path(folder))


def _own_pages(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what a reader sees of their own, and the operator."""
    with readers(folder, f"sqlite:///{folder / 'readers.db'}") as there:
        manage = there.subscribe()
        there.monitored.change()
        why = link(there.deliver()[-1], "/why/")
        shown = (("subscribe", f"/subscribe?nct_id={NCT}"), ("manage", manage), ("why", why))
        yield from ((name, page_in_frame(there.server, path)) for name, path in shown)
    with operated(folder, f"sqlite:///{folder / 'operated.db'}") as ours:
        cookie = ours.entered().headers["Cookie"]
        html = page_in_frame(ours.server, "/operator", Cookie=cookie)
        yield "operator", html.replace(str(folder), "/srv/records")
