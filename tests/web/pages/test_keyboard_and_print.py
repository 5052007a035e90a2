"""The pages by keyboard alone, on paper, and without the style sheet, in a real browser."""

import base64
from collections.abc import Iterator

import pytest

from tests.ingest.world import NCT
from tests.render.alerts.browser import CHROMIUM
from tests.web.driven_browser import DrivenBrowser, driven
from tests.web.people import Readers, readers

PAGES = ("/", "/trials", f"/trials/{NCT}", f"/trials/{NCT}/compare/1..2", "/subscribe", "MANAGE")
# What a keyboard has to reach, in the order in which it stands there.
CONTROLS = """
[...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,summary,[tabindex="0"]')]
  .filter(e => e.checkVisibility() && !e.closest('details:not([open]) > :not(summary)'))
  .map(NAME)
"""
NAME = """(e => [e.tagName, e.name || e.getAttribute("href"), e.textContent.trim().slice(0, 30)]
  .join(' '))"""
FOCUS = """
(() => { const e = document.activeElement, style = getComputedStyle(e);
  return [NAME(e), style.outlineStyle != 'none' && parseFloat(style.outlineWidth) > 0]; })()
"""
HIDDEN_ON_PAPER = """
[...document.querySelectorAll('body > header, body > footer, form, .links, .skip')]
  .filter(e => e.checkVisibility()).length
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    folder = tmp_path_factory.mktemp("keyboard")
    with readers(folder, f"sqlite:///{folder / 'monitor.db'}") as found:
        found.monitored.change()
        yield found


@pytest.fixture(scope="module")
def manage(there: Readers) -> str:
    return there.subscribe()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrivenBrowser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium here (./run browser installs it): no keyboard")
    with driven(CHROMIUM, tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(params=PAGES)
def opened(
    request: pytest.FixtureRequest, browser: DrivenBrowser, there: Readers, manage: str
) -> DrivenBrowser:
    path = manage if request.param == "MANAGE" else request.param
    browser.open(there.browser.headers["Origin"] + path)
    return browser


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    opened: DrivenBrowser,
) -> None:
    expected = opened.read(CONTROLS.replace("NAME", NAME))
    assert expected
    reached: list[str] = []
    # A field for a time has parts that are reached one by one.
    while len(reached) < len(expected):
        opened.press("Tab")
        name, is_marked = opened.read(FOCUS.replace("NAME", NAME))
        assert is_marked, name
        if reached[-1:] != [name] or expected[len(reached) : len(reached) + 1] == [name]:
            reached.append(name)
    assert reached == expected
    assert expected[0].endswith("Skip to the content")


def test_on_paper_stands_what_is_read_and_nothing_to_click(opened: DrivenBrowser) -> None:
    heading = "document.querySelector('h1').checkVisibility()"
    assert opened.read(HIDDEN_ON_PAPER) > 0
    with opened.on_paper():
        assert opened.read(HIDDEN_ON_PAPER) == 0
        assert opened.read(heading) is True
        assert opened.read("document.documentElement.scrollWidth <= innerWidth") is True
        # What is folded on the screen cannot be opened on paper.
        folded = "[...document.querySelectorAll('main details td')].every(e => e.checkVisibility())"
        assert opened.read(folded) is True
    assert base64.b64decode(opened.pdf()).startswith(b"%PDF-")


def test_without_the_style_sheet_it_reads_from_the_top(opened: DrivenBrowser) -> None:
    opened.read("document.querySelectorAll('link[rel=stylesheet],style').forEach(e => e.remove())")
    seen = opened.read("document.body.innerText")
    heading = opened.read("document.querySelector('h1').innerText")
    assert seen.index("Skip to the content") < seen.index(heading)
    assert opened.read(
        "[...document.querySelectorAll('form')].every(e => e.checkVisibility()"
        " || e.closest('details:not([open])'))"
    )
