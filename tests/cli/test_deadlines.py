"""``monitor doctor`` and ``monitor channel test`` end, whatever is said to them, or not said."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.forked import run_command
from tests.sources.http.loopback import Connection, Loopback

ROOT = Path(__file__).parents[2]
# What hangs is waited for at most as long as the doctor says; a slow machine takes its time.
SOON_S = 90.0


class Dripping(Loopback):
    """Says the same bytes for ever, one at a time, or in floods."""

    def __init__(self, data: bytes, *, flood: bool = False) -> None:
        super().__init__()
        self._data = data
        self._flood = flood

    def converse(self, connection: Connection) -> None:
        """Say it."""
        while self._flood:
            connection.send(self._data * 1_000)
        connection.drip(self._data)


def run(folder: Path, *args: str) -> tuple[int, str]:
    """Run a command in a process of its own; return its exit code and what it printed."""
    environ = {**os.environ, "MONITOR_CONFIG": "monitor.toml"}
    ended = run_command(*args, environ=environ, folder=folder, timeout_s=SOON_S)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def mail(name: str, server: Loopback, security: str = "none") -> str:
    return (
        f'[[channel]]\nname = "{name}"\ntype = "email"\nserver = "{server.host}"\n'
        f'security = "{security}"\nsender = "m@example.org"\nto = "a@example.org"\n'
    )


def hook(name: str, kind: str, url: str) -> str:
    private = "" if kind == "apprise" else "allow_private = true\n"
    return f'[[channel]]\nname = "{name}"\ntype = "{kind}"\n{private}url = "{url}/hook"\n'


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    """Keep servers running."""
    with ExitStack() as stack:
        yield stack


def test_every_check_ends_and_names_its_deadline(tmp_path: Path, servers: ExitStack) -> None:
    dripping = servers.enter_context(Dripping(b"220-"))
    flooding = servers.enter_context(Dripping(b"220-welcome\r\n", flood=True))
    shaking = servers.enter_context(Dripping(b"\x16\x03\x03\x40\x00" + bytes(0x4000)))
    web = servers.enter_context(Dripping(b"HTTP/1.1 200 OK\r\nX: x"))
    secure = shaking.url.replace("http:", "https:")
    source = f'[[source]]\nname = "s"\ntype = "ctgov"\nbase_url = "{web.url}"\n'
    source += 'all = true\nevery = "1h"\n'
    tables = [
        "[delivery]\ntotal_timeout_s = 1.5\n[http]\ntotal_timeout_s = 1.5\n",
        source,
        mail("drips", dripping),
        mail("floods", flooding),
        mail("shakes", shaking, "tls"),
        hook("slack", "slack", secure),
        hook("hook", "webhook", secure),
    ]
    (tmp_path / "monitor.toml").write_text("\n".join(tables), "utf-8")
    began = time.monotonic()
    code, text = run(tmp_path, "doctor")
    assert code == 1
    assert time.monotonic() - began < SOON_S
    ended = "the conversation was not over within 1.5 s (delivery.total_timeout_s); it was ended"
    filled = " ".join(text.split())
    assert filled.count(ended) == 4, text
    assert "said more than 64 KB (delivery.answer_limit_kb)" in filled
    assert filled.count("was not complete within 1.5 s") == 2, text


@pytest.mark.parametrize("kind", ["email", "slack", "webhook", "apprise"])
def test_a_channel_s_test_ends_and_names_its_deadline(
    tmp_path: Path, servers: ExitStack, kind: str
) -> None:
    if kind == "email":
        channel = mail("way", servers.enter_context(Dripping(b"220-")))
    else:
        web = servers.enter_context(Dripping(b"x"))
        url = web.url.replace("http:", "json:") if kind == "apprise" else web.url
        channel = hook("way", kind, url)
    text = f"[delivery]\ntotal_timeout_s = 0.5\n{channel}"
    (tmp_path / "monitor.toml").write_text(text, "utf-8")
    code, output = run(tmp_path, "channel", "test", "way")
    assert code == 1
    assert "the conversation was not over within 0.5 s (delivery.total_timeout_s)" in output


def test_the_test_of_a_console_that_nobody_drains_ends(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(
        "[delivery]\ntotal_timeout_s = 0.5\n"
        '[[channel]]\nname = "way"\ntype = "console"\nstream = "stderr"\n',
        "utf-8",
    )
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 65_536)
    os.set_blocking(writing, True)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "MONITOR_CONFIG": "monitor.toml"}
    ended = subprocess.run(
        [sys.executable, "-m", "monitor", "channel", "test", "way"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=writing,
        text=True,
        timeout=SOON_S,
        check=False,
    )
    os.close(writing)
    os.close(reading)
    assert ended.returncode == 1
    assert "within 0.5 s (delivery.total_timeout_s) and could not be ended" in ended.stdout
