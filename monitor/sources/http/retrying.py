"""Tries again: stamina counts the attempts and says how far apart they are."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import stamina
from stamina.instrumentation import set_on_retry_hooks

from monitor.sources.http.answer import Answer
from monitor.sources.http.faults import BusyError, RetryableError
from monitor.sources.http.judge import too_long
from monitor.sources.http.pace import RateLimit, Sleep
from monitor.sources.http.settings import RetrySettings

_JITTER = random.SystemRandom().random


@dataclass(slots=True)
class Spent:
    """What one ``get`` has cost so far: seconds of work and pauses, and requests."""

    seconds: float = 0.0
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """Calls until there is an answer, as ``settings`` allow.

    ``limit`` is the host's: a pause that the host asks for is one for everybody. ``now`` gives
    an aware time. ``tell`` is told of each failure that is not the last word, before the pause.
    """

    settings: RetrySettings
    limit: RateLimit
    stop: threading.Event | None
    sleep: Sleep
    now: Callable[[], datetime]
    tell: Callable[[RetryableError, float, Spent], None]

    def __call__(self, once: Callable[[Spent], Answer]) -> Answer:
        """Return what ``once`` returns; it adds to Spent what it spends.

        RetryableErrors alone are tried again; the last one is raised, with what was tried.
        HostClosedError when the host asks for a longer pause than is allowed: it then gets no
        request from anybody before. StoppedError as soon as ``stop`` is set.
        """
        # The pauses are made here and not by stamina, whose sleep nothing can end. It is told 0,
        # which its own hooks would log and count.
        set_on_retry_hooks(())
        spent, pause_s = Spent(), 0.0
        failed: RetryableError | None = None

        def at_once(exc: Exception) -> bool | float:
            fits = spent.seconds + pause_s <= self.settings.total_s
            return 0.0 if isinstance(exc, RetryableError) and fits else False

        try:
            for attempt in stamina.retry_context(
                on=at_once,
                attempts=self.settings.attempts,
                timeout=None,
                wait_initial=self.settings.wait_initial_s,
                wait_max=self.settings.wait_max_s,
                wait_jitter=0.0,
            ):
                with attempt:
                    if failed is not None:
                        self._pause(failed, pause_s, spent)
                    try:
                        return once(spent)
                    except RetryableError as exc:
                        failed = exc
                        pause_s = self._pause_after(exc, attempt.next_wait)
                        raise
        except RetryableError as exc:
            exc.args = (_told(exc, spent),)
            raise
        raise AssertionError  # the loop returns or raises

    def _pause(self, failed: RetryableError, seconds: float, spent: Spent) -> None:
        self.tell(failed, seconds, spent)
        if seconds:
            self.sleep(seconds, self.stop)
            spent.seconds += seconds

    def _pause_after(self, exc: RetryableError, backoff_s: float) -> float:
        pause_s = backoff_s + _JITTER() * self.settings.wait_jitter_s
        asked_s = exc.retry_after_s
        if not asked_s:
            return pause_s
        if asked_s > self.settings.retry_after_max_s and isinstance(exc, BusyError):
            closed = too_long(exc, now=self.now())
            self.limit.close(asked_s, closed)
            raise closed from exc
        self.limit.hold(asked_s)
        return max(pause_s, asked_s)


def _told(exc: RetryableError, spent: Spent) -> str:
    if spent.requests == 1:
        return str(exc)
    return f"{exc} ({spent.requests} requests in {spent.seconds:.0f} s)"
