"""``monitor channel``: what is configured, and whether it works."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.cli.calls import Monitor
from tests.cli.studies import study

SECRET = "T000s3cret"  # noqa: S105  # of nothing


@pytest.fixture
def hook() -> Iterator[tuple[str, list[bytes]]]:
    """Return the URL of a server that takes everything, and what it was sent."""
    taken: list[bytes] = []

    class Taking(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with http.server.HTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{SECRET}", taken
        server.shutdown()


QUIETLY = "[delivery]\nwelcome = false\n"


def configured(monitor: Monitor, text: str) -> Monitor:
    file = monitor.folder / "monitor.toml"
    file.write_text(text, "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(file)
    return monitor


@pytest.fixture
def three(monitor: Monitor) -> Monitor:
    """Return the command line with three channels, of which one lacks its secret."""
    return configured(
        monitor,
        f'[[channel]]\nname = "files"\ntype = "folder"\npath = "{monitor.folder / "out"}"\n'
        '[[channel]]\nname = "team"\ntype = "slack"\nurl = "${HOOK}"\nallow_private = true\n'
        '[[channel]]\nname = "mail"\ntype = "email"\nserver = "127.0.0.1:1"\nsecurity = "none"\n'
        'sender = "m@example.org"\nto = ["a@example.org", "b@example.org"]\n'
        '[delivery]\noperator = "files"\ntimeout_s = 5\n',
    )


def test_channels_are_listed_without_their_secrets_being_needed(three: Monitor) -> None:
    rows = three.answer("channel", "list").splitlines()
    assert [row.split()[:3] for row in rows[1:4]] == [
        ["files", "folder", "any"], ["team", "slack", "60"], ["mail", "email", "any"],
    ]  # fmt: skip
    assert "the operator too" in rows[1]
    assert rows[3].endswith("127.0.0.1:1 (none) to a@example.org, b@example.org")
    assert three.json("channel", "list")[1] == {
        "name": "team", "type": "slack", "place": "its URL", "targets": [], "per_minute": 60,
        "operator": False, "built_in": False,
    }  # fmt: skip


def test_a_test_message_goes_the_way_of_all_messages(
    three: Monitor, hook: tuple[str, list[bytes]]
) -> None:
    url, taken = hook
    three.environ["HOOK"] = url
    assert three.answer("channel", "test", "team") == "team (slack): sent: 200 ok\n"
    assert "test" in json.loads(taken[0])["text"]
    assert three.answer("channel", "test", "files").startswith("files (folder): sent: ")
    assert {file.suffix for file in (three.folder / "out").iterdir()} == {".eml", ".html", ".json"}


def test_what_was_not_sent_is_told_for_each_target_with_an_exit_code(three: Monitor) -> None:
    result = three("channel", "test", "mail")
    assert (result.exit_code, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert [line.partition(": failed: ")[0] for line in lines] == [
        "mail (email) to a@example.org",
        "mail (email) to b@example.org",
    ]
    result = three("channel", "test", "mail", "--to", "me@example.org", "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert (found["target"], found["ok"]) == ("me@example.org", False)


def test_a_channel_that_is_not_there_or_not_complete_is_told(three: Monitor) -> None:
    text = three.complaint("channel", "test", "fax", code=3)
    assert "there is no channel 'fax'; there are files, team, mail" in text
    text = three.complaint("channel", "test", "team", code=2)
    assert '[[channel]] "team" url: ${HOOK} stands for the environment variable HOOK' in text
    text = three.complaint("channel", "test", "files", "--to", "x", code=2)
    assert "--to is for e-mail, and files is of type folder" in text
    three.environ["HOOK"] = f"ftp://{SECRET}"
    assert SECRET not in three.complaint("channel", "test", "team", code=2)


def test_without_channels_there_is_a_built_in_one(monitor: Monitor) -> None:
    (built_in,) = configured(monitor, "").json("channel", "list")
    assert (built_in["name"], built_in["place"]) == ("alerts", "snapshots/alerts")
    assert built_in["built_in"]
    assert "snapshots/alerts (built in)" in monitor.answer("channel", "list")
    text = monitor.complaint("channel", "test", "x", code=3)
    assert "there are alerts; others are [[channel]] tables (docs/configuration.md)" in text


@pytest.mark.parametrize("by", ["command", "configuration"])
def test_who_names_no_channel_is_served_by_the_built_in_one(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.chdir(monitor.folder)
    if by == "command":
        configured(monitor, QUIETLY).answer(
            "subscription", "add", "--subscriber", "ana", "--name", "x", "--all"
        )
    else:
        table = '[[subscription]]\nname = "x"\nsubscriber = "ana"\nall = true\n'
        configured(monitor, QUIETLY + table)
    (found,) = monitor.json("subscription", "list")
    assert found["channels"] == ["alerts"]
    monitor.ingest(study("2026-02-02"), at=datetime.now(UTC) + timedelta(minutes=1))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        assert monitor("deliver", "--once").exit_code == 0
    assert len(list((monitor.folder / "snapshots" / "alerts").glob("*.eml"))) == 1
