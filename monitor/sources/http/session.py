"""What a transport is, and which there are.

A session has one connection to one host at a time and serves one request at a time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from monitor.deadlines.sockets import SocketHandle
from monitor.sources.http.answer import Headers
from monitor.sources.http.faults import Target
from monitor.sources.http.settings import HttpSettings, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An answer whose headers are here; ``raw`` yields the body as it comes, still compressed."""

    status: int
    headers: Headers
    http_version: str
    raw: Iterator[bytes]


class Session(Protocol):
    """One way to the net."""

    @property
    def library(self) -> str:
        """The HTTP library's own name ("python-requests/2.34.2")."""
        ...

    @property
    def line(self) -> SocketHandle:
        """The connection, to be shut down from outside."""
        ...

    def open(self, target: Target, headers: Mapping[str, str]) -> AbstractContextManager[Incoming]:
        """Ask for the target; the block reads the answer.

        Raises SourceErrors alone, in here and out of ``raw``: UnreachableError, TlsError,
        TimedOutError, BrokenTransferError, or SourceError for what cannot be asked.
        Follows no redirect, keeps no cookie.
        """
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def _httpx2(settings: HttpSettings) -> Session:
    from monitor.sources.http.over_httpx2 import Httpx2Session  # noqa: PLC0415 - one of two

    return Httpx2Session(settings)


def _requests(settings: HttpSettings) -> Session:
    from monitor.sources.http.over_requests import RequestsSession  # noqa: PLC0415 - likewise

    return RequestsSession(settings)


# Imported when first used: the two libraries cost a start-up time that most commands need not pay.
TRANSPORTS: Final[dict[Transport, Callable[[HttpSettings], Session]]] = {
    "httpx2": _httpx2,
    "requests": _requests,
}


def other_transport(transport: Transport) -> Transport:
    """Return the one to try when a host refuses this one."""
    return "requests" if transport == "httpx2" else "httpx2"
