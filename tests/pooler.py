"""A real PgBouncer in transaction mode before the PostgreSQL database of a test."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

_PATIENCE_S = 20.0
_SERVER_CONNECTIONS = 3  # fewer than the clients have: a transaction's session is whichever is free
_UNPRIVILEGED = "nobody"  # PgBouncer refuses to run as root


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database, by way of PgBouncer."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("there is no pgbouncer here (./run tools installs it)")
    with _pooler(program, postgres_url) as url:
        yield url


@contextmanager
def _pooler(program: str, server: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="monitor-pooler-") as name:
        folder, port = Path(name), _free_port()
        _configure(folder, server, port)
        owner = None
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_UNPRIVILEGED)
            for path in (folder, *folder.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        process = subprocess.Popen(
            [program, "--quiet", str(folder / "pgbouncer.ini")],
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
            stdin=subprocess.DEVNULL,
        )
        try:
            parts = urlsplit(server)
            user = f"{parts.username}@" if parts.username else ""
            url = urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{port}"))
            _wait_for(url, process)
            yield url
        finally:
            process.terminate()
            process.wait()


def _configure(folder: Path, server: str, port: int) -> None:
    """Write the configuration as Debian's package has it, but for the mode and the places."""
    parts = urlsplit(server)
    to = f"host={parts.hostname or '127.0.0.1'} port={parts.port or 5432}"
    if parts.password:
        to += f" password={parts.password}"
    (folder / "users.txt").write_text(f'"{parts.username}" ""\n', "utf-8")
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = {to}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {folder / 'users.txt'}\n"
        f"pool_mode = transaction\ndefault_pool_size = {_SERVER_CONNECTIONS}\n",
        "utf-8",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=3).close()
        except psycopg.Error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
