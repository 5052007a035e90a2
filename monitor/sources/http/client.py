"""The client: asks, paces, tries again, and says in one sentence what went wrong.

The one door to the network for all sources. Below it: ``pacing`` (when), ``session`` (one request),
``response`` (what a status means).
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
from monitor.sources.http.response import HttpResponse, check_status, is_refused_by_edge, too_long
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
    """A request that failed and is made once more, told before the pause.

    ``reason`` is a sentence that names host and path; ``attempt`` counts from 1 within one ``get``.
    """

    reason: str
    attempt: int
    pause_s: float


OnRequest = Callable[[RequestLog], None]
OnRetry = Callable[[RetryLog], None]


@dataclass(slots=True, kw_only=True)
class _Call:
    """One ``get`` under way, and what it has cost so far.

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
    """Asks one server, or others by their full URL; threads may share it.

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
        """Ask until there is an answer: success, a redirect or 304, 400, 404.

        No redirect is followed. ``if_none_match`` is an ETag of before. Tried again are timeouts,
        broken transfers, lost connections, 408, 429 and 5xx, as the settings say. A 403 of the
        edge is tried once over the other transport, which is then remembered for the host.
        SourceError, one of those in ``errors``, for everything else.
        """
        target, pairs = self._address.target(path_or_url, params)
        return self._retry(
            _Call(
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

    def _retry(self, call: _Call) -> HttpResponse:
        """Call until there is an answer, as the settings allow; raise the last RetryableError."""
        allowed = self._settings
        backoff_s = allowed.retry_wait_initial_s
        while True:
            try:
                return self._attempt(call)
            except RetryableError as exc:
                call.failures += 1
                pause_s = (
                    min(backoff_s, allowed.retry_wait_max_s)
                    + _JITTER() * allowed.retry_wait_jitter_s
                )
                pause_s = max(pause_s, self._asked_pause(call, exc))
                # The pause counts too: a total of seconds that only counted requests could take all
                # night.
                is_last = call.failures >= allowed.retry_attempts
                if is_last or call.spent_s + pause_s > allowed.retry_total_s:
                    exc.args = (_with_cost(exc, call),)
                    raise
                self._tell_retry(exc, pause_s, call)
            if pause_s:
                self._sleep(pause_s, self._stop)
            call.spent_s += pause_s
            backoff_s = min(2 * backoff_s, allowed.retry_wait_max_s)

    def _asked_pause(self, call: _Call, exc: RetryableError) -> float:
        """Return the pause that the host asks for; it is one for everybody.

        HostClosedError when it is longer than is allowed: nobody asks the host before it is over.
        """
        asked_s = exc.retry_after_s
        if not asked_s:
            return 0.0
        # A host that says "in 12 hours" is believed, and told to everybody who would ask it,
        # instead of letting each source find out by itself.
        if asked_s > self._settings.retry_after_max_s and isinstance(exc, BusyError):
            closed = too_long(exc, now=self._now())
            call.limit.close(asked_s, closed)
            raise closed from exc
        call.limit.hold(asked_s)
        return asked_s

    def _first_transport(self, host: str) -> Transport:
        known = self._hosts.transport(host) if self._may_switch else None
        return known or self._settings.transport

    def _attempt(self, call: _Call) -> HttpResponse:
        answer = self._request(call)
        # The edge compares the user agent with how the client speaks TLS, so the same request may
        # pass from the other library (docs/decisions/2026-11-30-one-http-client.md).
        while refused := is_refused_by_edge(answer):
            call.refused += (call.transport,)
            if not self._may_switch or len(call.refused) > 1:
                break
            place = f"{call.target.host} answered 403 to {call.target.path}"
            self._tell_retry(f"{place} over {call.transport}", 0.0, call)
            call.transport = next_transport(call.transport)
            answer = self._request(call)
        if self._may_switch and call.refused:
            # Forgotten when both are refused: it then depends on something else, and the next
            # request is to begin with the one that the settings name.
            self._hosts.remember_transport(call.target.host, None if refused else call.transport)
        return check_status(
            answer, call.target, refused=call.refused if refused else (), now=self._now()
        )

    def _tell_retry(self, reason: object, pause_s: float, call: _Call) -> None:
        if self._on_retry is not None:
            self._on_retry(RetryLog(reason=str(reason), attempt=call.requests, pause_s=pause_s))

    def _request(self, call: _Call) -> HttpResponse:
        outcome: HttpResponse | SourceError
        with self._turn(call) as waited_s:
            began = time.monotonic()
            try:
                outcome = self._exchange(call)
            except SourceError as exc:
                outcome = exc
            elapsed_s = time.monotonic() - began
        call.spent_s += elapsed_s
        call.requests += 1
        if self._on_request is not None:
            log = _log(call, outcome, attempt=call.requests, times=(elapsed_s, waited_s))
            self._on_request(log)
        if isinstance(outcome, SourceError):
            raise outcome
        return outcome

    @contextmanager
    def _turn(self, call: _Call) -> Iterator[float]:
        """Wait for the pace first and for the host then: nobody holds up the host by queueing."""
        if self._pace is None:
            with call.limit.turn(self._stop) as waited_s:
                yield waited_s
            return
        pace = self._hosts.pace(call.target.host, self._pace)
        with pace.turn(self._stop) as paced_s, call.limit.turn(self._stop) as waited_s:
            yield paced_s + waited_s

    def _exchange(self, call: _Call) -> HttpResponse:
        key = (call.transport, call.target.host)
        session = self._sessions.take(*key)
        reusable = False
        try:
            answer, reusable = send(
                session,
                call.target,
                headers=call.headers,
                settings=self._settings,
                transport=call.transport,
                stop=self._stop,
                abandoned=self._hosts.abandoned(call.target.host),
            )
            return answer
        finally:
            if reusable:
                self._sessions.give_back(*key, session)
            else:
                # A connection with half an answer in it would give the other half to the next
                # request.
                session.close()


def _with_cost(exc: RetryableError, call: _Call) -> str:
    if call.requests == 1:
        return str(exc)
    return f"{exc} ({call.requests} requests in {call.spent_s:.0f} s)"


def _log(
    call: _Call, outcome: HttpResponse | SourceError, *, attempt: int, times: tuple[float, float]
) -> RequestLog:
    answer = None if isinstance(outcome, SourceError) else outcome
    return RequestLog(
        method="GET",
        host=call.target.host,
        path=call.target.path,
        params=call.params,
        status=None if answer is None else answer.status,
        error=type(outcome).__name__ if answer is None else None,
        elapsed_s=times[0],
        waited_s=times[1],
        size=0 if answer is None else len(answer.body),
        attempt=attempt,
        transport=call.transport,
    )
