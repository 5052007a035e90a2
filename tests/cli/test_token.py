"""Tokens by command: shown once, listed without their secret, ended for good."""

import sqlite3
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import time_machine

from monitor.app.tokens import check_token
from monitor.app.wiring import App
from tests.cli.calls import NOON, Monitor


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def anywhere(request: pytest.FixtureRequest, monitor: Monitor) -> Monitor:
    """Return the command line on a store of each kind, which knows ana."""
    monitor.url = request.getfixturevalue(request.param)
    monitor.answer("subscriber", "add", "ana")
    return monitor


def app_of(monitor: Monitor, at: datetime) -> App:
    environ = {"MONITOR_DATABASE_URL": monitor.url}
    app = App.configured(None, environ=environ)
    return App(settings=app.settings, now=lambda: at)


def is_let_in(monitor: Monitor, secret: str, at: datetime = NOON) -> bool:
    return check_token(app_of(monitor, at), secret) is not None


def test_a_token_lets_in_until_it_is_revoked(anywhere: Monitor) -> None:
    made = anywhere.json("token", "add", "dashboard")
    assert (made["name"], made["subscriber"], made["operator"]) == ("dashboard", None, False)
    secret = made["token"]
    assert len(secret) >= 43
    for wrong in ("", secret[:-1], f"{secret}x", sha256(secret.encode()).hexdigest(), "\ud800"):
        assert not is_let_in(anywhere, wrong)
    assert is_let_in(anywhere, secret)
    [listed] = anywhere.json("token", "list")
    assert listed["last_used_on"] == "2026-03-02"
    anywhere.answer("token", "revoke", "dashboard")
    assert not is_let_in(anywhere, secret)
    assert anywhere.json("token", "list") == []
    [listed] = anywhere.json("token", "list", "--all")
    assert listed["revoked_at"] is not None
    assert "there is no token" in anywhere.complaint("token", "revoke", "dashboard", code=3)


def test_a_token_is_over_at_its_end(anywhere: Monitor) -> None:
    with time_machine.travel(NOON, tick=False):
        secret = anywhere.json("token", "add", "short", "--until", "7d")["token"]
        assert "is past" in anywhere.complaint("token", "add", "x", "--until", "2026-03-01", code=2)
    end = datetime(2026, 3, 9, 23, 59, tzinfo=UTC)
    assert is_let_in(anywhere, secret, end)
    assert not is_let_in(anywhere, secret, end + timedelta(minutes=1))


def test_a_token_of_somebody_ends_with_them(anywhere: Monitor) -> None:
    secret = anywhere.json("token", "add", "laptop", "--subscriber", "ana")["token"]
    assert is_let_in(anywhere, secret)
    anywhere.answer("subscriber", "remove", "ana")
    assert not is_let_in(anywhere, secret)
    complaint = anywhere.complaint("token", "add", "other", "--subscriber", "ana", code=3)
    assert "there is no subscriber 'ana'" in complaint
    assert anywhere.json("subscriber", "forget", "ana", "--yes")["erased"]["tokens"] == 1
    assert anywhere.json("token", "list", "--all") == []


def test_a_name_is_one_token_at_a_time(anywhere: Monitor) -> None:
    first = anywhere.json("token", "add", "dashboard")["token"]
    assert "revoke" in anywhere.complaint("token", "add", "dashboard", code=2)
    anywhere.answer("token", "revoke", "dashboard")
    second = anywhere.json("token", "add", "dashboard")["token"]
    assert first != second
    assert [is_let_in(anywhere, one) for one in (first, second)] == [False, True]


def test_the_secret_is_shown_once_and_stored_nowhere(monitor: Monitor) -> None:
    secret = monitor.answer("token", "add", "dashboard").splitlines()[0]
    assert is_let_in(monitor, secret)
    for arguments in (("token", "list"), ("token", "list", "--json"), ("token", "list", "--csv")):
        shown = monitor.answer(*arguments)
        assert "dashboard" in shown
        assert secret not in shown
    path = Path(monitor.url.removeprefix("sqlite:///"))
    stored = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    assert sha256(secret.encode()).digest() in stored
    assert secret.encode() not in stored


def test_who_writes_meanwhile_keeps_nobody_out(monitor: Monitor) -> None:
    secret = monitor.json("token", "add", "dashboard")["token"]
    with sqlite3.connect(monitor.url.removeprefix("sqlite:///")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert is_let_in(monitor, secret)
    assert [one["last_used_on"] for one in monitor.json("token", "list")] == [None]
    assert is_let_in(monitor, secret)
    assert [one["last_used_on"] for one in monitor.json("token", "list")] == ["2026-03-02"]
