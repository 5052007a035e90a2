"""The configuration is read again, and taken up where it is good: at SIGHUP, at a take-over.

What is followed by command is looked for in the store, and taken up as soon as it changes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from msgspec.structs import replace as replaced

from monitor.app import App
from monitor.app.follows import followed_by_command, following
from monitor.app.logs import configure, get_logger
from monitor.daemon.health import DaemonState
from monitor.errors import MonitorError
from monitor.settings import Settings
from monitor.threads import in_thread

_AT_START_ALONE = ("store", "web")
"""Sections that a running daemon cannot change: where it keeps things, and where it listens."""


# `monitor follow` writes into the store, from wherever it runs; the daemon finds it by looking.
_LOOK_S = 1.0


def warn_if_idle(settings: Settings) -> None:
    """Log that nothing is followed, where no source is configured and switched on."""
    if not any(source.enabled for source in settings.sources):
        get_logger().warning(
            "nothing is followed", reason="no [[source]] is enabled", fix="add one, then reload"
        )


class ConfigReloader:
    """Reads the configuration again whenever it is asked to.

    ``take_up`` lets a good one take effect, or raises a MonitorError and leaves all as it was.
    """

    def __init__(
        self,
        read_again: Callable[[], App],
        take_up: Callable[[App], Awaitable[None]],
        *,
        state: DaemonState,
    ) -> None:
        self._read_again = read_again
        self._apply_config = take_up
        self._state = state
        self._requested = asyncio.Event()
        # SIGHUP and `monitor follow` may come together: one configuration is taken up after the
        # other.
        self._turn = asyncio.Lock()

    def request(self) -> None:
        """Let it be read again soon; to be called in the event loop."""
        self._requested.set()

    async def serve(self) -> None:
        """Read it again at each request for a reload."""
        while True:
            await self._requested.wait()
            # Before reading: a SIGHUP that arrives meanwhile leads to another reading.
            self._requested.clear()
            await self.read()

    async def read(self) -> None:
        """Read it again now; return when it is taken up or refused."""
        log = get_logger()
        async with self._turn:
            try:
                # In a thread: the file may be on a file server that hangs, and the heartbeat has
                # to go on.
                read = await in_thread("configuration", self._read_again)
                await self._apply_config(self._keep_start_sections(read))
            except MonitorError as exc:
                # /readyz reports it until a reading succeeds again.
                self._state.refused = str(exc)
                log.error("configuration refused", reason=str(exc))
                return
            self._state.refused = None
            self._state.config_read_at = self._state.app.now()
            settings = self._state.app.settings
            configure(settings.log)
            names = [source.name for source in settings.sources if source.enabled]
            log.info("configuration read again", sources=names)
            warn_if_idle(settings)

    async def watch_followed(self) -> None:
        """Look every second what is followed by command, and take up what changed."""
        while True:
            await asyncio.sleep(_LOOK_S)
            look = partial(followed_by_command, self._state.app)
            try:
                nct_ids = await in_thread("followed by command", look)
                await self._apply_followed(nct_ids)
            except MonitorError as exc:  # passes and deliveries report a store out of reach
                get_logger().debug("followed trials not looked for", reason=str(exc))

    async def _apply_followed(self, nct_ids: tuple[str, ...]) -> None:
        async with self._turn:
            app = following(self._state.app, nct_ids)
            if app.settings.sources != self._state.app.settings.sources:
                await self._apply_config(app)
                get_logger().info("followed trials applied", count=len(nct_ids))

    def _keep_start_sections(self, read: App) -> App:
        """Return what was read, with the sections of before that only a new start can change."""
        before, settings = self._state.app.settings, read.settings
        for section in _AT_START_ALONE:
            if getattr(settings, section) != getattr(before, section):
                get_logger().warning("section needs a new start", section=section)
                settings = replaced(settings, **{section: getattr(before, section)})
        return replace(read, settings=settings)
