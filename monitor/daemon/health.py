"""What /healthz, /readyz and /metrics report of the process."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from monitor import __version__
from monitor.app import App
from monitor.app.incidents import free_by_folder
from monitor.app.metrics import CONTENT_TYPE, Metrics
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.errors import MonitorError
from monitor.model.messages import MessageState
from monitor.model.tracking import SourceRow, StoreCounts
from monitor.threads import in_thread
from monitor.web.routes import Exposed, HealthResult, HealthSource

ProcessRole = Literal["starting", "standby", "leader", "stopping"]
# A probe wants an answer even when the store gives none; after this time, that is the answer.
_PATIENCE_S = 5.0


@dataclass(slots=True, kw_only=True)
class DaemonState:
    """What is true of the process now.

    Changed in the daemon's event loop alone, each field as a whole; any thread may read it.

    ``beat_at``: the monotonic time of the last heartbeat. ``refused``: why the configuration
    that is there now was not taken up; None when it was. ``app``: by which settings it runs.
    ``lease_problem``: why the lease could not be asked for the last time; None when it could.
    ``listener_faults``: tells what is wrong with the web listeners, by name.
    ``lease_fault``: what is impossible about the lease that it stands by behind.
    ``config_read_at``: when the configuration in force was read; None: at the start.
    """

    app: App
    holder: str
    started_at: datetime
    work: ThreadTasks
    role: ProcessRole = "starting"
    refused: str | None = None
    lease_problem: str | None = None
    listener_faults: Callable[[], Mapping[str, str]] = dict
    lease_fault: str | None = None
    config_read_at: datetime | None = None
    beat_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoreState:
    """What a look into the store found; ``due``: since when each channel has a message to send."""

    sources: list[SourceRow]
    write_problem: str | None
    due: dict[str, datetime | None]
    paused: set[str]
    counts: StoreCounts
    messages: Mapping[MessageState, Mapping[str, int]]
    free: Mapping[str, int]


class HealthChecks:
    """Answers the questions of the web server out of the status and the store.

    ``stale_s``: a heartbeat older than this is a missing one. To be asked in one event loop,
    which need not be the daemon's: so one that hangs is reported.
    """

    def __init__(self, state: DaemonState, metrics: Metrics, *, stale_s: float) -> None:
        self._state = state
        self._metrics = metrics
        self._stale_s = stale_s
        self._looking: asyncio.Future[_StoreState] | None = None

    @property
    def health_source(self) -> HealthSource:
        """Whom to ask for each page."""
        return HealthSource(
            health=self._health,
            readiness=self._readiness,
            metrics=self._render_metrics,
        )

    async def _health(self) -> HealthResult:
        # By the monotonic clock: a wall clock that is set must not look like a hang.
        age_s = time.monotonic() - self._state.beat_at
        if age_s <= self._stale_s:
            return HealthResult(good=True, facts=self._facts())
        reason = f"no heartbeat for {age_s:.0f} s"
        return HealthResult(good=False, facts={"reason": reason, **self._facts()})

    def _facts(self) -> dict[str, Any]:
        state = self._state
        fault = {} if state.lease_fault is None else {"lease_fault": state.lease_fault}
        return {
            **fault,
            "role": state.role,
            "holder": state.holder,
            "version": __version__,
            "started_at": state.started_at.isoformat(),
            "sources": [one.name for one in state.app.settings.sources if one.enabled],
            "running": sorted(state.work.names),
            "web": dict(state.listener_faults()),
        }

    async def _readiness(self) -> HealthResult:
        state = self._state
        found: dict[str, str] = {}
        # A process that stands by is ready: it would lead at once if the leader went.
        if state.role in ("starting", "stopping"):
            found["process"] = f"it is {state.role}"
        if state.refused is not None:
            found["configuration"] = f"the old one is in force: {state.refused}"
        if state.lease_fault is not None:
            found["lease"] = state.lease_fault
        store = await self._store_problem(to_write=True) or state.lease_problem
        if store is not None:
            found["store"] = store
        facts: dict[str, Any] = {"role": state.role, "problems": found}
        if found:
            facts["reason"] = "; ".join(f"{what}: {why}" for what, why in found.items())
        return HealthResult(good=not found, facts=facts)

    async def _store_problem(self, *, to_write: bool = False) -> str | None:
        """Look into the store; return what is wrong with it.

        ``to_write``: that nothing can be written is wrong, too. How the sources and the channels
        stand is noted.
        """
        looking = self._read_store()
        # Not `wait_for`, which cancels what it waits for: other requests share this look.
        await asyncio.wait({looking}, timeout=_PATIENCE_S)
        if not looking.done():
            return f"it did not answer within {_PATIENCE_S:g} s"
        error = looking.exception()
        if isinstance(error, MonitorError):
            return str(error)
        enabled = [one.name for one in self._state.app.settings.sources if one.enabled]
        seen = looking.result()
        self._metrics.sources(enabled, seen.sources)
        self._metrics.channels(seen.due, seen.paused)
        self._metrics.amounts(seen.counts, seen.messages, seen.free)
        return seen.write_problem if to_write else None

    def _read_store(self) -> "asyncio.Future[_StoreState]":
        """Return the look that is under way, or a new one: many askers make one thread wait."""
        if self._looking is None or self._looking.done():
            self._looking = in_thread("look", _reading(self._state.app))
        return self._looking

    async def _render_metrics(self) -> Exposed:
        self._metrics.store(answers=await self._store_problem() is None)
        self._metrics.lease(held=self._state.role == "leader")
        self._metrics.config_read(self._state.config_read_at or self._state.started_at)
        return Exposed(body=self._metrics.exposition(), content_type=CONTENT_TYPE)


def _reading(app: App) -> Callable[[], _StoreState]:
    def read() -> _StoreState:
        now = app.now()
        with app.reader() as reader:  # which also demands the schema to be the program's own
            states = reader.outbox.channel_states()
            names = {one.name for one in app.settings.channels} | set(reader.outbox.channels())
            return _StoreState(
                sources=reader.sources.all(),
                write_problem=reader.write_problem(),
                due={name: reader.outbox.due_since(name, now) for name in sorted(names)},
                paused={
                    one.channel for one in states if one.paused_until and one.paused_until > now
                },
                counts=reader.sources.counts(),
                messages=reader.outbox.counts(),
                free=free_by_folder(app),
            )

    return read
