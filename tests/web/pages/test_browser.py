"""The pages in a real browser: accessible, nothing out of the page, light and dark."""

import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from monitor.web.server import WebServer
from tests.ingest.world import NCT
from tests.render.alerts.browser import CHROMIUM, HeadlessBrowser
from tests.web.pages.conftest import VERSIONS, WIDEST
from tests.web.pages.pictures import page_in_frame
from tests.web.people import ADDRESS, Readers, link, readers
from tests.web.test_operator import operated

AXE = "axe-core@4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
WIDTHS = (320, 700, 1600)
SEEDED = "NCT06733935"
SEEDED_PAGES = (
    "/", "/trials", "/trials?study_type=INTERVENTIONAL", "/about", "/nothing", f"/trials/{SEEDED}",
    f"/trials/{SEEDED}/versions/1", f"/trials/{SEEDED}/compare/1..2",
)  # fmt: skip
WIDE = f"/trials/{WIDEST}"
WIDE_PAGES = (
    "/?min_severity=low", WIDE, f"{WIDE}/compare/1..{VERSIONS}",
    f"{WIDE}/compare/1..{VERSIONS}?columns=1", f"{WIDE}/versions/1?page=2",
)  # fmt: skip

# What sticks out at the right, what takes the keyboard out of turn, and what axe finds.
MEASURE = """
<script>
const out = [...document.body.querySelectorAll('*')].filter(e =>
  e.getBoundingClientRect().right > innerWidth + .5 && !e.closest('.hidden,.skip,.wide'));
const found = { scrolls: document.documentElement.scrollWidth - innerWidth,
  out: out.map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 40)),
  turns: document.querySelectorAll('[tabindex]:not([tabindex="0"]):not([tabindex="-1"])').length,
  first: document.querySelector('a,button,input,select,summary').className };
</script>
"""
SAY = "<script>parent.found(frameElement, found)</script>"
ASK_AXE = """
<script src="{axe}"></script>
<script>
const brief = one => [one.id, one.help, one.nodes.map(node => node.html.slice(0, 160)).slice(0, 3)];
axe.run().then(told => parent.found(frameElement, {{ ...found, axe: told.violations.map(brief) }}));
</script>
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> HeadlessBrowser:
    """Return a browser; skip visibly without one."""
    if CHROMIUM is None:
        pytest.skip(
            "there is no chromium here (./run browser installs it): pages are not looked at"
        )
    return HeadlessBrowser(program=CHROMIUM, folder=tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the script of axe-core; skip visibly where it cannot be had."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here: accessibility is not checked by axe-core")
    folder = tmp_path_factory.mktemp("axe")
    requested = ["npm", "pack", AXE, "--silent", "--ignore-scripts", f"--pack-destination={folder}"]
    done = subprocess.run(requested, capture_output=True, cwd=folder, timeout=120, check=False)
    packed = next(folder.glob("*.tgz"), None)
    if done.returncode or packed is None:
        pytest.skip(f"npm cannot fetch {AXE} here: accessibility is not checked by axe-core")
    assert sha256(packed.read_bytes()).hexdigest() == AXE_SHA256
    with tarfile.open(packed) as archive:
        archive.extract("package/axe.min.js", folder, filter="data")
    return folder / "package" / "axe.min.js"


@pytest.fixture(scope="module")
def people_site(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[WebServer, tuple[str, ...]]]:
    """Serve the pages of somebody who subscribed, paused and silenced something; their paths."""
    folder = tmp_path_factory.mktemp("people")
    with readers(folder, f"sqlite:///{folder / 'monitor.db'}") as there:
        yield there.server, people_pages(there)


@pytest.fixture(scope="module")
def operator_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WebServer, str]]:
    """Serve an operator's page on which there is something to decide; what lets somebody in."""
    folder = tmp_path_factory.mktemp("operator")
    with operated(folder, f"sqlite:///{folder / 'monitor.db'}") as there:
        yield there.server, there.entered().headers["Cookie"]


def pages_of(request: pytest.FixtureRequest, pages: str) -> dict[str, str]:
    """Return the pages that are looked at, by their paths."""
    if pages == "operator":
        server, cookie = request.getfixturevalue("operator_site")
        return {
            "/operator, entrance": page_in_frame(server, "/operator"),
            "/operator": page_in_frame(server, "/operator", Cookie=cookie),
        }
    if pages == "people":
        server, paths = request.getfixturevalue("people_site")
    else:
        server = request.getfixturevalue(f"{pages}_site")
        paths = SEEDED_PAGES if pages == "seeds" else WIDE_PAGES
    return {path: page_in_frame(server, path) for path in paths}


def people_pages(there: Readers) -> tuple[str, ...]:
    """Return the paths of all that a reader sees of their own."""
    path = there.subscribe()
    there.monitored.change()
    alert = there.deliver()[-1]
    [first, *_] = re.findall(r'name="subscription" value="(\d+)"', there.browser.get(path).html)
    there.browser.post(path, do="pause", subscription=first, until="2030-01-01")
    there.browser.post(path, do="silence", nct_id=NCT, until="2030-01-01")
    there.browser.post("/subscribe", address=ADDRESS, condition="lupus")
    pending = link(there.deliver()[-1], "/subscribe/")
    own = ("/unsubscribe/", "/why/")
    return ("/subscribe", f"/subscribe?nct_id={NCT}", "/subscribe?condition=...", pending,
            f"{path}?done=pause", *(link(alert, beginning) for beginning in own))  # fmt: skip


def looked_at(
    browser: HeadlessBrowser, pages: dict[str, str], widths: tuple[int, ...], scheme: str,
    script: str,
) -> dict[tuple[str, int], dict[str, Any]]:  # fmt: skip
    """Return what a script finds of each page at each width."""
    requested = [(path, width) for path in pages for width in widths]
    htmls = [(pages[path] + MEASURE + script, width) for path, width in requested]
    found = browser.run_scripts(htmls, scheme=scheme)
    return dict(zip(requested, found, strict=True))


@pytest.mark.parametrize("pages", ["seeds", "wide", "people", "operator"])
def test_nothing_leaves_the_page_at_any_width(
    browser: HeadlessBrowser, request: pytest.FixtureRequest, pages: str
) -> None:
    shown = pages_of(request, pages)
    for about, found in looked_at(browser, shown, WIDTHS, "light", SAY).items():
        assert (about, found["out"][:5], found["scrolls"]) == (about, [], 0)
        assert (found["turns"], found["first"]) == (0, "skip")


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1100)])
@pytest.mark.parametrize("pages", ["seeds", "wide", "people", "operator"])
def test_axe_finds_nothing(
    browser: HeadlessBrowser,
    axe: Path,
    request: pytest.FixtureRequest,
    pages: str,
    scheme: str,
    width: int,
) -> None:
    shown = pages_of(request, pages)
    script = ASK_AXE.format(axe=axe.as_uri())
    for about, found in looked_at(browser, shown, (width,), scheme, script).items():
        assert (about, found["axe"]) == (about, [])
