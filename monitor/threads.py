"""Blocking work seen from an event loop: every piece in a thread at once, none waits."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")

# More than there are ever pieces of work at a time, so that none is queued. A thread that is idle
# is used again: one for each piece would take memory pools and codecs of its own every time.
_THREADS = ThreadPoolExecutor(max_workers=1_000, thread_name_prefix="idle")


def in_thread(name: str, work: Callable[[], Result]) -> "asyncio.Future[Result]":
    """Start the work in a thread of that name; the future has what it returns or raises.

    Nothing is queued, so that no piece ever waits for another one. The thread sees the
    caller's context variables.
    """
    started = _THREADS.submit(partial(copy_context().run, _named, name, work))
    ended = asyncio.wrap_future(started)
    ended.add_done_callback(_seen)
    return ended


def _named(name: str, work: Callable[[], Result]) -> Result:
    """Do the work in a thread that bears its name meanwhile, for who looks at the process."""
    thread = threading.current_thread()
    thread.name, idle = name, thread.name
    try:
        return work()
    finally:
        thread.name = idle


def _seen(ended: "asyncio.Future[Any]") -> None:
    """Look at a failure, so that asyncio does not complain when nobody else does any more."""
    if not ended.cancelled():
        ended.exception()
