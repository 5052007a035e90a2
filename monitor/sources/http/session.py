"""Send one request over one connection, within a total deadline, by either transport.

A session has one connection to one host at a time and serves one request at a time. The
libraries' timeouts bound the silence between two reads: a server that drips would hold a request
for ever, so that each request has a deadline as a whole.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from monitor import __version__
from monitor.deadlines.sockets import SocketHandle
from monitor.deadlines.threads import (
    AbandonedError,
    AbandonedThreads,
    BoundedThread,
    LateError,
    TooManyAbandonedError,
)
from monitor.errors import SourceError
from monitor.settings import HttpSettings
from monitor.settings.sections import Transport
from monitor.sources.http.address import Target
from monitor.sources.http.body import ACCEPT_ENCODING, read_all, read_head
from monitor.sources.http.errors import StoppedError, TimedOutError, UnreachableError
from monitor.sources.http.response import HttpResponse, ResponseStream, is_for_caller


class HttpTransport(Protocol):
    """A way to send requests: one of the HTTP libraries."""

    @property
    def library(self) -> str:
        """The HTTP library's own name ("python-requests/2.34.2")."""
        ...

    @property
    def socket_handle(self) -> SocketHandle:
        """The connection, to be shut down from outside."""
        ...

    def open(
        self, target: Target, headers: Mapping[str, str]
    ) -> AbstractContextManager[ResponseStream]:
        """Ask for the target; the block reads the answer.

        Raises SourceErrors alone, in here and out of ``raw``: UnreachableError, TlsError,
        TimedOutError, BrokenTransferError, or SourceError for what cannot be asked.
        Follows no redirect, keeps no cookie.
        """
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def _new_session(transport: Transport, settings: HttpSettings) -> HttpTransport:
    # Each library costs a start-up time that only those who ask with it need to pay.
    if transport == "httpx2":
        from monitor.sources.http.httpx2_transport import Httpx2Session  # noqa: PLC0415 - above

        return Httpx2Session(settings)
    from monitor.sources.http.requests_transport import RequestsSession  # noqa: PLC0415 - above

    return RequestsSession(settings)


def next_transport(transport: Transport) -> Transport:
    """Return the one to try when a host refuses this one."""
    return "requests" if transport == "httpx2" else "httpx2"


class Sessions:
    """A pool of sessions: each serves one request at a time; the latest used is taken first."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._idle: dict[tuple[Transport, str], list[HttpTransport]] = {}
        self._closed = False
        self._lock = threading.Lock()

    def take(self, transport: Transport, host: str) -> HttpTransport:
        """Return an idle session to the host, or a new one."""
        with self._lock:
            idle = self._idle.get((transport, host))
            if idle:
                return idle.pop()
        return _new_session(transport, self._settings)

    def give_back(self, transport: Transport, host: str, session: HttpTransport) -> None:
        """Keep the session for the next request, unless all is closed."""
        with self._lock:
            if not self._closed:
                self._idle.setdefault((transport, host), []).append(session)
                return
        session.close()

    def close(self) -> None:
        """Close what is idle now and what comes back later."""
        with self._lock:
            self._closed = True
            idle = [session for sessions in self._idle.values() for session in sessions]
            self._idle.clear()
        for session in idle:
            session.close()


def send(
    session: HttpTransport,
    target: Target,
    *,
    headers: Mapping[str, str],
    settings: HttpSettings,
    transport: Transport,
    stop: threading.Event | None,
    abandoned: AbandonedThreads,
) -> tuple[HttpResponse, bool]:
    """Ask once; return the answer, whatever its status, and whether the session can go on.

    Raises what ``HttpTransport.open`` and ``read_all`` raise, TimedOutError after the timeout, and
    StoppedError when ``stop`` was set. The session is then to be closed. What hangs where no
    connection is there to be shut down, in the name service, is left to itself: UnreachableError
    when that is so with as many requests as ``abandoned`` allows.
    """
    began = time.monotonic()
    sent = {
        "User-Agent": user_agent(settings, session.library),
        "Accept-Encoding": ACCEPT_ENCODING,
        **headers,
    }

    def fetch(session: HttpTransport) -> tuple[ResponseStream, bytes, bool]:
        with session.open(target, sent) as incoming:
            return incoming, *_body(incoming, target, settings)

    # In a thread of its own, because a name look-up (getaddrinfo) can neither be given a timeout
    # nor be broken off from outside: only the waiting for it can end.
    thread = BoundedThread[HttpTransport](
        lambda: nullcontext(session),
        name=f"http {target.host}",
        abandoned=abandoned,
        cut=_cut_connection,
    )
    try:
        incoming, body, whole = thread.run(fetch, within_s=settings.total_timeout_s, stop=stop)
    except (AbandonedError, LateError) as exc:
        raise _interruption_error(target, settings, stop) from exc
    except TooManyAbandonedError:
        raise UnreachableError(
            f"requests to {target.host} hang ({abandoned.limit} of them): check DNS"
        ) from None
    finally:
        thread.stop()
    # A line that was cut looks like the end of a body without a length.
    if session.socket_handle.is_cut:
        raise _interruption_error(target, settings, stop)
    response = HttpResponse(
        status=incoming.status,
        headers=incoming.headers,
        body=body,
        url=target.url,
        elapsed_s=time.monotonic() - began,
        transport=transport,
        http_version=incoming.http_version,
    )
    return response, whole


def user_agent(settings: HttpSettings, library: str) -> str:
    """Return the user agent: the monitor, the contact, the HTTP library's own name.

    ``library`` is what the library calls itself ("python-requests/2.34.2"). It stands at the end
    because the registry's edge refuses a name that does not fit the client's TLS.
    """
    if settings.user_agent:
        return settings.user_agent
    words = [f"trial-monitor/{__version__}"]
    if settings.contact:
        words.append(f"(+{settings.contact})")
    return " ".join([*words, library])


def _cut_connection(session: HttpTransport) -> bool:
    session.socket_handle.cut()
    return True


def _body(incoming: ResponseStream, target: Target, settings: HttpSettings) -> tuple[bytes, bool]:
    if is_for_caller(incoming.status):
        return read_all(incoming, target, settings.answer_limit_mb), True
    return read_head(incoming, target)


def _interruption_error(
    target: Target, settings: HttpSettings, stop: threading.Event | None
) -> SourceError:
    """Return why a request was ended from outside."""
    if stop is not None and stop.is_set():
        return StoppedError()
    return TimedOutError(
        f"the answer of {target.host} to {target.path} was not complete within"
        f" {settings.total_timeout_s:g} s"
    )
