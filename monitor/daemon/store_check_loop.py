"""Checking the store once a day, side by side with everything else."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial

from monitor.app import App
from monitor.app.logs import get_logger
from monitor.app.store_checks import check_store, due_in
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.errors import MonitorError
from monitor.threads import in_thread

_LOOK_S = 600.0
_SOON_S = 1.0


class StoreCheckLoop:
    """Starts a check when it is due, in a thread of its own; ``app`` is asked each time."""

    def __init__(self, app: Callable[[], App], *, work: ThreadTasks, stop: threading.Event) -> None:
        self._app = app
        self._tasks = work
        self._stop = stop

    async def serve(self) -> None:
        """Check until cancelled; a check that is under way then ends when ``stop`` is set."""
        while True:
            pause_s = _LOOK_S
            try:
                pause_s = await self._step(self._app())
            except MonitorError as exc:
                get_logger().error("store not checked", reason=str(exc))
            except Exception as exc:  # noqa: BLE001  # neither passes nor deliveries end with it
                get_logger().error("store not checked", reason=repr(exc), exc_info=exc)
            await asyncio.sleep(pause_s)

    async def _step(self, app: App) -> float:
        """Check if that is due; return how many seconds later to look again."""
        wait = await in_thread("look for checks", partial(due_in, app))
        if wait is None or wait:
            return _LOOK_S if wait is None else min(_LOOK_S, wait.total_seconds())
        checking = self._tasks.start("check the store", partial(check_store, app, stop=self._stop))
        # Cancelling this loop must not cancel the future of a thread that still reads.
        if checking is not None:
            await asyncio.shield(checking)
        return _SOON_S
