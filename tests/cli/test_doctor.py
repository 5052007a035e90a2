"""``monitor doctor`` tells what works and what does not, and ends accordingly."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.calls import Monitor
from tests.registry import Fault, Records, Replica, ReplicaServer, World, closed_port


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback on loopback, whatever proxy the machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[ReplicaServer]:
    """Return a registry without records."""
    with ReplicaServer(Replica(World(Records(), day="2026-03-02"))) as running:
        yield running


def following(monitor: Monitor, base_url: str) -> Monitor:
    """Let the monitor follow a registry and tell somebody."""
    file = monitor.folder / "monitor.toml"
    file.write_text(
        f'[[source]]\nname = "all"\ntype = "ctgov"\nbase_url = "{base_url}"\nall = true\n'
        'every = "1h"\n[[channel]]\nname = "out"\ntype = "folder"\npath = "'
        f'{monitor.folder / "out"}"\n[[subscription]]\nname = "all"\nsubscriber = "ana"\n'
        'all = true\nchannels = "out"\n',
        "utf-8",
    )
    monitor.environ["MONITOR_CONFIG"] = str(file)
    return monitor


def test_all_is_fine_where_everything_works(
    monitor: Monitor, server: ReplicaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = SimpleNamespace(free=100 * 10**9)  # however full this machine's disk is
    monkeypatch.setattr("monitor.app.doctor_store.shutil.disk_usage", lambda _: room)
    monitor.environ["MONITOR_WEB__LISTEN"] = "127.0.0.1:0"  # whatever listens on this machine
    lines = following(monitor, server.base_url).answer("doctor").splitlines()
    assert [line[0] for line in lines] == ["✓"] * len(lines)
    assert [line[2:16].strip() for line in lines] == [
        "configuration", "store", "store", "time zones", "source all", "channel out",
        "subscriptions", "web listen", "registry", "registry", "clock",
    ]  # fmt: skip


def test_what_fails_is_told_with_what_to_do_and_an_exit_code(monitor: Monitor) -> None:
    with closed_port() as base_url:
        result = following(monitor, base_url)("doctor")
    assert (result.exit_code, result.stderr) == (1, "")
    failed = [line for line in result.stdout.splitlines() if line.startswith("✗")]
    assert len(failed) == 2
    assert all("cannot be reached" in line and " → check base_url" in line for line in failed)


def test_a_warning_is_no_failure(monitor: Monitor, server: ReplicaServer) -> None:
    server.replica.faults.add(
        Fault.FORBIDDEN_HTML,
        times=None,
        when=lambda asked: "python-requests/" in asked.headers["user-agent"],
    )
    shown = following(monitor, server.base_url).answer("doctor")
    assert shown.count("\n! registry ") == 1
    assert "✗" not in shown


def test_a_wrong_configuration_is_shown_like_the_rest(monitor: Monitor) -> None:
    monitor.environ["MONITOR_LOG__LEVEL"] = "loud"
    result = monitor("doctor", "--offline")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.startswith(
        "✗ configuration           MONITOR_LOG__LEVEL = 'loud' is invalid"
    )


def test_offline_asks_nobody(monitor: Monitor, server: ReplicaServer) -> None:
    shown = following(monitor, server.base_url).answer("doctor", "--offline")
    assert "– registry                not asked (--offline)" in shown
    assert len(server.replica.log) == 0


def test_json_holds_the_same(monitor: Monitor, server: ReplicaServer) -> None:
    found = following(monitor, server.base_url).json("doctor")
    assert found["ok"] is True
    assert {one["verdict"] for one in found["findings"]} == {"fine"}
    server.replica.faults.add(Fault.HTML_OK, times=None)
    result = monitor("doctor", "--json")
    assert result.exit_code == 1
    failed = json.loads(result.stdout)
    assert failed["ok"] is False
    (first, *_) = [one for one in failed["findings"] if one["verdict"] == "failed"]
    assert first["about"] == "registry"
    assert "check base_url" in first["fix"]


def test_there_are_colours_on_terminals_only(monitor: Monitor) -> None:
    assert "\x1b[" not in monitor.answer("doctor", "--offline")
    assert "\x1b[32m✓" in monitor.answer("--color", "doctor", "--offline")


def test_a_password_is_shown_nowhere(monitor: Monitor, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    with closed_port() as place:
        host = place.removeprefix("http://")
        secret.write_text(f"postgresql://monitor:pa55word@{host}/monitor", "utf-8")
        monitor.environ |= {"MONITOR_DATABASE_URL": None, "MONITOR_DATABASE_URL_FILE": str(secret)}
        result = monitor("doctor", "--offline")
    assert result.exit_code == 1
    assert "MONITOR_DATABASE_URL_FILE" in result.stdout
    assert "pa55word" not in result.stdout + result.stderr
