"""The HTTP client of all sources: sends requests, paces and retries them.

Errors are SourceErrors with one clear sentence. Below it: ``pacing`` (when), ``session`` (one
request), ``response`` (what a status means).
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from monitor.errors import SourceError
from monitor.settings import HttpSettings
from monitor.settings.sections import Transport
from monitor.sources.http.address import Pairs, Params, ServerAddress, Target
from monitor.sources.http.errors import BusyError, RetryableError
from monitor.sources.http.pacing import HOSTS, Hosts, RateLimit, RequestPace, Sleep, pause
from monitor.sources.http.response import (
    HttpResponse,
    check_status,
    host_closed_error,
    is_refused_by_edge,
)
from monitor.sources.http.session import Sessions, next_transport, send

# The system's: forked or cloned processes share the state of the other one, and would come back in
# step.
_JITTER = random.SystemRandom().random


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLog:
    """One request as it went, for metrics and logs.

    ``status`` is None when no complete answer came; ``error`` then names the kind of failure
    ("TimedOutError"). ``attempt`` counts from 1 within one ``get``. ``size`` is the decompressed
    body in bytes. ``waited_s`` was spent on the rate limit before. ``params`` hold no secrets.
    """

    method: str
    host: str
    path: str
    params: tuple[tuple[str, str], ...]
    status: int | None
    error: str | None
    elapsed_s: float
    waited_s: float
    size: int
    attempt: int
    transport: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLog:
    """A request that failed and will be retried, reported before the pause.

    ``reason`` is a sentence that names host and path; ``attempt`` counts from 1 within one ``get``.
    """

    reason: str
    attempt: int
    pause_s: float


OnRequest = Callable[[RequestLog], None]
OnRetry = Callable[[RetryLog], None]


@dataclass(slots=True, kw_only=True)
class _RequestState:
    """The state of one ``get``: its target, and what it has cost so far.

    ``refused``: the transports that the edge refused; ``spent_s``: of requests and pauses.
    """

    target: Target
    params: Pairs
    headers: Mapping[str, str]
    limit: RateLimit
    transport: Transport
    refused: tuple[Transport, ...] = ()
    failures: int = 0
    requests: int = 0
    spent_s: float = 0.0


class Client:
    """Sends requests to one server, or to others by their full URL; threads may share it.

    ``base_url`` is "https://clinicaltrials.gov"; a path behind it is kept. ``pace`` puts all
    requests under a stricter rule on top of the host's limit (``HISTORY_PACE``). ``hosts`` is the
    registry of limits, shared by all clients of the process. ``on_request`` is called after every
    single request, ``on_retry`` before each that is made once more, in the asking thread. When
    ``stop`` is set, waits and transfers end at once with a StoppedError. ``may_switch=False`` keeps
    to the transport of the settings. ConfigError for a URL that is none.
    """

    def __init__(
        self,
        settings: HttpSettings,
        *,
        base_url: str,
        pace: RequestPace | None = None,
        hosts: Hosts = HOSTS,
        on_request: OnRequest | None = None,
        on_retry: OnRetry | None = None,
        stop: threading.Event | None = None,
        may_switch: bool = True,
        sleep: Sleep = pause,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._settings = settings
        self._address = ServerAddress(base_url)
        self._pace = pace
        self._hosts = hosts
        self._on_request = on_request
        self._on_retry = on_retry
        self._stop = stop
        self._may_switch = may_switch
        self._sleep = sleep
        self._now = now
        self._sessions = Sessions(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; those in use close when their request ends."""
        self._sessions.close()

    def get(
        self,
        path_or_url: str,
        params: Params | None = None,
        *,
        if_none_match: str | None = None,
    ) -> HttpResponse:
        """Send a GET request until there is a response: success, a redirect or 304, 400, 404.

        No redirect is followed. ``if_none_match`` is an ETag of before. Tried again are timeouts,
        broken transfers, lost connections, 408, 429 and 5xx, as the settings say. A 403 of the
        edge is tried once over the other transport, which is then remembered for the host.
        SourceError, one of those in ``errors``, for everything else.
        """
        target, pairs = self._address.target(path_or_url, params)
        return self._retry(
            _RequestState(
                target=target,
                params=pairs,
                headers={} if if_none_match is None else {"If-None-Match": if_none_match},
                limit=self._hosts.limit(target.host, self._settings.requests_per_minute),
                transport=self._first_transport(target.host),
            )
        )

    def url(self, path: str) -> str:
        """Return the address that ``get`` asks for a path."""
        return self._address.target(path, None)[0].url

    def _retry(self, state: _RequestState) -> HttpResponse:
        """Call until there is an answer, as the settings allow; raise the last RetryableError."""
        allowed = self._settings
        backoff_s = allowed.retry_wait_initial_s
        while True:
            try:
                return self._attempt(state)
            except RetryableError as exc:
                state.failures += 1
                pause_s = (
                    min(backoff_s, allowed.retry_wait_max_s)
                    + _JITTER() * allowed.retry_wait_jitter_s
                )
                pause_s = max(pause_s, self._server_pause(state, exc))
                # The pause counts too: a total of seconds that only counted requests could take all
                # night.
                is_last = state.failures >= allowed.retry_attempts
                if is_last or state.spent_s + pause_s > allowed.retry_total_s:
                    exc.args = (_describe_cost(exc, state),)
                    raise
                self._report_retry(exc, pause_s, state)
            if pause_s:
                self._sleep(pause_s, self._stop)
            state.spent_s += pause_s
            backoff_s = min(2 * backoff_s, allowed.retry_wait_max_s)

    def _server_pause(self, state: _RequestState, exc: RetryableError) -> float:
        """Return the pause that the host asks for, and make it one for all clients.

        HostClosedError when it is longer than allowed: no request is sent before it is over.
        """
        server_pause_s = exc.retry_after_s
        if not server_pause_s:
            return 0.0
        # A host that says "in 12 hours" is believed, for all clients of the process, instead of
        # letting each source find out by itself.
        if server_pause_s > self._settings.retry_after_max_s and isinstance(exc, BusyError):
            closed = host_closed_error(exc, now=self._now())
            state.limit.close(server_pause_s, closed)
            raise closed from exc
        state.limit.hold(server_pause_s)
        return server_pause_s

    def _first_transport(self, host: str) -> Transport:
        known = self._hosts.transport(host) if self._may_switch else None
        return known or self._settings.transport

    def _attempt(self, state: _RequestState) -> HttpResponse:
        response = self._request(state)
        # The edge compares the user agent with how the client speaks TLS, so the same request may
        # pass from the other library (docs/decisions/2026-11-30-one-http-client.md).
        while refused := is_refused_by_edge(response):
            state.refused += (state.transport,)
            if not self._may_switch or len(state.refused) > 1:
                break
            place = f"{state.target.host} answered 403 to {state.target.path}"
            self._report_retry(f"{place} over {state.transport}", 0.0, state)
            state.transport = next_transport(state.transport)
            response = self._request(state)
        if self._may_switch and state.refused:
            # Forgotten when both are refused: it then depends on something else, and the next
            # request is to begin with the one that the settings name.
            self._hosts.remember_transport(state.target.host, None if refused else state.transport)
        return check_status(
            response, state.target, refused=state.refused if refused else (), now=self._now()
        )

    def _report_retry(self, reason: object, pause_s: float, state: _RequestState) -> None:
        if self._on_retry is not None:
            self._on_retry(RetryLog(reason=str(reason), attempt=state.requests, pause_s=pause_s))

    def _request(self, state: _RequestState) -> HttpResponse:
        outcome: HttpResponse | SourceError
        with self._turn(state) as waited_s:
            began = time.monotonic()
            try:
                outcome = self._exchange(state)
            except SourceError as exc:
                outcome = exc
            elapsed_s = time.monotonic() - began
        state.spent_s += elapsed_s
        state.requests += 1
        if self._on_request is not None:
            log = _log(state, outcome, attempt=state.requests, times=(elapsed_s, waited_s))
            self._on_request(log)
        if isinstance(outcome, SourceError):
            raise outcome
        return outcome

    @contextmanager
    def _turn(self, state: _RequestState) -> Iterator[float]:
        """Wait for the pace first and for the host then: a queue of the pace delays no one else."""
        if self._pace is None:
            with state.limit.turn(self._stop) as waited_s:
                yield waited_s
            return
        pace = self._hosts.pace(state.target.host, self._pace)
        with pace.turn(self._stop) as paced_s, state.limit.turn(self._stop) as waited_s:
            yield paced_s + waited_s

    def _exchange(self, state: _RequestState) -> HttpResponse:
        key = (state.transport, state.target.host)
        session = self._sessions.take(*key)
        reusable = False
        try:
            response, reusable = send(
                session,
                state.target,
                headers=state.headers,
                settings=self._settings,
                transport=state.transport,
                stop=self._stop,
                abandoned=self._hosts.abandoned_threads(state.target.host),
            )
            return response
        finally:
            if reusable:
                self._sessions.give_back(*key, session)
            else:
                # A connection with half an answer in it would give the other half to the next
                # request.
                session.close()


def _describe_cost(exc: RetryableError, state: _RequestState) -> str:
    if state.requests == 1:
        return str(exc)
    return f"{exc} ({state.requests} requests in {state.spent_s:.0f} s)"


def _log(
    state: _RequestState,
    outcome: HttpResponse | SourceError,
    *,
    attempt: int,
    times: tuple[float, float],
) -> RequestLog:
    response = None if isinstance(outcome, SourceError) else outcome
    return RequestLog(
        method="GET",
        host=state.target.host,
        path=state.target.path,
        params=state.params,
        status=None if response is None else response.status,
        error=type(outcome).__name__ if response is None else None,
        elapsed_s=times[0],
        waited_s=times[1],
        size=0 if response is None else len(response.body),
        attempt=attempt,
        transport=state.transport,
    )
