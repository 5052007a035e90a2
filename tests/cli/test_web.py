"""``monitor web``: a process of its own that serves readers."""

import os
import socket
from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.cli.test_help import SEEDS
from tests.daemon.processes import Running
from tests.forked import Forked, command
from tests.web.serving import ask


class Serving(Running):
    """``monitor web`` in a process of its own."""

    def _start(self) -> Forked:
        options = ("--config", str(self._config), "web", "--listen", "127.0.0.1:0")
        return command(*options, err=self._log, environ=dict(os.environ))


def test_it_serves_readers_and_only_them_until_it_is_stopped(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'monitor.db'}"
    Monitor(url, tmp_path).answer("ingest", str(SEEDS / "2026-07"))
    config = tmp_path / "monitor.toml"
    config.write_text(f'[store]\nurl = "{url}"\n[log]\nformat = "json"\n', "utf-8")
    with Serving(config) as first, Serving(config, name="second") as second:
        for one in (first, second):
            host, port = one.wait_for("listening")["listen"].removeprefix("http://").split(":")
            address = (host, int(port))
            status, _, body = ask(address, "/trials")
            assert (status, b"NCT06733935" in body) == (200, True)
            assert ask(address, "/healthz")[0] == 404
        assert first.stop() == 0
        assert first.entries("stopped")


@pytest.mark.parametrize(
    ("options", "reason"),
    [((), "it has no address"), (("--listen", "here"), "is no address to listen on")],
)
def test_without_an_address_it_says_how_to_give_one(
    tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    monitor = Monitor(f"sqlite:///{tmp_path / 'monitor.db'}", tmp_path)
    assert reason in monitor.complaint("web", *options, code=2)


def test_an_address_in_use_is_named_with_what_to_do(monitor: Monitor) -> None:
    monitor.answer("ingest", str(SEEDS / "2026-07"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        complaint = monitor.complaint("web", "--listen", place, code=1)
    assert f"cannot listen on {place}" in complaint
    assert "; give another one: --listen HOST:PORT" in complaint
