"""An HTTP server on loopback that notes what is posted and answers as a script says."""

import ssl
from dataclasses import dataclass

from tests.sources.http.loopback import Connection, Loopback, Request, Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Receiver(Loopback):
    """Serves one request a connection."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(*scripts, tls=tls)
        self.posts: list[Post] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.host.rpartition(":")[2])

    def converse(self, connection: Connection) -> None:
        """Read one request with its body and answer it."""
        post = _read(connection)
        if post is None:
            return
        self.posts.append(post)
        request = Request(target=post.target, headers=post.headers, connection=connection.number)
        self.script_for(request)(connection, request)
        connection.hang_up()


def _read(connection: Connection) -> Post | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.receive()
        if not chunk:
            return None
        data += chunk
    start, _, body = data.partition(b"\r\n\r\n")
    first, *lines = start.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.receive()
    method, target, _ = first.split(" ")
    return Post(method=method, target=target, headers=headers, body=body)
