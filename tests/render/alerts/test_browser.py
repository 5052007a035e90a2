"""The HTML mail in a real browser: on a phone and a desktop, in light and dark."""

from pathlib import Path

import pytest

from monitor.render.alerts import render
from tests.render.alerts import samples
from tests.render.alerts.browser import CHROMIUM, HeadlessBrowser
from tests.render.alerts.test_hostile import ALL

WITHOUT = "there is no chromium here (./run browser installs it): HTML mails are not looked at"
# A title without a place to break, and all sorts of events.
LONG = {**samples.eventful(), "identificationModule.briefTitle": f"{'W' * 120} {ALL}"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> HeadlessBrowser:
    """Return the browser, or skip."""
    if CHROMIUM is None:
        pytest.skip(WITHOUT)
    return HeadlessBrowser(program=CHROMIUM, folder=tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def html() -> str:
    """Return a digest with an eventful trial, plain ones, and ones told in a line each."""
    others = samples.many(30, samples.eventful())
    about = {"public_url": samples.MONITOR, "unsubscribe_url": f"{samples.MONITOR}/unsubscribe"}
    return render(samples.digest(*samples.updated(LONG).alerts, *others, **about)).html


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1024])
def test_nothing_sticks_out_and_every_word_can_be_read(
    browser: HeadlessBrowser, html: str, width: int, scheme: str
) -> None:
    found = browser.measured(html, width=width, scheme=scheme)
    assert found["width"] == width
    assert found["scrolls"] <= width
    assert found["out"] == []
    assert found["faint"] == []
    assert found["card"] <= 640
    assert found["card"] >= min(width, 600) - 2
    dark = sum(found["page"][:3]) < 3 * 64
    assert dark == (scheme == "dark")


def test_a_picture_can_be_taken(browser: HeadlessBrowser, html: str, tmp_path: Path) -> None:
    picture = tmp_path / "alert.png"
    browser.shoot(html, picture, width=390, height=640, scheme="light")
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (390, 640)
