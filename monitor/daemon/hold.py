"""Holding the lease: taken once, renewed until it is lost."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from monitor.app.logs import get_logger
from monitor.daemon import SCHEDULER
from monitor.daemon.books import Books
from monitor.daemon.work import in_thread
from monitor.errors import StoreError
from monitor.ingest.following import LeaseHold

_LOOK_S = 1.0
_SILENT = "the store did not answer in time"


class Hold:
    """The lease as this process holds it.

    ``taken_at``: the monotonic time just before it was asked for. ``ttl_s`` is asked before
    each renewal, because the configuration may be read again.
    """

    def __init__(self, books: Books, *, taken_at: float, ttl_s: Callable[[], float]) -> None:
        self._books = books
        self._ttl_s = ttl_s
        self._until = taken_at + ttl_s()
        self._seen: tuple[float, datetime] | None = None
        self._trouble: str | None = None
        self._log = get_logger()

    @property
    def fence(self) -> LeaseHold:
        """What lets a transaction make sure that the lease is still held."""
        return LeaseHold(name=SCHEDULER, holder=self._books.holder, ttl_s=self._ttl_s())

    async def keep(self) -> str:
        """Renew the lease again and again; return why it is lost, once it is.

        It is lost when another has taken it, and when the store has not confirmed it for as
        long as it lasts: neither to this renewal nor to a pass, which renews it with each page
        and may keep others from writing for long.
        """
        while True:
            ttl_s = self._ttl_s()
            await asyncio.sleep(min(ttl_s / 3, max(0.0, self._until - time.monotonic())))
            reason = await self._renewed(ttl_s)
            if reason is not None:
                self._log.error("lease lost", holder=self._books.holder, reason=reason)
                return reason

    async def _renewed(self, ttl_s: float) -> str | None:
        """Renew once; return why the lease is lost, None while it is held."""
        await self._look(ttl_s)
        asked_at = time.monotonic()
        renewing = in_thread("lease", partial(self._books.renew, ttl_s=ttl_s))
        await asyncio.wait({renewing}, timeout=max(0.1, self._until - asked_at))
        error = renewing.exception() if renewing.done() else None
        if not renewing.done() or isinstance(error, StoreError):
            self._trouble = str(error) if error else self._trouble or _SILENT
            await self._look(ttl_s)
            if time.monotonic() >= self._until:
                return self._trouble
            self._log.warning("lease not renewed", reason=self._trouble)
            return None
        if not renewing.result():
            return await in_thread("lease", self._books.why_lost)
        self._until, self._trouble = asked_at + ttl_s, None
        return None

    async def _look(self, ttl_s: float) -> None:
        """Find out whether a pass has renewed the lease since the last look.

        Reading waits for no writer. What counts is that the entry has moved, not what any clock
        on the wall says.
        """
        looked_at = time.monotonic()
        looking = in_thread("lease", self._books.expiry)
        await asyncio.wait({looking}, timeout=_LOOK_S)
        if not looking.done() or isinstance(looking.exception(), StoreError):
            return
        expires_at = looking.result()
        if expires_at is not None and self._seen is not None and expires_at > self._seen[1]:
            self._until = max(self._until, self._seen[0] + ttl_s)
        self._seen = None if expires_at is None else (looked_at, expires_at)
