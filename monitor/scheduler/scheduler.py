"""Run recurring jobs of the daemon: APScheduler on the event loop, one job for each task.

``daemon.job_runner`` schedules them; ``triggers`` says when each is due.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from apscheduler import events
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.scheduler.triggers import Trigger, next_due, next_run_after_restart


class JobProblem(StrEnum):
    """What can go wrong with a job."""

    FAILED = "job_failed"
    MISSED = "job_missed"
    STILL_RUNNING = "job_still_running"
    """It was due again while it ran; once it has ended it runs once more."""


OnNext = Callable[[str, datetime], None]
OnTrouble = Callable[[JobProblem, str, BaseException | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A recurring task.

    ``next_due`` (aware) may have passed: then it runs at once. ``last_due``: when it last ran,
    where that is known; it counts when the clock is set back.
    """

    name: str
    trigger: Trigger
    run: Callable[[], Awaitable[None]]
    next_due: datetime
    last_due: datetime | None = None


class Scheduler:
    """Runs jobs when they are due, each at most once at a time.

    After each run ``on_next`` gets the job's name and its next due time, for the store.
    ``on_trouble`` gets what went wrong, the job's name, and the error of one that failed; a job
    that fails stays scheduled. Both are called on the event loop and must not raise. All but
    ``__init__`` is called on the event loop too. The wall clock is the machine's.
    """

    def __init__(self, *, on_next: OnNext, on_trouble: OnTrouble) -> None:
        self._on_next = on_next
        self._on_trouble = on_trouble
        self._jobs: dict[str, Job] = {}
        self._ran_due: dict[str, datetime] = {}
        self._running: set[str] = set()
        self._has_reported: set[str] = set()
        self._paused = False
        self._stopped = False
        self._idle = asyncio.Event()
        self._idle.set()
        # Failures go to on_trouble; logged here too they would look like two.
        logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        self._clock = AsyncIOScheduler(
            timezone="UTC",
            # Without a grace time of None, what is more than a second late is skipped.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._clock.add_listener(self._on_started, events.EVENT_JOB_SUBMITTED)
        self._clock.add_listener(
            self._on_ended,
            events.EVENT_JOB_EXECUTED | events.EVENT_JOB_ERROR | events.EVENT_JOB_MISSED,
        )
        self._clock.add_listener(self._on_refused, events.EVENT_JOB_MAX_INSTANCES)

    @property
    def running(self) -> frozenset[str]:
        """The names of the jobs that run."""
        return frozenset(self._running)

    def start(self) -> None:
        """Begin to run what is due; after a pause not before ``resume``."""
        self._clock.start(paused=self._paused)

    def schedule(self, jobs: Mapping[str, Job]) -> None:
        """Replace the jobs, by name. What runs goes on, also when its job is no longer there."""
        for name in self._jobs.keys() - jobs.keys():
            self._clock.remove_job(name)
            self._ran_due.pop(name, None)
        self._jobs = dict(jobs)
        now = datetime.now(UTC)
        for name, job in jobs.items():
            if job.last_due is not None:
                self._ran_due[name] = job.last_due
            # One that runs gets its next time when it ends.
            runs = name in self._running
            when = next_due(job.trigger, last_due=now, now=now) if runs else job.next_due
            self._clock.add_job(
                _run,
                trigger=_ClockTrigger(job.trigger),
                args=(job,),
                id=name,
                next_run_time=when,
                replace_existing=True,
            )

    def wake(self) -> None:
        """Recompute what is due, after the wall clock may have been set or the machine slept."""
        now = datetime.now(UTC)
        for name in self._jobs.keys() - self._running:
            stored = self._clock.get_job(name).next_run_time
            when = next_run_after_restart(
                self._jobs[name].trigger, stored=stored, last_due=self._ran_due.get(name), now=now
            )
            if when != stored:
                self._clock.modify_job(name, next_run_time=when)
                self._on_next(name, when)
        if self._clock.running:
            self._clock.wakeup()

    def pause(self) -> None:
        """Start nothing more; what runs goes on. It need not have been started yet."""
        self._paused = True
        if self._clock.running:
            self._clock.pause()

    def resume(self) -> None:
        """Go on after a pause; what became due meanwhile runs, once."""
        self._paused = False
        if self._clock.running:
            self._clock.resume()

    async def drain(self, timeout_s: float) -> bool:
        """Start nothing more and wait for what runs; return whether it has ended in that time."""
        self.pause()
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def shutdown(self) -> None:
        """Stop. What still runs is cancelled, and stays due as far as ``on_next`` knows."""
        self._stopped = True
        # So that the end of a job that is cancelled now schedules nothing.
        self._jobs = {}
        if self._clock.running:
            self._clock.shutdown(wait=False)

    def _on_started(self, event: Any) -> None:
        self._running.add(event.job_id)
        self._idle.clear()

    def _on_ended(self, event: Any) -> None:
        name, due = event.job_id, event.scheduled_run_time
        self._running.discard(name)
        self._has_reported.discard(name)
        try:
            if not self._stopped:
                self._report_problem(event)
            # `schedule` may have removed it while it ran.
            if name in self._jobs:
                self._ran_due[name] = due
                when = next_due(self._jobs[name].trigger, last_due=due, now=datetime.now(UTC))
                self._clock.modify_job(name, next_run_time=when)
                self._on_next(name, when)
        finally:
            if not self._running:
                self._idle.set()

    def _report_problem(self, event: Any) -> None:
        if event.code == events.EVENT_JOB_MISSED:
            self._on_trouble(JobProblem.MISSED, event.job_id, None)
        elif event.exception is not None:
            self._on_trouble(JobProblem.FAILED, event.job_id, event.exception)

    def _on_refused(self, event: Any) -> None:
        if event.job_id not in self._has_reported:
            self._has_reported.add(event.job_id)  # once for each run, however long it takes
            self._on_trouble(JobProblem.STILL_RUNNING, event.job_id, None)


async def _run(job: Job) -> None:
    await job.run()


class _ClockTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler brings no types
    """Adapts a trigger to APScheduler's interface."""

    def __init__(self, trigger: Trigger) -> None:
        self._trigger = trigger

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return next_due(self._trigger, last_due=previous_fire_time, now=now)
