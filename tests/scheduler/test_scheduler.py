"""Jobs that run, overrun, fail, are replaced, waited for and stopped."""

import asyncio
from datetime import UTC, datetime

from time_machine import Traveller as Clock

from monitor.scheduler import Every, Job, JobProblem
from tests.scheduler.stage import HOUR, LIMIT_S, NOON, Stage, play, settle


def test_a_job_that_is_due_while_it_runs_is_told_once_and_made_up_once(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", Every(HOUR), NOON, holds=True))
        await settle()
        for hour in range(1, 6):
            await stage.set_clock(NOON + hour * HOUR)
        assert stage.began == {"a": 1}
        assert stage.scheduler.running == {"a"}
        assert stage.trouble == [(JobProblem.STILL_RUNNING, "a", None)]
        stage.held.set()
        await stage.until(lambda: len(stage.next) == 2)
        await settle()

    stage = play(clock, scene)
    assert stage.began == {"a": 2}
    assert stage.next == [("a", NOON + 5 * HOUR), ("a", NOON + 6 * HOUR)]
    assert len(stage.trouble) == 1


def test_jobs_do_not_wait_for_each_other(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(
            stage.job("slow", Every(HOUR), NOON, holds=True), stage.job("b", Every(HOUR), NOON)
        )
        await stage.until(lambda: len(stage.next) == 1)

    stage = play(clock, scene)
    assert stage.began == {"slow": 1, "b": 1}
    assert stage.next == [("b", NOON + HOUR)]


def test_a_job_that_fails_is_told_and_runs_again_when_it_is_due(clock: Clock) -> None:
    error = RuntimeError("broken")
    tries: list[datetime] = []

    async def fail() -> None:
        tries.append(datetime.now(UTC))
        raise error

    async def scene(stage: Stage) -> None:
        stage.begin(Job(name="a", trigger=Every(HOUR), run=fail, next_due=NOON))
        await stage.until(lambda: len(stage.next) == 1)
        await stage.set_clock(NOON + HOUR)

    stage = play(clock, scene)
    assert tries == [NOON, NOON + HOUR]
    assert stage.trouble == [(JobProblem.FAILED, "a", error)] * 2
    assert stage.next == [("a", NOON + HOUR), ("a", NOON + 2 * HOUR)]


def test_replacing_the_jobs_leaves_what_runs_alone(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(
            stage.job("kept", Every(HOUR), NOON, holds=True),
            stage.job("gone", Every(HOUR), NOON, holds=True),
            stage.job("idle", Every(HOUR), NOON + HOUR),
        )
        await settle()
        kept = stage.job("kept", Every(3 * HOUR), NOON)  # still due, as far as the store knows
        new = stage.job("new", Every(HOUR), NOON)
        stage.scheduler.schedule({"kept": kept, "new": new})
        await stage.until(lambda: "new" in dict(stage.next))
        assert stage.scheduler.running == {"kept", "gone"}
        stage.held.set()
        await stage.until(lambda: not stage.scheduler.running)
        await stage.set_clock(NOON + HOUR)
        assert stage.began == {"kept": 1, "gone": 1, "new": 2}
        await stage.set_clock(NOON + 3 * HOUR)

    stage = play(clock, scene)
    assert stage.began == {"kept": 2, "gone": 1, "new": 3}
    assert stage.trouble == []
    assert ("kept", NOON + 3 * HOUR) in stage.next
    assert "gone" not in dict(stage.next)


def test_a_drain_waits_for_what_runs_and_lets_nothing_begin(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(
            stage.job("slow", Every(HOUR), NOON, holds=True),
            stage.job("next", Every(HOUR), NOON + HOUR),
        )
        await settle()
        draining = asyncio.create_task(stage.scheduler.drain(LIMIT_S))
        await stage.set_clock(NOON + HOUR)
        assert not draining.done()
        stage.held.set()
        assert await draining is True

    stage = play(clock, scene)
    assert stage.began == {"slow": 1}
    assert stage.next == [("slow", NOON + HOUR)]


def test_a_drain_ends_when_its_time_is_up_and_shutdown_cancels_what_hangs(clock: Clock) -> None:
    cancelled: list[bool] = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def scene(stage: Stage) -> None:
        stage.begin(Job(name="a", trigger=Every(HOUR), run=hang, next_due=NOON))
        await settle()
        assert await stage.scheduler.drain(0.01) is False
        assert cancelled == []

    stage = play(clock, scene)
    assert cancelled == [True]
    assert stage.next == []  # it stays due in the store
    assert stage.trouble == []


def test_what_is_stopped_before_it_was_started_begins_nothing(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        assert await stage.scheduler.drain(0) is True
        stage.begin(stage.job("a", Every(HOUR), NOON))
        await settle()
        assert stage.began == {}

    play(clock, scene)


def test_a_drain_of_nothing_is_done(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin()
        assert await stage.scheduler.drain(0) is True

    play(clock, scene)


def test_after_a_pause_what_became_due_runs_once(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", Every(HOUR), NOON + HOUR))
        stage.scheduler.pause()
        await stage.set_clock(NOON + 5 * HOUR)
        assert stage.began == {}
        stage.scheduler.resume()
        await stage.until(lambda: len(stage.next) == 1)

    assert play(clock, scene).began == {"a": 1}


def test_waking_after_the_end_does_nothing(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", Every(HOUR), NOON + HOUR))
        await settle()
        stage.scheduler.shutdown()
        for hour in (5, 6):  # before and after the loop has taken it down
            await stage.set_clock(NOON + hour * HOUR)
        stage.scheduler.shutdown()

    assert play(clock, scene).began == {}


def test_waking_and_stopping_before_the_start_do_nothing(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.scheduler.schedule({"a": stage.job("a", Every(HOUR), NOON)})
        await stage.set_clock(NOON + 5 * HOUR)

    assert play(clock, scene).began == {}


def test_what_never_started_can_be_drained_and_shut_down(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.scheduler.schedule({"a": stage.job("a", Every(HOUR), NOON)})
        stage.scheduler.pause()
        assert await stage.scheduler.drain(LIMIT_S)
        stage.scheduler.shutdown()

    assert play(clock, scene).began == {}
