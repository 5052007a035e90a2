"""Who is let in over HTTP, and how often."""

import base64
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as replaced
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monitor.app.logs import configure
from monitor.app.tokens import add_token, revoke_token
from monitor.app.wiring import App
from monitor.settings import LogSettings, Settings, StoreSettings, WebSettings
from monitor.web.access import Access, token_of
from monitor.web.rates import RequestRates, network_of
from monitor.web.site import Site
from monitor.web.store_calls import StoreCalls
from tests.cli.calls import NOON
from tests.web.serving import answering, ask, served

OUTSIDE = "0.0.0.0"  # noqa: S104  # nothing listens there: it is what the settings are asked


class GuardedSite:
    """A monitor whose settings and clock a test changes, and what it protects."""

    def __init__(self, url: str) -> None:
        settings = Settings(store=StoreSettings(url=url))
        self.app = App(settings=settings, now=lambda: NOON)
        with self.app.store():
            pass

    def set(self, **web: Any) -> None:
        settings = replaced(self.app.settings, web=WebSettings(**web))
        self.app = replace(self.app, settings=settings)

    def token(self, name: str = "dashboard", **about: Any) -> str:
        given = {"subscriber": None, "operator": False, "until": None, **about}
        return add_token(self.app, name, **given)[1]

    def site(self, host: str) -> Site:
        async def who(request: Request) -> Response:
            token = token_of(request)
            return PlainTextResponse("anybody" if token is None else token.name)

        access = Access(StoreCalls(lambda: self.app), host=host, clock=lambda: 0.0)
        return access.protect([Route("/who", who, methods=["GET"])])


@pytest.fixture
def monitored(sqlite_url: str) -> GuardedSite:
    return GuardedSite(sqlite_url)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def basic(secret: str, user: str = "me") -> dict[str, str]:
    credentials = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return {"authorization": f"basic {credentials}"}


def answers(
    monitored: GuardedSite, *asked: Mapping[str, str], host: str = "127.0.0.1"
) -> list[tuple[int, str]]:
    """Return status and words of the answers to requests with these headers."""
    found = []
    with served(answering(), monitored.site(host)) as server:
        for headers in asked:
            status, _, body = ask(server.address, "/who", headers=headers)
            found.append((status, body.decode()))
    return found


def test_by_the_listener_s_address_a_token_is_needed_or_not(monitored: GuardedSite) -> None:
    secret = monitored.token()
    assert answers(monitored, {}, bearer(secret)) == [(200, "anybody"), (200, "dashboard")]
    [(status, _), let_in] = answers(monitored, {}, bearer(secret), host=OUTSIDE)
    assert (status, let_in) == (401, (200, "dashboard"))
    monitored.set(access="token")
    assert [status for status, _ in answers(monitored, {}, bearer(secret))] == [401, 200]
    monitored.set(access="open")
    assert answers(monitored, {}, host=OUTSIDE) == [(200, "anybody")]


def test_a_token_may_come_as_a_password(monitored: GuardedSite) -> None:
    secret = monitored.token()
    monitored.set(access="token")
    found = answers(monitored, basic(secret), basic(secret, user=""), basic("x"))
    assert [status for status, _ in found] == [200, 200, 401]


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic", "Basic ?", "Basic /w==", "Digest x", "", "Bearer tm_\xff"],
)
def test_a_header_that_holds_no_token_is_refused_where_all_may_read(
    monitored: GuardedSite, header: str
) -> None:
    [(status, words)] = answers(monitored, {"Authorization": header})
    assert status == 401
    assert json.loads(words)["detail"].startswith("the token is unknown")


def test_a_refusal_is_a_problem_that_says_how_to_ask(monitored: GuardedSite) -> None:
    monitored.set(access="token")
    with served(answering(), monitored.site("127.0.0.1")) as server:
        _, headers, body = ask(server.address, "/who")
        assert headers["content-type"] == "application/problem+json"
        assert headers["cache-control"] == "no-store"
        challenge = headers["www-authenticate"]
        assert challenge.startswith('Bearer realm="trial monitor", Basic realm=')
        problem = json.loads(body)
        assert (problem["status"], problem["title"]) == (401, "Unauthorized")
        _, headers, body = ask(server.address, "/who", headers=bearer("planted-secret"))
        assert 'error="invalid_token"' in headers["www-authenticate"]
        assert b"planted" not in body


