"""The operator's page: for who shows an operator's token, and nobody else."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin

import orjson
import pytest

from monitor.app.tokens import add_token, revoke_token
from monitor.model.gate import GONE, GateState, HeldRecords
from monitor.model.messages import MessageState
from monitor.model.tracking import SourceRow
from monitor.web.pages.operator import operator_routes
from monitor.web.server import WebServer
from monitor.web.store_calls import StoreCalls
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.web.people import FormBrowser
from tests.web.serving import answering, served


@dataclass
class Operated:
    """A monitor with something to decide, its operator's page, and a token."""

    monitored: Monitored
    server: WebServer
    secret: str

    def browser(self, **headers: str) -> FormBrowser:
        return FormBrowser(self.server, **headers)

    def entered(self) -> FormBrowser:
        """Return a browser in which the token was shown once."""
        came = self.browser().send("/operator", token=self.secret)
        assert (came.status, came.headers["location"]) == (303, "operator")
        cookie = came.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert self.secret not in cookie
        return self.browser(Cookie=cookie.partition(";")[0])


@contextmanager
def operated(folder: Path, url: str, web: str = "") -> Iterator[Operated]:
    monitored = Monitored(folder, url)
    lost = folder_channel(folder, "box").replace(str(folder / "box"), "/proc/none")
    file = monitored.configure(lost, subscription("ana", "box"), attempts=1)
    file.write_text(f"[web]\n{web}\n" + file.read_text("utf-8"), "utf-8")
    monitored.begin()
    monitored.change()
    monitored.deliveries().deliver_due(stop=threading.Event())
    bad = folder / "bad.json"
    bad.write_bytes(orjson.dumps({"protocolSection": {"identificationModule": {"nctId": 7}}}))
    monitored.app.ingest([bad])
    app = monitored.app
    _, secret = add_token(app, "on-call", subscriber=None, operator=True, until=None)
    with served(answering(), operator_routes(StoreCalls(lambda: app))) as server:
        yield Operated(monitored, server, secret)


@pytest.fixture
def there(store_url: str, tmp_path: Path) -> Iterator[Operated]:
    with operated(tmp_path, store_url) as found:
        yield found


@pytest.fixture
def here(sqlite_url: str, tmp_path: Path) -> Iterator[Operated]:
    with operated(tmp_path, sqlite_url) as found:
        yield found


def messages(there: Operated) -> list[str]:
    with there.monitored.app.reader() as reader:
        return [one.state.value for one in reader.outbox.messages()]


def test_who_shows_a_token_sees_how_the_monitor_stands_and_decides(there: Operated) -> None:
    assert messages(there) == ["dead"]
    browser = there.entered()
    page = browser.get("/operator")
    assert page.status == 200
    assert "Dead letters" in page.text
    assert "bad.json" in page.text
    assert "ana active config 1" in page.text
    [again, drop] = [page.fields(at) for at in range(2)]
    assert (again["do"], drop["do"]) == ("retry message", "drop message")
    assert "Done." in browser.post("/operator", **again).text
    assert messages(there) == [MessageState.WAITING.value]
    assert "Done." in browser.post("/operator", **drop).text
    assert messages(there) == [MessageState.DROPPED.value]
    gone = browser.post("/operator", **drop)
    assert gone.status == 404
    with there.monitored.app.reader() as reader:
        [entry] = reader.quarantine()
    unread = browser.post("/operator", do="retry entry", about=str(entry.id))
    assert (unread.status, "still cannot be read" in unread.text) == (400, True)
    browser.post("/operator", do="drop entry", about=str(entry.id))
    with there.monitored.app.reader() as reader:
        assert reader.quarantine() == []


