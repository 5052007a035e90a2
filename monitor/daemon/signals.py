"""Signals of a daemon: the first one asks it to end, the second one ends it at once."""

import asyncio
import os
import signal
import time
from collections.abc import Callable

from monitor.app.log_queue import flush_within
from monitor.app.logs import get_logger

_ENDING = (signal.SIGTERM, signal.SIGINT)
# The log may go to a pipe that nobody reads.
_FLUSH_S = 2.0
_ONE_S = 0.3
"""Signals so close together are one: shells and `timeout` send theirs to a whole group, too."""


def install_handlers(*, stop: Callable[[], None], reload: Callable[[], None] | None = None) -> None:
    """Call ``stop`` at the first SIGTERM or SIGINT; the second ends the process.

    ``reload`` is called at SIGHUP; without it SIGHUP is one more way to stop. To be called in
    the event loop of the main thread.
    """
    loop = asyncio.get_running_loop()
    asked_at: list[float] = []

    def end(number: signal.Signals) -> None:
        now = time.monotonic()
        if not asked_at:
            asked_at.append(now)
            get_logger().info("stopping", signal=number.name)
            stop()
        elif now - asked_at[0] > _ONE_S:
            get_logger().error("ended at once", signal=number.name)
            # 128 + the number: what shells report of a process that a signal ended.
            exit_now(128 + number)

    for number in _ENDING:
        loop.add_signal_handler(number, end, number)
    if reload is None:
        loop.add_signal_handler(signal.SIGHUP, end, signal.SIGHUP)
    else:
        loop.add_signal_handler(signal.SIGHUP, reload)


def exit_now(code: int) -> None:
    """End the process without waiting for its threads; databases roll back what they were at."""
    flush_within(_FLUSH_S)
    # `sys.exit` would wait for every thread that is not a daemon thread.
    os._exit(code)
