"""The client: asks, paces, tries again, and says in one sentence what went wrong."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from monitor.errors import SourceError
from monitor.sources.http.address import Address, Pairs, Params
from monitor.sources.http.answer import Answer, RequestLog, RetryLog
from monitor.sources.http.exchange import exchange
from monitor.sources.http.faults import Target
from monitor.sources.http.judge import is_refused_by_edge, judged
from monitor.sources.http.pace import HOSTS, Hosts, Pace, RateLimit, Sleep, pause
from monitor.sources.http.session import other_transport
from monitor.sources.http.sessions import Sessions
from monitor.sources.http.settings import HttpSettings, Transport, user_agent

if TYPE_CHECKING:
    from monitor.sources.http.retrying import Spent

OnRequest = Callable[[RequestLog], None]
OnRetry = Callable[[RetryLog], None]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class _Asking:
    """One ``get`` under way: the transport in use, and those that the edge refused."""

    target: Target
    params: Pairs
    headers: Mapping[str, str]
    limit: RateLimit
    transport: Transport
    refused: tuple[Transport, ...] = ()


class Client:
    """Asks one server, or others by their full URL; threads may share it.

    ``base_url`` is "https://clinicaltrials.gov"; a path behind it is kept. ``pace`` puts all
    requests under a stricter rule on top of the host's limit (``HISTORY_PACE``). ``hosts`` is the
    book of limits, shared by all clients of the process. ``on_request`` is called after every
    single request, ``on_retry`` before each that is made once more, in the asking thread. When
    ``stop`` is set, waits and transfers end at once with a StoppedError. ``may_switch=False`` keeps
    to the transport of the settings. ConfigError for a URL that is none or a user agent that no
    header takes.
    """

    def __init__(
        self,
        settings: HttpSettings,
        *,
        base_url: str,
        pace: Pace | None = None,
        hosts: Hosts = HOSTS,
        on_request: OnRequest | None = None,
        on_retry: OnRetry | None = None,
        stop: threading.Event | None = None,
        may_switch: bool = True,
        sleep: Sleep = pause,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        user_agent(settings, "library")  # better now than with the first request
        self._settings = settings
        self._address = Address(base_url)
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
    ) -> Answer:
        """Ask until there is an answer: success, a redirect or 304, 400, 404.

        No redirect is followed. ``if_none_match`` is an ETag of before. Tried again are timeouts,
        broken transfers, lost connections, 408, 429 and 5xx, as the settings say. A 403 of the
        edge is tried once over the other transport, which is then remembered for the host.
        SourceError, one of those in ``faults``, for everything else.
        """
        # stamina costs a start-up time that only those who ask need to pay.
        from monitor.sources.http.retrying import Retrying  # noqa: PLC0415 - above

        target, pairs = self._address.target(path_or_url, params)
        asking = _Asking(
            target=target,
            params=pairs,
            headers={} if if_none_match is None else {"If-None-Match": if_none_match},
            limit=self._hosts.limit(target.host, self._settings.requests_per_minute),
            transport=self._first_transport(target.host),
        )
        retrying = Retrying(
            settings=self._settings.retries,
            limit=asking.limit,
            stop=self._stop,
            sleep=self._sleep,
            now=self._now,
            tell=self._tell_retry,
        )
        return retrying(lambda spent: self._attempt(asking, spent))

    def _first_transport(self, host: str) -> Transport:
        known = self._hosts.transport(host) if self._may_switch else None
        return known or self._settings.transport

    def _attempt(self, asking: _Asking, spent: "Spent") -> Answer:
        answer = self._request(asking, spent)
        while refused := is_refused_by_edge(answer):
            asking.refused += (asking.transport,)
            if not self._may_switch or len(asking.refused) > 1:
                break
            place = f"{asking.target.host} answered 403 to {asking.target.path}"
            self._tell_retry(f"{place} over {asking.transport}", 0.0, spent)
            asking.transport = other_transport(asking.transport)
            answer = self._request(asking, spent)
        if self._may_switch and asking.refused:
            self._hosts.remember_transport(
                asking.target.host, None if refused else asking.transport
            )
        return judged(
            answer, asking.target, refused=asking.refused if refused else (), now=self._now()
        )

    def _tell_retry(self, reason: object, pause_s: float, spent: "Spent") -> None:
        if self._on_retry is not None:
            self._on_retry(RetryLog(reason=str(reason), attempt=spent.requests, pause_s=pause_s))

    def _request(self, asking: _Asking, spent: "Spent") -> Answer:
        outcome: Answer | SourceError
        with self._turn(asking) as waited_s:
            began = time.monotonic()
            try:
                outcome = self._exchange(asking)
            except SourceError as exc:
                outcome = exc
            elapsed_s = time.monotonic() - began
        spent.seconds += elapsed_s
        spent.requests += 1
        if self._on_request is not None:
            log = _log(asking, outcome, attempt=spent.requests, times=(elapsed_s, waited_s))
            self._on_request(log)
        if isinstance(outcome, SourceError):
            raise outcome
        return outcome

    @contextmanager
    def _turn(self, asking: _Asking) -> Iterator[float]:
        """Wait for the pace first and for the host then: nobody holds up the host by queueing."""
        if self._pace is None:
            with asking.limit.turn(self._stop) as waited_s:
                yield waited_s
            return
        pace = self._hosts.pace(asking.target.host, self._pace)
        with pace.turn(self._stop) as paced_s, asking.limit.turn(self._stop) as waited_s:
            yield paced_s + waited_s

    def _exchange(self, asking: _Asking) -> Answer:
        key = (asking.transport, asking.target.host)
        session = self._sessions.take(*key)
        reusable = False
        try:
            answer, reusable = exchange(
                session,
                asking.target,
                headers=asking.headers,
                settings=self._settings,
                transport=asking.transport,
                stop=self._stop,
                abandoned=self._hosts.abandoned(asking.target.host),
            )
            return answer
        finally:
            if reusable:
                self._sessions.give_back(*key, session)
            else:
                session.close()


def _log(
    asking: _Asking, outcome: Answer | SourceError, *, attempt: int, times: tuple[float, float]
) -> RequestLog:
    answer = None if isinstance(outcome, SourceError) else outcome
    return RequestLog(
        method="GET",
        host=asking.target.host,
        path=asking.target.path,
        params=asking.params,
        status=None if answer is None else answer.status,
        error=type(outcome).__name__ if answer is None else None,
        elapsed_s=times[0],
        waited_s=times[1],
        size=0 if answer is None else len(answer.body),
        attempt=attempt,
        transport=asking.transport,
    )
