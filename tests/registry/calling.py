"""Asking a replica without a network: one request in, one whole answer out."""

import asyncio
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.types import Message, Scope

from tests.registry.replica import Replica


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def content(self) -> bytes:
        """The body, unpacked."""
        packed = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.body) if packed else self.body

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.content)


def ask(
    replica: Replica, path: str, params: Any = (), *, method: str = "GET", **headers: str
) -> Answer:
    """Return the replica's answer; header names with underscores for hyphens."""
    return asyncio.run(begin(replica, path, params, method=method, **headers))


async def begin(
    replica: Replica, path: str, params: Any = (), *, method: str = "GET", **headers: str
) -> Answer:
    """Ask like ``ask``, beside other requests."""
    pairs = list(params.items()) if isinstance(params, Mapping) else list(params)
    scope: Scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": urlencode(pairs).encode(), "root_path": "", "scheme": "http",
        "http_version": "1.1", "server": ("replica", 80), "client": None,
        "headers": [(name.replace("_", "-").lower().encode(), value.encode())
                    for name, value in headers.items()],
    }  # fmt: skip
    return await _ask(replica, scope)


async def _ask(replica: Replica, scope: Scope) -> Answer:
    sent: list[Message] = []
    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        return next(requests, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    await replica(scope, receive, send)
    start, *rest = sent
    return Answer(
        status=start["status"],
        headers={name.decode().lower(): value.decode() for name, value in start["headers"]},
        body=b"".join(message.get("body", b"") for message in rest),
    )