def test_what_is_held_of_a_source_is_accepted(there: Operated) -> None:
    app = there.monitored.app
    held = HeldRecords.of(GONE, ["NCT09000002"])
    gate = GateState(
        reason="half of it is gone", records=1, judged=2, causes=(held,),
        since=there.monitored.clock.at,
    )  # fmt: skip
    with app.store() as store, store.transaction() as tx:
        tx.sources.store_row(SourceRow(name="registry", type="ctgov"))
        tx.sources.put_state(
            GateState.state_key("registry"), "", gate.as_state(), at=there.monitored.clock.at
        )
    browser = there.entered()
    page = browser.get("/operator")
    assert "held:" in page.text
    done = browser.post("/operator", do="accept", about="registry")
    assert "accepted, goes through with the next pass" in done.text


def test_the_page_has_its_style_sheet_where_readers_have_a_listener_of_their_own(
    here: Operated,
) -> None:
    [sheet] = re.findall(
        r'<link rel="stylesheet" href="([^"]+)">', here.entered().get("/operator").html
    )
    answer = here.browser().get(urljoin("/operator", sheet))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize("shown", ["", "tm_wrong", "reader's"])
def test_nobody_else_sees_anything(here: Operated, shown: str) -> None:
    app = here.monitored.app
    _, reader = add_token(app, "dashboard", subscriber=None, operator=False, until=None)
    secret = reader if shown == "reader's" else shown
    for browser in (
        here.browser(),
        here.browser(Authorization=f"Bearer {secret}"),
        here.browser(Cookie="monitor_operator=x.y"),
    ):
        page = browser.get("/operator")
        assert (page.status, "Dead letters" in page.text) == (401, False)
        refused = browser.post("/operator", do="drop message", about="1")
        assert refused.status == 401
    assert here.browser().post("/operator", token=secret or "x").status == 401
    assert messages(here) == ["dead"]


def test_a_token_serves_programs_and_its_cookie_ends_with_it(here: Operated) -> None:
    assert here.browser(Authorization=f"Bearer {here.secret}").get("/operator").status == 200
    browser = here.entered()
    assert browser.get("/operator").status == 200
    app = here.monitored.app
    revoke_token(app, "on-call")
    assert browser.get("/operator").status == 401
    later = replace(app, now=lambda: here.monitored.clock.at.replace(year=2027))
    add_token(later, "on-call", subscriber=None, operator=True, until=None)
    assert browser.get("/operator").status == 401


def test_a_cookie_ends_after_some_hours_and_when_one_leaves(here: Operated) -> None:
    browser = here.entered()
    left = browser.send("/operator", do="leave")
    assert 'monitor_operator=""' in left.headers["set-cookie"]
    here.monitored.clock.move(hours=9)
    assert browser.get("/operator").status == 401


def test_a_form_of_another_site_decides_nothing(here: Operated) -> None:
    evil = here.entered()
    evil.headers["Origin"] = "https://evil.example"
    assert evil.post("/operator", do="drop message", about="1").status == 403
    assert messages(here) == ["dead"]


def test_a_name_that_is_not_this_machine_s_leads_nowhere(here: Operated) -> None:
    browser = here.entered()
    for name, status in (("evil.example", 404), ("localhost:8080", 200), ("[::1]:8080", 200)):
        browser.headers["Host"] = name
        assert browser.get("/operator").status == status


@pytest.mark.parametrize(
    ("web", "status"),
    [
        ('trusted_proxies = ["127.0.0.1"]\noperator_header = "X-Operator"', 200),
        ('trusted_proxies = ["127.0.0.2"]\noperator_header = "X-Operator"', 401),
        ('trusted_proxies = ["127.0.0.1"]', 401),
    ],
)
def test_a_trusted_proxy_names_the_operator_where_that_is_set(
    sqlite_url: str, tmp_path: Path, web: str, status: int
) -> None:
    with operated(tmp_path, sqlite_url, web) as one:
        assert one.browser(**{"X-Operator": "ana"}).get("/operator").status == status
        assert one.browser(**{"X-Operator": " "}).get("/operator").status == 401
