"""What a person does, in a real browser, with a real mail server: from a search to a pause."""

from pathlib import Path

import pytest

from tests.ingest.world import NCT
from tests.render.alerts.browser import CHROMIUM
from tests.web.driven_browser import driven
from tests.web.people import ADDRESS, link, readers


@pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium here (./run browser installs it): no browser"
)
def test_who_finds_a_trial_compares_its_versions_subscribes_gets_the_mail_and_pauses(
    sqlite_url: str, tmp_path: Path
) -> None:
    assert CHROMIUM is not None
    with readers(tmp_path, sqlite_url) as there, driven(CHROMIUM, tmp_path) as browser:
        there.monitored.change(times=2)
        site = there.browser.headers["Origin"]
        browser.open(f"{site}/trials")
        browser.fill("text", "thing")
        browser.click("Show")
        browser.click("A study of a thing")
        assert "What changed" in browser.read()
        assert "Enrollment target: 100 → 101" in browser.read("document.body.textContent")

        browser.click("Compare")
        assert "/compare/" in browser.read("location.pathname")
        marked = "[...document.querySelectorAll('{}')].map(one => one.textContent).join(' ')"
        assert "100" in browser.read(marked.format("del"))
        assert "102" in browser.read(marked.format("ins"))

        browser.open(f"{site}/trials/{NCT}")
        browser.click("Subscribe by mail")
        browser.fill("every", "at once")
        browser.fill("address", ADDRESS)
        browser.click("Send me the mail")
        assert "Look for a mail" in browser.read()
        [mail] = there.deliver()
        browser.open(site + link(mail, "/subscribe/"))
        assert NCT in browser.read()
        browser.click("Confirm")
        assert "Your subscriptions" in browser.read()

        there.monitored.change()
        [alert] = there.deliver()
        browser.open(site + link(alert, "/manage/"))
        browser.click("Pause")
        assert "Paused" in browser.read()
        there.monitored.change()
        assert there.deliver() == []