def test_revoked_and_over_is_refused_at_once(monitored: GuardedSite) -> None:
    one, other = monitored.token("one"), monitored.token("other", until=NOON + timedelta(hours=1))
    monitored.set(access="token")
    with served(answering(), monitored.site("127.0.0.1")) as server:

        def statuses() -> list[int]:
            return [ask(server.address, "/who", headers=bearer(by))[0] for by in (one, other)]

        assert statuses() == [200, 200]
        revoke_token(monitored.app, "one")
        assert statuses() == [401, 200]
        monitored.app = replace(monitored.app, now=lambda: NOON + timedelta(hours=1))
        assert statuses() == [401, 401]


def test_who_asks_too_often_waits(monitored: GuardedSite) -> None:
    secret = monitored.token()
    monitored.set(requests_per_minute=2)
    with served(answering(), monitored.site("127.0.0.1")) as server:
        assert [ask(server.address, "/who")[0] for _ in range(3)] == [200, 200, 429]
        _, headers, body = ask(server.address, "/who", headers=bearer("guess"))
        assert headers["retry-after"] == "30"
        assert json.loads(body)["title"] == "Too Many Requests"
        assert ask(server.address, "/who", headers=bearer(secret))[0] == 200  # it counts by itself
        assert ask(server.address, "/healthz")[0] == 200


def test_behind_a_trusted_proxy_each_client_counts_by_itself(monitored: GuardedSite) -> None:
    monitored.set(requests_per_minute=1)
    by = [{"X-Forwarded-For": f"198.51.100.9, 192.0.2.{number}"} for number in (1, 2, 2)]
    assert [status for status, _ in answers(monitored, *by)] == [200, 429, 429]
    monitored.set(requests_per_minute=1, trusted_proxies=("127.0.0.1",))
    assert [status for status, _ in answers(monitored, *by)] == [200, 200, 429]


def test_a_store_that_cannot_be_read_is_told_to_nobody_outside(monitored: GuardedSite) -> None:
    monitored.app = monitored.app.with_store("sqlite:////nowhere/store.db")
    monitored.set(access="token")
    [(status, words)] = answers(monitored, bearer("x"))
    assert status == 503
    assert "nowhere" not in words


def test_rates_are_refilled_evenly_and_bounded() -> None:
    at = [0.0]
    rates = RequestRates(lambda: at[0])
    assert [rates.take("a", 60) for _ in range(60)] == [0.0] * 60
    assert rates.take("a", 60) == pytest.approx(1.0)
    assert rates.take("b", 60) == 0.0
    at[0] = 0.5
    assert rates.take("a", 60) == pytest.approx(0.5)
    at[0] = 1.0
    assert rates.take("a", 60) == 0.0
    at[0] = 1_000.0
    assert [rates.take("a", 60) > 0 for _ in range(61)] == [False] * 60 + [True]
    assert rates.take("a", 0) == 0.0
    for number in range(10_001):
        rates.take(f"client {number}", 60)
    assert rates.take("a", 60) == 0.0  # forgotten: so many others asked since


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_of_ipv6_a_network_is_one_client(host: str, network: str) -> None:
    assert network_of(host) == network


def test_no_token_is_logged_or_answered(
    monitored: GuardedSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a valid one, nor one whose use cannot be noted, nor a wrong one."""
    configure(LogSettings(level="debug"))
    secret = monitored.token()
    path = monitored.app.settings.store.url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        found = answers(monitored, bearer(secret), basic(secret), bearer(f"{secret}x"))
    assert [status for status, _ in found] == [200, 200, 401]
    logged = capsys.readouterr().err
    assert "use of a token not recorded" in logged
    for text in (logged, *(words for _, words in found)):
        assert secret not in text
