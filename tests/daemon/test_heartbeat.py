"""The heartbeat: who leads calls somebody outside, who would miss it."""

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.app import App, utc_now
from monitor.app.heartbeat import Heartbeat, problems
from monitor.errors import ConfigError
from monitor.model.tracking import SourceRow
from monitor.store.writer import open_store
from tests.channels.receiver import Receiver
from tests.cli.calls import Monitor
from tests.daemon.processes import Running, configure, eventually, folder_source
from tests.sources.http.loopback import Connection, Request, reply
from tests.store.test_snapshots import run_sql

KEY = "9c0f2a61-key-of-the-check"
EVERY = "heartbeat_every_s = 1\nheartbeat_allow_private = true\n"


@pytest.fixture
def outside() -> Iterator[Receiver]:
    """Return who is called."""
    with Receiver(reply(b"OK")) as receiver:
        yield receiver


def beating(
    folder: Path, url: str, to: Receiver | str, *sources: str, more: str = "", query: str = ""
) -> Path:
    """Write a configuration with a heartbeat."""
    place = to if isinstance(to, str) else f"http://127.0.0.1:{to.port}/ping/{KEY}{query}"
    keys = f'heartbeat_url = "{place}"\n{EVERY}{more}'
    return configure(folder, url, *sources, more=keys)


def app_of(config: Path) -> App:
    return App.configured(config, environ={})


def made(config: Path) -> App:
    """Return the monitor of a configuration, with an empty store."""
    app = app_of(config)
    with open_store(app.settings.store.url):
        return app


def calls(outside: Receiver) -> list[tuple[str, str, str]]:
    return [(one.method, one.target, one.body.decode()) for one in outside.posts]


def test_who_leads_calls_again_and_again_and_who_stands_by_does_not(
    tmp_path: Path, sqlite_url: str, outside: Receiver
) -> None:
    config = beating(tmp_path, sqlite_url, outside, folder_source("inbox", tmp_path))
    with Receiver(reply(b"OK")) as other, Running(config, name="first") as leader:
        leader.wait_for("leading")
        eventually(lambda: len(outside.posts) >= 2, what="two calls")
        beating(tmp_path, sqlite_url, other, folder_source("inbox", tmp_path))
        with Running(config, name="second") as second:
            second.wait_for("standing by")
            seen = len(outside.posts)
            eventually(lambda: len(outside.posts) >= seen + 2, what="two calls more")
            assert other.posts == [], "a stand-by is silent"
            leader.send(signal.SIGKILL)
            leader.ended()
            seen = len(outside.posts)
            eventually(lambda: other.posts, what="the other one's call")
            assert second.stop() == 0
        assert len(outside.posts) <= seen + 1
    assert set(calls(outside)) == {("POST", f"/ping/{KEY}", "")}
    assert KEY not in leader.written + second.written


def test_a_heartbeat_that_fails_is_logged_once_and_holds_nothing_up(
    tmp_path: Path, sqlite_url: str
) -> None:
    def hang(connection: Connection, request: Request) -> None:
        del request
        connection.hold()

    with Receiver(
        reply(b"no", status=500), reply(b"no", status=500), reply(b"OK"), hang
    ) as outside:
        config = beating(tmp_path, sqlite_url, outside, folder_source("inbox", tmp_path))
        with Running(config) as daemon:
            line = daemon.wait_for("heartbeat fails")
            assert "answered 500 no" in line["reason"]
            daemon.wait_for("heartbeat works again")
            assert len(daemon.entries("heartbeat fails")) == 1
            eventually(lambda: len(outside.posts) >= 4, what="a call that hangs")
            daemon.wait_for("pass finished", times=2 + len(daemon.entries("pass finished")))
            began = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - began < 9, "it does not wait for the call that hangs"
            assert KEY not in daemon.written


