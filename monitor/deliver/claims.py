"""The claims of a worker, kept alive by a thread of its own while it sends."""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Self

from monitor.errors import StoreError
from monitor.store.writer import Store


class Claims:
    """Messages that a worker has claimed: to be sent only while they are ``held``.

    Inside the ``with`` block the claims are renewed three times in each lease. What the store
    does not confirm for as long as the lease lasts, or tells to be another's, is held no more:
    so a process that slept does not send what another one has sent meanwhile.
    """

    def __init__(
        self,
        store: Store,
        *,
        worker: str,
        lease_s: float,
        now: Callable[[], datetime],
        on_trouble: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._worker = worker
        self._lease_s = lease_s
        self._now = now
        self._on_trouble = on_trouble
        self._clock = clock
        self._until: dict[int, float] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="claims", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def add(self, ids: Iterable[int], *, asked_at: float) -> None:
        """Keep what was claimed; ``asked_at``: the clock just before it was asked for."""
        with self._lock:
            self._until.update(dict.fromkeys(ids, asked_at + self._lease_s))

    def remove(self, message_id: int) -> None:
        """Keep a message no longer: it is done."""
        with self._lock:
            self._until.pop(message_id, None)

    def held(self, message_id: int) -> bool:
        """Tell whether nobody else can have claimed the message."""
        with self._lock:
            return self._until.get(message_id, float("-inf")) > self._clock()

    @property
    def ids(self) -> list[int]:
        """What is kept."""
        with self._lock:
            return sorted(self._until)

    def renew(self) -> None:
        """Renew what is kept; StoreError when the store does not answer."""
        ids, asked_at = self.ids, self._clock()
        if not ids:
            return
        with self._store.transaction() as tx:
            held = tx.outbox.extend(self._worker, ids, now=self._now(), lease_s=self._lease_s)
        with self._lock:
            for message_id in ids:
                if message_id not in held:
                    self._until.pop(message_id, None)
                elif message_id in self._until:  # else it was sent meanwhile
                    self._until[message_id] = asked_at + self._lease_s

    def _keep(self) -> None:
        while not self._done.wait(self._lease_s / 3):
            try:
                self.renew()
            except StoreError as exc:
                self._on_trouble(f"claims are not renewed: {exc}")
