"""The heartbeat to the outside, side by side with everything else that the leader does."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping

from monitor.app import App
from monitor.app.heartbeat import Heartbeat


class HeartbeatLoop:
    """Beats once in a while; ``app`` and ``running`` are asked each time.

    They are asked in the event loop: when that hangs, nobody is called.
    """

    def __init__(
        self, app: Callable[[], App], *, running: Callable[[], Mapping[str, float]]
    ) -> None:
        self._app = app
        self._running = running
        self._heartbeat = Heartbeat()

    async def serve(self) -> None:
        """Beat until cancelled."""
        while True:
            app = self._app()
            if app.settings.daemon.heartbeat_url:
                await self._beat(app)
            await asyncio.sleep(app.settings.daemon.heartbeat_every_s)

    async def _beat(self, app: App) -> None:
        """Beat in a thread that does not keep the process from ending, however long it takes."""
        loop, ended, running = asyncio.get_running_loop(), asyncio.Event(), self._running()

        def beat() -> None:
            self._heartbeat.beat(app, running)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=beat, name="heartbeat", daemon=True).start()
        await ended.wait()
