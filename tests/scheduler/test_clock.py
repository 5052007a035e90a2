"""What the machine's clock does to what is scheduled: each time once, none left out."""

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller as Clock

from monitor.scheduler import Cron, Every, Job, Trigger, next_due
from tests.scheduler.stage import HOUR, NOON, Stage, play, settle


@pytest.mark.parametrize("trigger", [Every(HOUR), Cron("40 * * * *")])
def test_what_was_due_for_days_runs_once_at_the_start(clock: Clock, trigger: Trigger) -> None:
    soon = timedelta(minutes=40)

    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", trigger, NOON + soon - 73 * HOUR))
        await stage.until(lambda: len(stage.next) == 1)
        await settle()

    stage = play(clock, scene)
    assert stage.began == {"a": 1}
    assert stage.next == [("a", NOON + soon)]
    assert stage.trouble == []


def test_a_job_runs_each_time_it_is_due_and_not_before(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", Every(HOUR), NOON + HOUR))
        await stage.set_clock(NOON + HOUR - timedelta(seconds=1))
        assert stage.began == {}
        await stage.set_clock(NOON + HOUR)
        assert stage.began == {"a": 1}
        await stage.set_clock(NOON + 2 * HOUR)
        assert stage.began == {"a": 2}

    assert play(clock, scene).next == [("a", NOON + 2 * HOUR), ("a", NOON + 3 * HOUR)]


def test_a_job_that_is_due_soon_runs_without_being_woken(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", Every(HOUR), NOON + timedelta(milliseconds=20)))
        await settle()
        assert stage.began == {}
        clock.shift(1)
        await stage.until(lambda: stage.began["a"] == 1)

    play(clock, scene)


@pytest.mark.parametrize("trigger", [Every(HOUR), Cron("0 * * * *")])
def test_a_clock_set_hours_forward_makes_up_one_run(clock: Clock, trigger: Trigger) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", trigger, NOON + HOUR))
        await settle()
        await stage.set_clock(NOON + 9 * HOUR)

    stage = play(clock, scene)
    assert stage.began == {"a": 1}
    assert stage.next == [("a", NOON + 10 * HOUR)]


def test_after_a_clock_set_hours_back_an_interval_counts_from_the_new_time(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", Every(HOUR), NOON))
        await stage.until(lambda: len(stage.next) == 1)
        await stage.set_clock(NOON - 6 * HOUR)
        assert stage.next[-1] == ("a", NOON - 5 * HOUR)
        await stage.set_clock(NOON - 5 * HOUR)

    assert play(clock, scene).began == {"a": 2}


def test_after_a_clock_set_hours_back_a_cron_time_is_not_run_again(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        stage.begin(stage.job("a", Cron("0 * * * *"), NOON))
        await stage.until(lambda: len(stage.next) == 1)
        for hour in range(-6, 1):
            await stage.set_clock(NOON + hour * HOUR)
        assert stage.began == {"a": 1}
        await stage.set_clock(NOON + HOUR)

    stage = play(clock, scene)
    assert stage.began == {"a": 2}
    assert stage.next == [("a", NOON + HOUR), ("a", NOON + 2 * HOUR)]


def test_a_cron_time_of_an_earlier_process_is_not_run_again_either(clock: Clock) -> None:
    async def scene(stage: Stage) -> None:
        job = stage.job("a", Cron("0 * * * *"), NOON + HOUR)
        stage.begin(Job(name="a", trigger=job.trigger, run=job.run, next_due=job.next_due,
                        last_due=NOON))  # fmt: skip
        for hour in range(-6, 1):
            await stage.set_clock(NOON + hour * HOUR)

    assert play(clock, scene).began == {}


@pytest.mark.parametrize(
    ("zone", "evening", "expected"),
    [
        ("Europe/Madrid", datetime(2026, 3, 28, 22, tzinfo=UTC), "01:00"),
        ("Europe/Madrid", datetime(2026, 10, 24, 22, tzinfo=UTC), "00:30"),
        ("America/New_York", datetime(2026, 3, 8, 4, tzinfo=UTC), "07:00"),
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC), "07:30"),
    ],
)
def test_in_the_nights_of_daylight_saving_a_daily_job_runs_once(
    clock: Clock, zone: str, evening: datetime, expected: str
) -> None:
    # 02:30 is skipped, or shown twice in Madrid; New York shows 01:30 twice, and 02:30 once.
    ran: list[str] = []

    async def scene(stage: Stage) -> None:
        clock.move_to(evening)
        trigger = Cron("30 2 * * *", zone)
        due = next_due(trigger, last_due=None, now=evening)
        stage.begin(stage.job("a", trigger, due))
        for minutes in range(0, 12 * 60, 10):
            before = stage.began["a"]
            await stage.set_clock(evening + timedelta(minutes=minutes))
            if stage.began["a"] > before:
                ran.append(datetime.now(UTC).strftime("%H:%M"))

    play(clock, scene)
    assert ran == [expected]
