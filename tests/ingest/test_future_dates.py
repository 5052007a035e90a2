"""A record dated far ahead of its reading: kept raw, and no real version comes too late for it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.ingest.world import World, raw, study

READ = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("loaded", [None, "2026-03-04"])
@pytest.mark.parametrize("updated", ["9999-12-31", "2062-03-04", "2027-03-07"])
def test_an_update_far_in_the_future_does_not_end_the_history(
    world: World, updated: str, loaded: str | None
) -> None:
    world.take(raw(study("2026-02-01", loaded), at=READ))
    report = world.take(raw(study(updated, loaded, enrollment=7), at=READ))
    assert (report.stored, report.quarantined) == (0, 1)
    (reason,) = world.quarantine()
    assert updated in reason
    assert "more than a year after it was read (2026-03-05)" in reason
    world.take(raw(study("2026-03-05", loaded, status="WITHDRAWN"), at=READ))
    last = world.history()[-1]
    assert last.version.version_date == date(2026, 3, 5)
    assert not last.version.backfilled
    assert last.news == ["trial_withdrawn"]


def test_a_load_far_in_the_future_is_kept_raw_too(world: World) -> None:
    assert world.take(raw(study("2026-02-01", "9999-12-31"), at=READ)).quarantined == 1
    assert "9999-12-31" in world.quarantine()[0]


def test_a_date_of_the_coming_months_is_taken(world: World) -> None:
    assert world.take(raw(study("2027-03-05", "2026-03-04"), at=READ)).stored == 1


def test_a_clock_that_is_years_behind_the_registrys_own_day_keeps_nothing_back(
    world: World,
) -> None:
    behind = raw(study("2026-02-01", "2026-03-04"), at=datetime(1970, 1, 1, tzinfo=UTC))
    assert world.take(replace(behind, data_date=date(2026, 3, 4))).stored == 1
