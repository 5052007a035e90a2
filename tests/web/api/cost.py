"""What requests cost: CPU time of the whole process, which asks and answers."""

import http.client
import statistics
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus

from tests.web.api.calls import BASE, NCT, Api

_TIMES = 20
_CLIENTS = 50
ADDRESSES = (
    "/trials?limit=50",
    "/trials?condition=cancer&country=Spain&sort=last_changed",
    "/trials?text=pembrolizumab",
    f"/trials/{NCT}",
    f"/trials/{NCT}/versions/2",
    f"/trials/{NCT}/record?at=2026-03-05",
    f"/trials/{NCT}/compare?from=1&to=3",
    f"/trials/{NCT}/facts",
    "/events",
    "/events?condition=cancer&country=Spain&min_severity=high",
    "/events?limit=200",
)


def cpu_ms(api: Api) -> Mapping[str, tuple[float, float]]:
    """Return the median and the 95th percentile of so many requests to each address."""
    found = {}
    for path in ADDRESSES:
        api.get(path)
        taken = []
        for _ in range(_TIMES):
            began = time.process_time()
            assert _status(api, path) == HTTPStatus.OK
            taken.append((time.process_time() - began) * 1_000)
        last = statistics.quantiles(taken, n=20)[-1]
        found[path] = (round(statistics.median(taken), 1), round(last, 1))
    return found


def at_once(api: Api) -> Mapping[str, float]:
    """Let many connections ask for everything at once; return how that went."""
    failed: list[str] = []

    def ask_all(first: int) -> None:
        paths = (*ADDRESSES[first:], *ADDRESSES[:first])
        failed.extend(path for path in paths if _status(api, path) != HTTPStatus.OK)

    began, cpu = time.monotonic(), time.process_time()
    clients = [
        threading.Thread(target=ask_all, args=(number % len(ADDRESSES),))
        for number in range(_CLIENTS)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    requests = _CLIENTS * len(ADDRESSES)
    return {
        "connections": _CLIENTS,
        "requests": requests,
        "failed": len(failed),
        "requests_a_second": round(requests / (time.monotonic() - began), 1),
        "cpu_ms_each": round((time.process_time() - cpu) * 1_000 / requests, 1),
    }


def _status(api: Api, path: str) -> int:
    connection = http.client.HTTPConnection(*api.address, timeout=60)
    try:
        connection.request("GET", BASE + path)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
