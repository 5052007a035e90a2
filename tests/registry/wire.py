"""A plain HTTP client for tests of what goes over the wire."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

from tests.registry.server import ReplicaServer

PATIENCE_S = 30.0


@contextmanager
def sent(
    server: ReplicaServer,
    path: str,
    params: dict[str, str] | None = None,
    *,
    timeout_s: float = PATIENCE_S,
    **headers: str,
) -> Iterator[http.client.HTTPConnection]:
    """Send a request and yield the connection, to read the answer from or not."""
    split = urlsplit(server.base_url)
    connection = http.client.HTTPConnection(str(split.hostname), split.port, timeout=timeout_s)
    try:
        query = f"?{urlencode(params)}" if params else ""
        connection.request(
            "GET", path + query,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )  # fmt: skip
        yield connection
    finally:
        connection.close()


def get(
    server: ReplicaServer, path: str, params: dict[str, str] | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Return an answer and its whole body."""
    with sent(server, path, params, timeout_s=PATIENCE_S, **headers) as connection:
        response = connection.getresponse()
        return response, response.read()


def is_refused(base_url: str) -> bool:
    """Return whether nobody listens at an address."""
    split = urlsplit(base_url)
    try:
        socket.create_connection((str(split.hostname), int(split.port or 80)), 5).close()
    except ConnectionRefusedError:
        return True
    return False
