"""A scheduler on a real event loop, under a clock that the test sets."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from time_machine import Traveller

from monitor.scheduler import Job, JobProblem, Scheduler, Trigger

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMIT_S = 30.0


class Stage:
    """A scheduler, what it ran and what it told."""

    def __init__(self, clock: Traveller) -> None:
        self.clock = clock
        self.began: Counter[str] = Counter()
        self.next: list[tuple[str, datetime]] = []
        self.trouble: list[tuple[JobProblem, str, BaseException | None]] = []
        self.held = asyncio.Event()
        self.scheduler = Scheduler(
            on_next=lambda name, when: self.next.append((name, when)),
            on_trouble=lambda what, name, exc: self.trouble.append((what, name, exc)),
        )

    def job(self, name: str, trigger: Trigger, due: datetime, *, holds: bool = False) -> Job:
        async def run() -> None:
            self.began[name] += 1
            if holds:
                await self.held.wait()

        return Job(name=name, trigger=trigger, run=run, next_due=due)

    def begin(self, *jobs: Job) -> None:
        self.scheduler.schedule({job.name: job for job in jobs})
        self.scheduler.start()

    async def set_clock(self, to: datetime) -> None:
        """Set the wall clock and let the scheduler look and start what it finds."""
        self.clock.move_to(to)
        self.scheduler.wake()
        await settle()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110  # what is waited for is a list's length
                await asyncio.sleep(0)


async def settle() -> None:
    """Let everything that is ready to go on do so: a job starts, runs and is counted."""
    for _ in range(20):
        await asyncio.sleep(0)


def play(clock: Traveller, scene: Callable[[Stage], Awaitable[None]]) -> Stage:
    """Play a scene on an event loop, then stop the scheduler."""

    async def whole() -> Stage:
        stage = Stage(clock)
        await scene(stage)
        stage.scheduler.shutdown()
        await settle()
        return stage

    return asyncio.run(whole())
