"""Rate limits per host, shared by all clients of the process.

Every request of ``client`` waits for its turn here. The registry publishes no limit;
50 requests a minute is the number that public projects repeat (docs/configuration.md, "[http]").
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from monitor.deadlines.threads import AbandonedThreads
from monitor.settings.sections import Transport
from monitor.sources.http.errors import HostClosedError, StoppedError

WINDOW_S = 60.0
LONGEST_CLOSED_S = 86_400.0  # then a host is tried again, whatever pause it asked for
_STOP_POLL_S = 0.1  # how soon a thread waiting for another one notices that it should stop
_MAX_HANGING = 16  # requests to a host that hang in the name service, and those under way
_LEAST_WAIT_S = 0.001  # a wait too small for the clock's floats would never end

Sleep = Callable[[float, threading.Event | None], None]


def pause(seconds: float, stop: threading.Event | None) -> None:
    """Sleep; StoppedError as soon as ``stop`` is set."""
    if stop is None:
        time.sleep(seconds)
    elif stop.wait(seconds):
        raise StoppedError


class RateLimit:
    """Lets requests start one after the other, in the order in which they came.

    At most ``requests_per_minute`` start in any 60 seconds (None: no such limit), none sooner
    than ``min_spacing_s`` after the last start or end of another, and at most ``max_in_flight``
    are under way at once (None: any number). Threads may share it.
    """

    def __init__(
        self,
        requests_per_minute: int | None = None,
        *,
        min_spacing_s: float = 0.0,
        max_in_flight: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = pause,
    ) -> None:
        self.requests_per_minute = requests_per_minute
        self._min_spacing_s = min_spacing_s
        self._max_in_flight = max_in_flight
        self._clock = clock
        self._sleep = sleep
        self._changed = threading.Condition()
        # A queue of tickets, because a Condition wakes whom it likes: an unlucky thread could wait
        # for ever behind a busy one.
        self._queue: deque[object] = deque()
        self._starts: deque[float] = deque()
        self._in_flight = 0
        self._not_before = float("-inf")
        self._closed_until = float("-inf")
        self._closed_by: HostClosedError | None = None

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        with self._changed:
            return len(self._queue)

    @contextmanager
    def turn(self, stop: threading.Event | None = None) -> Iterator[float]:
        """Wait for the turn and hold it for the block; yields the seconds waited.

        StoppedError when ``stop`` is set before the turn comes, HostClosedError while closed.
        """
        waited_s = self._begin(stop)
        try:
            yield waited_s
        finally:
            with self._changed:
                self._in_flight -= 1
                # From the end too: the history API rejects a request that follows closely on an
                # answer.
                self._space()
                self._changed.notify_all()

    def hold(self, seconds: float) -> None:
        """Start no request for so long: the host asked for a pause."""
        with self._changed:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def close(self, seconds: float, why: HostClosedError) -> None:
        """Start no request for so long, nor let one wait for it; the latest call counts."""
        with self._changed:
            self._closed_until = self._clock() + min(seconds, LONGEST_CLOSED_S)
            self._closed_by = why

    def _begin(self, stop: threading.Event | None) -> float:
        came = self._clock()
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
        try:
            while (delay_s := self._start(ticket, stop)) > 0:
                # Outside the lock, and asked again afterwards: the host may have been held or
                # closed meanwhile.
                self._sleep(delay_s, stop)
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()
        return self._clock() - came

    def _start(self, ticket: object, stop: threading.Event | None) -> float:
        """Start, and return 0; else return for how long it is too early."""
        with self._changed:
            while self._queue[0] is not ticket or self._is_full():
                if stop is not None and stop.is_set():
                    raise StoppedError
                self._changed.wait(None if stop is None else _STOP_POLL_S)
            if stop is not None and stop.is_set():
                raise StoppedError
            now = self._clock()
            if self._closed_by is not None and now < self._closed_until:
                why = self._closed_by
                raise HostClosedError(
                    f"no request was sent: {why}", status=why.status, excerpt=why.excerpt
                )
            delay_s = self._delay(now)
            if delay_s > 0:
                return max(delay_s, _LEAST_WAIT_S)
            # The starts of a minute are kept one by one. A counter that is set back every full
            # minute would let twice as many through around the turn of it.
            self._starts.append(now)
            self._in_flight += 1
            self._space()
            return 0.0

    def _is_full(self) -> bool:
        return self._max_in_flight is not None and self._in_flight >= self._max_in_flight

    def _delay(self, now: float) -> float:
        while self._starts and self._starts[0] + WINDOW_S <= now:
            self._starts.popleft()
        delay_s = self._not_before - now
        allowed = self.requests_per_minute
        if allowed is not None and len(self._starts) >= allowed:
            # The window is free again when enough of the latest starts have left it.
            delay_s = max(delay_s, self._starts[-allowed] + WINDOW_S - now)
        return delay_s

    def _space(self) -> None:
        self._not_before = max(self._not_before, self._clock() + self._min_spacing_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPace:
    """A stricter rule for a part of a host, on top of the host's own limit.

    All clients with a pace of one name share it.
    """

    name: str
    min_spacing_s: float = 0.0
    max_in_flight: int | None = None


# trajnovd/clinical-trial-change-monitor ctcm/monitor.py, 2026-08-09: answers 429 within a handful
# of requests when two are in flight; one at a time with 0.4 s between did not.
HISTORY_PACE = RequestPace(name="history", min_spacing_s=0.4, max_in_flight=1)


@dataclass(slots=True)
class _Host:
    limit: RateLimit
    paces: dict[str, RateLimit] = field(default_factory=dict)
    transport: Transport | None = None
    abandoned_threads: AbandonedThreads = field(
        default_factory=lambda: AbandonedThreads(_MAX_HANGING)
    )


class Hosts:
    """What the process knows about each host: its limits, and the transport that it lets in."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = pause
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}

    def limit(self, host: str, requests_per_minute: int) -> RateLimit:
        """Return the host's limit; the latest number of requests holds for everybody."""
        with self._lock:
            limit = self._host(host).limit
        limit.requests_per_minute = requests_per_minute
        return limit

    def pace(self, host: str, pace: RequestPace) -> RateLimit:
        """Return the limit of a part of the host; it is what its first user says."""
        with self._lock:
            known = self._host(host)
            if pace.name not in known.paces:
                known.paces[pace.name] = RateLimit(
                    min_spacing_s=pace.min_spacing_s,
                    max_in_flight=pace.max_in_flight,
                    clock=self._clock,
                    sleep=self._sleep,
                )
            return known.paces[pace.name]

    def abandoned_threads(self, host: str) -> AbandonedThreads:
        """Return the counter of the requests to the host that hang and were abandoned."""
        with self._lock:
            return self._host(host).abandoned_threads

    def transport(self, host: str) -> Transport | None:
        """Return the transport that the host was last seen to let in instead of another."""
        with self._lock:
            return self._host(host).transport

    def remember_transport(self, host: str, transport: Transport | None) -> None:
        """Keep the transport that the host lets in; None forgets it."""
        with self._lock:
            self._host(host).transport = transport

    def forget(self, host: str) -> None:
        """Remove all that is known of the host, as in a new process."""
        with self._lock:
            self._hosts.pop(host, None)

    def _host(self, host: str) -> _Host:
        if host not in self._hosts:
            self._hosts[host] = _Host(RateLimit(clock=self._clock, sleep=self._sleep))
        return self._hosts[host]


HOSTS = Hosts()
"""Process-wide registry of per-host limits."""
