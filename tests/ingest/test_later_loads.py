"""The same record under a later data-load stamp: seen again, and nothing else is taken for it."""

from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from monitor.model.bitemporal import known_at
from tests.ingest.world import NOON, World, raw, study

STAMP = ("derivedSection", "miscInfoModule", "versionHolder")


def later(days: int) -> Any:
    return NOON + timedelta(days=days)


def test_each_later_load_moves_the_last_sight_and_its_bytes_are_known(world: World) -> None:
    for day in (2, 3, 4):
        world.take(raw(study("2026-01-05", f"2026-02-0{day}"), at=later(day)))
    [seen] = world.history()
    assert (seen.version.data_date, seen.version.last_data_date) == (
        date(2026, 2, 2),
        date(2026, 2, 4),
    )
    assert seen.version.last_retrieved_at == later(4)
    assert seen.version.version_date == seen.version.last_version_date == date(2026, 1, 5)
    again = world.take(raw(study("2026-01-05", "2026-02-04"), at=later(5)))
    assert (again.stored, again.unchanged) == (0, 1)
    assert world.last_seen() == later(5)
    assert world.history()[0].version.last_retrieved_at == later(4)


def test_a_later_load_that_brings_a_change_is_a_version(world: World) -> None:
    world.take(raw(study("2026-01-05", "2026-02-02")))
    report = world.take(raw(study("2026-01-05", "2026-02-03", enrollment=101), at=later(1)))
    assert report.stored == 1
    assert len(world.history()) == 2


def test_a_later_load_of_an_earlier_content_is_a_version_again(world: World) -> None:
    world.take(raw(study("2026-02-05", "2026-02-05")))
    world.take(raw(study("2026-02-06", "2026-02-06", enrollment=7)))
    world.take(raw(study("2026-02-05", "2026-02-09")))
    assert len(world.history()) == 3


def test_an_earlier_load_moves_the_first_sight_and_not_the_last(world: World) -> None:
    world.take(raw(study("2026-01-05", "2026-02-09"), at=later(9)))
    report = world.take(raw(study("2026-01-05", "2026-02-02"), at=later(10)))
    [seen] = world.history()
    assert report.unchanged == 1
    assert (seen.version.data_date, seen.version.last_data_date) == (
        date(2026, 2, 2),
        date(2026, 2, 9),
    )


def test_what_was_known_stays_known_whatever_loads_are_read_later(world: World) -> None:
    for day, load in ((9, "2026-02-05"), (10, "2026-02-02"), (11, "2026-02-09")):
        world.take(raw(study("2026-01-05", load), at=later(day)))
    [seen] = world.history()
    assert known_at([seen.version], later(9)) == 0
    assert known_at([seen.version], later(8)) is None
    assert seen.version.last_retrieved_at == later(11)


def test_a_record_without_a_date_of_its_own_is_dated_by_each_load(world: World) -> None:
    for day in (2, 3):
        undated = study("2026-01-05", f"2026-02-0{day}")
        for name in ("lastUpdatePostDateStruct", "lastUpdateSubmitDate"):
            del undated["protocolSection"]["statusModule"][name]
        world.take(raw(undated, at=later(day)))
    [seen] = world.history()
    assert seen.version.version_date == date(2026, 2, 2)
    assert seen.version.last_version_date == date(2026, 2, 3)


def test_a_second_stamp_elsewhere_in_the_record_is_a_field_like_others(world: World) -> None:
    for day in ("02", "03"):
        document = study("2026-01-05", "2026-02-02")
        document["furtherSection"] = {STAMP[0]: {STAMP[1]: {STAMP[2]: f"2026-02-{day}"}}}
        world.take(raw(document, at=later(int(day))))
    kinds = [seen.kinds for seen in world.history()]
    assert kinds == [["trial_registered"], ["registry_normalization"]]


@pytest.mark.parametrize("stamp", ["2026-02-30", "20260203", "soon", ""])
def test_a_stamp_that_is_no_date_is_still_only_a_stamp(world: World, stamp: str) -> None:
    world.take(raw(study("2026-01-05", "2026-02-02")))
    report = world.take(raw(study("2026-01-05", stamp), at=later(1)))
    assert (report.stored, report.unchanged) == (0, 1)
    again = world.take(raw(study("2026-01-05", "2026-02-04"), at=later(2)))
    assert (again.stored, again.unchanged) == (0, 1)


def test_a_record_written_with_white_space_is_known_too(world: World) -> None:
    for day in (2, 3):
        document = study("2026-01-05", f"2026-02-0{day}")
        spaced = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        report = world.take(raw(spaced, at=later(day)), raw(spaced, at=later(day)))
        assert report.read == 2
    [seen] = world.history()
    assert seen.version.last_data_date == date(2026, 2, 3)


def test_sights_and_news_of_one_batch_come_to_the_same_as_one_by_one(world: World) -> None:
    world.take(raw(study("2026-01-05", "2026-02-02")))
    world.take(
        raw(study("2026-01-05", "2026-02-02"), at=later(1)),
        raw(study("2026-01-05", "2026-02-04"), at=later(3)),
        raw(study("2026-02-06", "2026-02-06", enrollment=7), at=later(2)),
    )
    first, second = world.history()
    assert first.version.last_data_date == date(2026, 2, 4)
    assert second.version.data_date == date(2026, 2, 6)
    assert world.last_seen() == later(3)


@pytest.mark.parametrize("batch_records", [1, 200])
@pytest.mark.parametrize("days", [(3, 4), (4, 3)])
def test_of_several_later_loads_in_one_batch_the_latest_counts(
    world: World, days: tuple[int, int], batch_records: int
) -> None:
    world.batch_records = batch_records
    world.take(raw(study("2026-01-05", "2026-02-02")))
    report = world.take(
        *(raw(study("2026-01-05", f"2026-02-0{day}"), at=later(day)) for day in days)
    )
    assert (report.stored, report.unchanged) == (0, 2)
    [seen] = world.history()
    assert seen.version.last_data_date == date(2026, 2, 4)
    assert (seen.version.last_retrieved_at, world.last_seen()) == (later(4), later(4))
    known = world.take(raw(study("2026-01-05", "2026-02-04"), at=later(9)))
    assert (known.unchanged, world.history()[0].version.last_retrieved_at) == (1, later(4))


@pytest.mark.parametrize("days", [(3, 4), (4, 3)])
def test_a_slice_whose_trial_shows_only_when_it_is_read_is_put_in_order_too(
    world: World, days: tuple[int, int]
) -> None:
    def written(day: int, *, other_first: bool) -> bytes:
        document = study("2026-01-05", f"2026-02-0{day}", aModule={"nctId": "NCT09000002"})
        own = document["protocolSection"]
        if other_first:
            document["protocolSection"] = dict(sorted(own.items()))
        return orjson.dumps(document)

    world.take(raw(written(2, other_first=False)))
    report = world.take(
        raw(written(days[0], other_first=False), at=later(days[0])),
        raw(written(days[1], other_first=True), at=later(days[1])),
    )
    assert (report.stored, report.unchanged) == (0, 2)
    [seen] = world.history()
    assert seen.version.last_data_date == date(2026, 2, 4)
    assert (seen.version.last_retrieved_at, world.last_seen()) == (later(4), later(4))
