"""What goes wrong with a listener: logged once, kept for the operator until it is over."""

import threading
import time
from collections.abc import Callable

from monitor.app.logs import get_logger

CALM_S = 300.0
"""A fault is over when the listener has served for so long without another."""

SETTLE_S = 10.0
"""An address that another process holds counts as a fault after so long: one that ends, or whose
place this one takes, gives it back by then."""

# A reason that names what a client asked for could fill the log.
_KINDS_LOGGED = 10


class ListenerFaults:
    """The faults of one listener; threads may share it.

    ``name``: how the log calls it. ``calm_s``: see ``CALM_S``. ``clock``: monotonic seconds.
    """

    def __init__(
        self, name: str, *, calm_s: float = CALM_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._calm_s = calm_s
        self._clock = clock
        self._lock = threading.Lock()
        self._logged: set[str] = set()
        self._count = 0
        self._reason: str | None = None
        self._over_at: float | None = None
        self._waiting_since: float | None = None

    def note(self, reason: str, error: BaseException | None = None) -> None:
        """Keep a fault after which the listener goes on; each kind of it is logged once."""
        with self._lock:
            self._note(reason, error)
            self._over_at = self._clock() + self._calm_s

    def note_down(self, reason: str, error: BaseException | None = None) -> None:
        """Keep a fault that lasts until ``note_up``."""
        with self._lock:
            self._note(reason, error)
            self._over_at = None

    def note_waiting(self, reason: str, *, is_expected: bool) -> None:
        """Keep that another process holds the address; in the end that is a fault, too.

        ``is_expected``: it may well be the process in whose stead this one stands by.
        """
        with self._lock:
            now = self._clock()
            if self._waiting_since is None:
                get_logger().warning("port taken", listener=self._name, reason=reason)
            # The leader may hold the address for as long as it leads: the time does not count
            # until it has ended.
            if self._waiting_since is None or is_expected:
                self._waiting_since = now
            if now - self._waiting_since >= SETTLE_S:
                self._note(reason, None)
                self._over_at = None

    def note_up(self) -> None:
        """Note that the listener serves again."""
        with self._lock:
            waited, self._waiting_since = self._waiting_since is not None, None
            if self._reason is not None and self._over_at is None:
                # An address that was only waited for works at once; after other faults it must
                # prove itself.
                self._over_at = self._clock() + (0.0 if waited else self._calm_s)

    @property
    def is_waiting(self) -> bool:
        """Whether another process holds the address."""
        return self._waiting_since is not None

    @property
    def current(self) -> str | None:
        """What is wrong; None when nothing is, or not any more."""
        with self._lock:
            # Nothing is called when the time is over: the next check finds out.
            if self._over_at is not None and self._clock() >= self._over_at:
                get_logger().warning("web works again", listener=self._name, faults=self._count)
                self._logged.clear()
                self._count, self._reason, self._over_at = 0, None, None
            return self._reason

    def _note(self, reason: str, error: BaseException | None) -> None:
        self._count += 1
        # The first one: those that follow are often its consequences.
        self._reason = self._reason or reason
        if reason not in self._logged and len(self._logged) < _KINDS_LOGGED:
            self._logged.add(reason)
            get_logger().error("web fault", listener=self._name, reason=reason, exc_info=error)
