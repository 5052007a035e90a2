"""Records that neither bear a date nor come with one: a few fields of a search, a made-up part."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from monitor.model.record import RawVersion
from tests.ingest.world import NCT, World, raw, study


def read_on(day: int) -> datetime:
    """Return noon of a day in March."""
    return datetime(2026, 3, day, 12, tzinfo=UTC)


def full(updated: str, day: int, **stated: Any) -> RawVersion:
    """Return a complete record of the load of the day before it was read."""
    return raw(study(updated, f"2026-03-{day - 1:02}", **stated), at=read_on(day))


def part(day: int, enrollment: int) -> RawVersion:
    """Return a record of one field, without any date."""
    document = {
        "protocolSection": {
            "identificationModule": {"nctId": NCT},
            "designModule": {"enrollmentInfo": {"count": enrollment}},
        }
    }
    return raw(document, at=read_on(day))


def history_of(world: World) -> list[tuple[int, bool, list[str]]]:
    """Return the day of each version, whether it came late, and its kinds of news."""
    return [
        (seen.version.version_date.day, seen.version.backfilled, seen.kinds)
        for seen in world.history()
    ]


def enrollment(world: World) -> int:
    """Return the enrollment as the newest version states it."""
    document = world.history()[-1].document
    return int(document["protocolSection"]["designModule"]["enrollmentInfo"]["count"])


def test_it_stands_under_the_date_of_what_was_read_before_it_and_hides_nothing_after(
    world: World,
) -> None:
    world.take(full("2026-02-01", 3))
    world.take(part(22, 12))
    world.take(full("2026-02-20", 23, status="SUSPENDED", enrollment=12))
    assert history_of(world) == [
        (1, False, ["trial_registered"]),
        (1, False, ["enrollment_target_changed"]),
        (20, False, ["trial_suspended"]),
    ]


def test_what_the_registry_says_afterwards_is_not_overlaid_by_it(world: World) -> None:
    world.take(part(22, 99))
    world.take(full("2026-02-01", 23, enrollment=10))
    assert [late for _, late, _ in history_of(world)] == [False, False]
    assert [seen.version.version_date for seen in world.history()] == [date(2026, 2, 1)] * 2
    assert enrollment(world) == 10


def test_what_a_backfill_brings_stands_before_it_and_is_no_news(world: World) -> None:
    world.take(part(22, 99))
    answer = {"studyVersion": 3, "study": study("2026-02-01", enrollment=10)}
    world.take(raw(answer, at=read_on(23)))
    assert [(day, late) for day, late, _ in history_of(world)] == [(1, True), (22, False)]
    assert enrollment(world) == 99


def test_the_same_again_is_seen_again(world: World) -> None:
    world.take(full("2026-02-01", 3), part(5, 12))
    assert world.take(part(6, 12)).unchanged == 1
    assert world.take(full("2026-02-02", 7, enrollment=12)).stored == 1
    assert [late for _, late, _ in history_of(world)] == [False, False, False]


def test_a_version_from_before_it_was_read_still_finds_its_place(world: World) -> None:
    world.take(full("2026-02-10", 5, enrollment=10))
    world.take(part(8, 12))
    world.take(full("2026-02-01", 3, status="NOT_YET_RECRUITING"))
    assert [(day, late) for day, late, _ in history_of(world)] == [
        (1, True),
        (10, False),
        (10, False),
    ]
    assert enrollment(world) == 12


@pytest.mark.parametrize("together", [True, False])
def test_one_reading_of_all_puts_it_behind_what_it_followed(world: World, together: bool) -> None:
    found = [full("2026-02-01", 9), part(9, 12), full("2026-02-05", 9, enrollment=14)]
    for batch in [found] if together else [[one] for one in found]:
        world.take(*batch)
    assert [(day, late) for day, late, _ in history_of(world)] == [
        (1, False),
        (1, False),
        (5, False),
    ]
