"""The life of ``monitor run``: stand by, lead, and end in good order."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from monitor.app import App
from monitor.app.deliveries import Deliveries
from monitor.app.log_queue import end_after
from monitor.app.logs import get_logger
from monitor.app.metrics import Metrics
from monitor.app.polling import Poller
from monitor.app.workers import worker_id
from monitor.daemon.config_reload import ConfigReloader, warn_if_idle
from monitor.daemon.delivery_loop import NOTIFYING
from monitor.daemon.health import DaemonState
from monitor.daemon.job_runner import JobRunner
from monitor.daemon.leader_session import LeaderSession, check_sources
from monitor.daemon.listeners import OPERATORS, READERS, listeners_of
from monitor.daemon.scheduler_lease import SchedulerLease, wait_until_lost
from monitor.daemon.signals import exit_now, install_handlers
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.errors import StoreError
from monitor.memory import share_arenas
from monitor.model.incidents import Incident
from monitor.model.lease import Lease
from monitor.threads import in_thread

HEARTBEAT_S = 5.0
_STANDBY_S = 1.0
_RELEASE_S = 2.0
_CLOSE_S = 5.0

PassesOf = Callable[[App, Metrics], Poller]
DeliveriesOf = Callable[[App, Metrics, str, Callable[[], list[Incident]]], Deliveries]


class Daemon:
    """The long-running monitor.

    ``read_again`` reads the configuration anew (ConfigError when it is wrong); ``passes_of``
    makes what does the passes by some settings, ``deliveries_of`` what delivers, under the name
    of this process and with what is wrong with it; None: others deliver. Making a daemon opens
    the store and takes the ports that can be had: ConfigError, StoreError.
    """

    def __init__(
        self,
        app: App,
        *,
        read_again: Callable[[], App],
        passes_of: PassesOf,
        deliveries_of: DeliveriesOf | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        # First: settings that cannot be scheduled must take neither port nor lease.
        check_sources(app.settings)
        self._metrics = Metrics(now=app.now)
        self._tasks = ThreadTasks()
        self._heartbeat_s = heartbeat_s
        self._state = DaemonState(
            app=app, holder=worker_id(), started_at=app.now(), work=self._tasks
        )
        self._passes_of = passes_of
        self._passes = passes_of(app, self._metrics)
        # Four beats: on a busy machine a late one is no hang.
        self._listeners = listeners_of(self._state, self._metrics, stale_s=4 * heartbeat_s)
        self._state.listener_faults = lambda: self._listeners.faults
        self._deliveries_of = deliveries_of
        self._deliveries = self._deliveries_by(app)
        self._config = ConfigReloader(read_again, self._apply_config, state=self._state)
        self._scheduler_lease = SchedulerLease(app, holder=self._state.holder, ttl_s=self._lease_s)
        self._session: LeaderSession | None = None
        self._taking: asyncio.Future[bool] | None = None
        self._log = get_logger()

    def run(self, *, reload_first: Callable[[], bool] = lambda: False) -> int:
        """Run until a signal ends it; return 0, or 1 when a part of the daemon broke down.

        Work that hangs at the end is left behind: then the process ends here. ``reload_first``
        tells whether SIGHUP came before the daemon could hear it; asked once it can.
        """
        share_arenas()
        code, hanging = asyncio.run(self._live(reload_first))
        if hanging:
            self._log.error("still hanging", work=list(hanging))
            exit_now(code)
        self._log.info("stopped", code=code)
        return code

    async def _live(self, reload_first: Callable[[], bool]) -> tuple[int, tuple[str, ...]]:
        ended = asyncio.Event()
        crashed: list[str] = []

        def unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            if (
                not crashed
            ):  # it ends now; a loop that goes on breaking would fill the log meanwhile
                error = context.get("exception")
                self._log.critical("daemon broken", part="event loop", reason=context["message"],
                                   exc_info=error)  # fmt: skip
            crashed.append("event loop")
            ended.set()

        # An error that nobody awaits would be a line in the log, and the daemon only half alive.
        asyncio.get_running_loop().set_exception_handler(unhandled)
        install_handlers(stop=ended.set, reload=self._config.request)
        # The handler first, then the question: a SIGHUP between the two is not lost.
        if reload_first():
            self._config.request()
        self._listeners.start()
        self._log_start()
        parts = {name: asyncio.create_task(part, name=name) for name, part in self._parts()}
        stopping = asyncio.create_task(ended.wait())
        await asyncio.wait({stopping, *parts.values()}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        crashed += [name for name, part in parts.items() if part.done() and self._log_crash(part)]
        # Set before the orderly end, and longer than all of its parts: it holds whatever hangs
        # there.
        self._exit_on_deadline(1 if crashed else 0)
        hanging = await self._shut_down(parts)
        return (1 if crashed else 0), hanging

    def _parts(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """Return what runs side by side as long as the daemon lives."""
        return [
            ("heartbeat", self._beat()),
            ("schedule", self._lead_or_stand_by()),
            ("configuration", self._config.serve()),
            ("followed trials", self._config.watch_followed()),
        ]

    def _log_crash(self, part: "asyncio.Task[None]") -> bool:
        """Log why a part ended that should not have."""
        error = part.exception()
        reason = "it ended by itself" if error is None else repr(error)
        self._log.critical("daemon broken", part=part.get_name(), reason=reason, exc_info=error)
        return True

    def _log_start(self) -> None:
        self._log.info(
            "daemon started",
            holder=self._state.holder,
            store=self._state.app.store_name,
            sources=[one.name for one in self._state.app.settings.sources if one.enabled],
            listen=self._listeners.urls.get(OPERATORS),
            public_listen=self._listeners.urls.get(READERS),
        )
        warn_if_idle(self._state.app.settings)

    # --- its parts -------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            self._state.beat_at = time.monotonic()
            # Timers of asyncio go by the monotonic clock, schedules by the wall clock, which may
            # be set.
            if self._session is not None:
                self._session.wake()
            await asyncio.sleep(self._heartbeat_s)

    async def _lead_or_stand_by(self) -> None:
        """Stand by until the lease can be had, lead until it is lost, and so on."""
        while True:
            await self._stand_by()
            stood_by = self._state.role == "standby"
            self._state.role = "leader"
            self._log.info("leading", holder=self._state.holder)
            try:
                await _until_first(
                    wait_until_lost(self._scheduler_lease.keeper), self._lead(read_first=stood_by)
                )
            except StoreError as exc:
                self._log.error("lease lost", holder=self._state.holder, reason=str(exc))
            self._state.role = "standby"
            # Before it ends: a reload in the meantime must not change a session that is over.
            session, self._session = self._session, None
            if session is not None:
                await session.close(within_s=self._state.app.settings.daemon.shutdown_grace_s)
            # Last, so that the next leader finds nothing under way.
            await self._release()

    async def _lead(self, *, read_first: bool) -> None:
        """Schedule; ``read_first``: by the configuration of now, who led may have gone by it."""
        if read_first:
            await self._config.read()
        job_runner = JobRunner(
            self._state.app, self._passes, scheduler_lease=self._scheduler_lease, work=self._tasks
        )
        self._session = LeaderSession(
            job_runner,
            scheduler_lease=self._scheduler_lease,
            work=self._tasks,
            deliveries=self._deliveries,
        )
        await self._session.start()
        await self._session.watch()

    async def _stand_by(self) -> None:
        """Return once the lease is ours."""
        logged: set[str] = set()
        while True:
            taking = in_thread("lease", self._scheduler_lease.take)
            self._taking = taking
            await asyncio.wait({taking})
            try:
                is_ours = taking.result()
                self._state.lease_problem = None
                if is_ours:
                    self._state.lease_fault = None
                    return
                reason = "another process schedules"
            except StoreError as exc:
                self._state.lease_problem = reason = str(exc)
                self._notify_directly()
            if reason not in logged:
                logged.add(reason)
                self._log.info("standing by", holder=self._state.holder, reason=reason)
            self._state.role = "standby"
            self._stand_by_behind(self._scheduler_lease.rival)
            # Several looks in each lease: a takeover must not come a whole lease late.
            await asyncio.sleep(min(_STANDBY_S, self._lease_s() / 5))

    def _stand_by_behind(self, rival: Lease | None) -> None:
        """Let everybody know while the lease of the one that leads is impossible."""
        fault = None if rival is None or rival.fault is None else f"{rival.holder}: {rival.fault}"
        if fault is not None and self._state.lease_fault is None:
            self._log.error("lease impossible", reason=fault)
        self._state.lease_fault = fault
        if fault is not None:
            self._notify_directly()

    def _notify_directly(self) -> None:
        """Let the operator hear, as nobody leads, what is wrong."""
        if self._deliveries is not None:
            self._tasks.start(NOTIFYING, self._deliveries.notify_directly)

    def _lease_s(self) -> float:
        return self._state.app.settings.daemon.lease_s

    async def _apply_config(self, app: App) -> None:
        """Go on by other settings; a MonitorError leaves everything as it was."""
        check_sources(app.settings)
        passes, deliveries = self._passes_of(app, self._metrics), self._deliveries_by(app)
        # What may fail comes first, since it asks the store; from there on all is assigned.
        if self._session is not None:
            await self._session.change(app, passes, deliveries)
        if deliveries is not None and self._deliveries is not None:
            deliveries.take_over(self._deliveries)
        self._state.app, self._passes, self._deliveries = app, passes, deliveries

    def _deliveries_by(self, app: App) -> Deliveries | None:
        if self._deliveries_of is None:
            return None
        return self._deliveries_of(
            app, self._metrics, self._state.holder, self._listeners.incidents
        )

    # --- the end ---------------------------------------------------------------------------

    def _exit_on_deadline(self, code: int) -> None:
        """See to it that the process ends, whatever hangs: a read, a write, a thread, the loop."""
        grace_s = self._state.app.settings.daemon.shutdown_grace_s
        end_after(grace_s + 3 * _RELEASE_S + _CLOSE_S, partial(exit_now, code))

    async def _shut_down(self, parts: "dict[str, asyncio.Task[None]]") -> tuple[str, ...]:
        """End in good order within the grace period; return what still hangs after it."""
        self._state.role = "stopping"
        # Not the heartbeat: /healthz must not call a process dead that is about to end.
        parts["schedule"].cancel()
        parts["configuration"].cancel()
        parts["followed trials"].cancel()
        grace_s = self._state.app.settings.daemon.shutdown_grace_s
        if self._session is not None:
            hanging = await self._session.close(within_s=grace_s)
        else:
            hanging = await self._tasks.wait(grace_s)
        # Before the listeners end, which may take seconds: another process may be waiting to lead.
        await self._release()
        parts["heartbeat"].cancel()
        stopping = in_thread("web", partial(self._listeners.stop, within_s=_CLOSE_S))
        await asyncio.wait({stopping, *parts.values()}, timeout=_CLOSE_S)
        return hanging

    async def _release(self) -> None:
        """Give the lease back, so that a stand-by need not wait for its end."""
        if self._taking is not None:  # or it could be ours a moment after it was given back
            await asyncio.wait({self._taking}, timeout=_RELEASE_S)
        released = in_thread("lease", self._scheduler_lease.release)
        await asyncio.wait({released}, timeout=_RELEASE_S)
        if released.done() and isinstance(error := released.exception(), StoreError):
            self._log.warning("lease not released", reason=str(error))


async def _until_first(*parts: Coroutine[Any, Any, object]) -> None:
    """Wait until one part ends, end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        # `cancel` only asks; they have ended when this returns.
        await asyncio.wait(tasks)
    for task in done:
        task.result()
