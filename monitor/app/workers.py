"""The processes that deliver from one store: our own claims, and what those that are gone left."""

import os
import secrets
import socket
import threading
from itertools import count

from monitor.app.logs import get_logger
from monitor.app.wiring import App
from monitor.deliver.claims import WORKER, Claims
from monitor.model.lease import Lease
from monitor.model.messages import MessageState
from monitor.store.lease_keeper import LeaseKeeper
from monitor.store.lease_observer import LeaseObserver

_LOOK_S = 0.2
_NUMBERS = count(1)


class Workers:
    """Makes claims, and observes the leases of the other workers; for one thread at a time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._observer = LeaseObserver()
        self._names: set[str] = set()

    def claims(self, process: str) -> Claims:
        """Return claims under a name of their own: a process has new ones for new settings."""
        # What was claimed by former settings is sent to its end, under their own lease.
        holder = f"{process}/{next(_NUMBERS)}"
        keeper = LeaseKeeper(
            WORKER + holder,
            holder,
            opened=self._app.store,
            reader=self._app.reader,
            ttl_s=lambda: self._app.settings.delivery.lease_s,
            now=self._app.now,
            on_trouble=lambda reason: get_logger().warning("delivery troubled", reason=reason),
        )
        self._names.add(keeper.name)
        return Claims(keeper)

    def forget_lost(self) -> None:
        """Drop the leases that their workers lost; what these had claimed is anybody's then.

        StoreError when the store cannot be used.
        """
        lost = [one for one in self._others() if self._observer.is_lost(one)]
        if lost:
            with self._app.store() as store, store.transaction() as tx:
                for one in lost:
                    # Claims name the lease by its fence: without the row their messages are
                    # anybody's (docs/decisions/2026-11-30-one-lease.md).
                    tx.leases.drop(one)

    def await_lost(self, stop: threading.Event) -> bool:
        """Observe workers that say nothing until they renew their leases or have lost them.

        Only while something is being sent. True when one has lost its lease meanwhile.
        """
        before = {one.name for one in self._others()}
        while (
            any(not self._observer.is_alive(one) for one in self._others()) and self._is_sending()
        ):
            if stop.wait(_LOOK_S):
                return False
            self.forget_lost()
        return bool(before - {one.name for one in self._others()})

    def _is_sending(self) -> bool:
        with self._app.reader() as reader:
            return bool(reader.outbox.channels(MessageState.SENDING))

    def _others(self) -> list[Lease]:
        with self._app.reader() as reader:
            found = reader.leases.all(now=self._app.now())
        return [one for one in found if one.name.startswith(WORKER) and one.name not in self._names]


def worker_id() -> str:
    """Return a name for this process as a holder of leases: ``host:4242:1f2e3d4c``."""
    # Process numbers are reused, in a container nearly always 1: hence the random end.
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def process_of(worker: str) -> str:
    """Return the process that a claim's worker belongs to."""
    return worker.partition("/")[0]