@pytest.mark.parametrize(
    ("query", "target"), [("", "/fail"), ("/", "/fail"), ("?create=1", "/fail?create=1")]
)
def test_what_is_overdue_is_told_below_the_url(
    tmp_path: Path, sqlite_url: str, outside: Receiver, query: str, target: str
) -> None:
    app = made(beating(tmp_path, sqlite_url, outside, query=query))
    heartbeat = Heartbeat()
    heartbeat.beat(app, {"inbox": 7_000.0})
    heartbeat.beat(app, {"inbox": 7_201.0})
    well, failing = calls(outside)
    assert well == ("POST", f"/ping/{KEY}{query}", "")
    assert failing == (
        "POST",
        f"/ping/{KEY}{target}",
        "the pass of the source inbox has not ended for 2:00:01",
    )


def test_a_source_that_was_not_read_and_messages_that_wait_are_overdue(
    tmp_path: Path, sqlite_url: str, outside: Receiver
) -> None:
    app = made(beating(tmp_path, sqlite_url, outside, folder_source("inbox", tmp_path)))
    with open_store(sqlite_url) as store, store.transaction() as tx:
        row = tx.sources.get("inbox") or SourceRow(name="inbox", type="files")
        tx.sources.store_row(replace(row, next_due_at=utc_now() - timedelta(hours=3)))
    assert [one.rpartition(" was due ")[0] for one in problems(app, {})] == ["the source inbox"]
    run_sql(
        sqlite_url,
        "INSERT INTO messages (key, uid, subscriber, channel, target, state, closed, due_at,"
        " attempts, created_at) VALUES ('k', 'k', 'ana', 'mail', '', 'waiting', 0,"
        " '2020-01-01T00:00:00.000000Z', 0, '2020-01-01T00:00:00.000000Z')",
    )
    assert problems(app, {})[1:] == ["messages by the channel mail are overdue"]
    assert "ana" not in " ".join(problems(app, {}))


def test_a_store_that_cannot_be_read_is_told(
    tmp_path: Path, sqlite_url: str, outside: Receiver
) -> None:
    app = app_of(beating(tmp_path, sqlite_url, outside))
    Heartbeat().beat(app, {})
    [(_, target, text)] = calls(outside)
    assert target.endswith("/fail")
    assert text.startswith("the store cannot be read: ")


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        (f"http://hc.example.org/{KEY}", "it begins with https://"),
        (f"https://127.0.0.1/{KEY}", "an address of a private or special range needs heartbeat_"),
        (f"https://ana:secret@hc.example.org/{KEY}", "a user name or a password in it"),
    ],
    ids=["no TLS", "private", "with a login"],
)
def test_an_address_of_ones_own_is_called_only_where_that_is_allowed(
    tmp_path: Path, sqlite_url: str, place: str, fault: str
) -> None:
    config = beating(tmp_path, sqlite_url, place)
    text = config.read_text("utf-8").replace("heartbeat_allow_private = true", "")
    config.write_text(text, "utf-8")
    result = Monitor(sqlite_url, tmp_path)("--config", str(config), "run")
    assert result.exit_code == 2
    assert f"[daemon] heartbeat_url: {fault}" in result.output
    assert KEY not in result.output


def test_a_wrong_url_is_not_shown(tmp_path: Path, sqlite_url: str) -> None:
    config = beating(tmp_path, sqlite_url, f"ftp://hc.example.org/{KEY}")
    with pytest.raises(ConfigError, match="heartbeat_url") as caught:
        app_of(config)
    assert KEY not in str(caught.value)
    fine = beating(tmp_path, sqlite_url, f"https://hc.example.org/{KEY}")
    assert KEY not in repr(app_of(fine).settings)


def test_the_doctor_connects_and_does_not_call(
    tmp_path: Path, sqlite_url: str, outside: Receiver
) -> None:
    config = beating(tmp_path, sqlite_url, outside)
    made(config)
    monitor = Monitor(sqlite_url, tmp_path)
    text = monitor("--config", str(config), "doctor", "--json").output
    assert f"http://127.0.0.1:{outside.port} answers; `monitor run` calls it" in text
    assert KEY not in text
    assert outside.posts == []
