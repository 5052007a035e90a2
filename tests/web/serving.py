"""A web server in a thread, and plain questions to it."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from monitor.settings import WebSettings
from monitor.web.routes import Exposed, HealthResult, HealthSource, application
from monitor.web.server import WebServer
from monitor.web.site import Site

LOOPBACK = "127.0.0.1"


def answering(
    *,
    health: HealthResult | None = None,
    readiness: HealthResult | None = None,
    metrics: bytes = b"",
    asked: asyncio.Event | None = None,
    before: asyncio.Event | None = None,
) -> HealthSource:
    """Return what gives these answers; health sets ``asked``, then waits for ``before``."""
    good = HealthResult(good=True, facts={})

    async def healthy() -> HealthResult:
        if asked is not None:
            asked.set()
        if before is not None:
            await before.wait()
        return health or good

    async def ready() -> HealthResult:
        return readiness or good

    async def counted() -> Exposed:
        return Exposed(body=metrics, content_type="text/plain; version=0.0.4; charset=utf-8")

    return HealthSource(health=healthy, readiness=ready, metrics=counted)


@contextmanager
def served(
    answers: HealthSource,
    pages: Site = (),
    *,
    host: str = LOOPBACK,
    limits: WebSettings | None = None,
) -> Iterator[WebServer]:
    """Serve on a free port; the server's own errors and faults are raised at the end."""
    failures: list[object] = []
    server = WebServer(
        (host, 0),
        application(answers, pages),
        limits=limits,
        on_fault=lambda reason, error: failures.append((reason, error)),
    )

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context))
        await server.serve()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as exc:  # noqa: BLE001  # raised below, in the test's thread
            failures.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(30)
        assert not thread.is_alive()
    assert failures == []


def ask(
    address: tuple[str, int],
    path: str,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Mapping[str, str], bytes]:
    """Return status, headers and body of an answer."""
    connection = http.client.HTTPConnection(*address, timeout=30)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        reported = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, reported, answer.read()
    finally:
        connection.close()


def ask_json(address: tuple[str, int], path: str) -> tuple[int, dict[str, Any]]:
    """Return status and body of an answer in JSON."""
    status, headers, body = ask(address, path)
    assert headers["content-type"] == "application/json"
    return status, dict(json.loads(body))
