"""A version's identity: the same in every store of the same data, one in each store, for good."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.record import RawVersion
from monitor.store.writer import open_store
from tests.ingest.test_order import observations
from tests.ingest.world import NCT, NOON, World, absence, empty_world, raw, study


def identities(world: World, nct_id: str = NCT) -> list[bytes]:
    """Return the identities of a trial's versions in order."""
    return [seen.version.identity for seen in world.history(nct_id)]


def by_row(world: World) -> dict[int, bytes]:
    """Return the identities by the versions' numbers in the store."""
    return {seen.version.id: seen.version.identity for seen in world.history()}


def later(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def one_day(hour: int, status: str, loaded: str = "2026-03-02") -> RawVersion:
    """Return a record under the same date, read at an hour."""
    return raw(study("2026-03-01", loaded, status=status), at=later(hour))


def in_order(folder: str, name: str, found: Sequence[RawVersion], batch: int) -> World:
    """Return a store that saw these in their order, so many in a batch."""
    world = empty_world(folder, name, batch)
    world.take(*found)
    return world


def test_a_content_that_comes_back_on_one_day_has_another_identity_each_time(world: World) -> None:
    for at, status in enumerate(["RECRUITING", "SUSPENDED"] * 2):
        world.take(one_day(24 * at, status, f"2026-03-0{2 + at}"))
    assert {seen.version.version_date.day for seen in world.history()} == {1}
    assert len(identities(world)) == len(set(identities(world))) == 4


@pytest.mark.parametrize("days", [("02", "02", "03"), ("02", "03", "04")])
def test_a_record_that_goes_comes_back_and_goes_again_has_four(
    world: World, days: tuple[str, str, str]
) -> None:
    world.take(raw(study("2026-02-01", "2026-03-01"), at=later(-24)))
    gone, back, again = (f"2026-03-{day}" for day in days)
    world.take(absence(gone))
    world.take(raw(study("2026-02-01", back), at=later(24 * int(back[-2:]) - 47)))
    world.take(absence(again))
    assert len(identities(world)) == len(set(identities(world))) == 4


@given(observations(), st.integers(1, 3), st.integers(1, 3), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_stores_that_see_the_same_in_order_derive_the_same(
    found: list[RawVersion], batch: int, other: int, random: Random
) -> None:
    repeated = [one for one in found for _ in range(random.randint(1, 2))]
    with tempfile.TemporaryDirectory() as folder:
        first = in_order(folder, "a", found, batch)
        second = in_order(folder, "b", repeated, other)
        assert identities(first) == identities(second)


@st.composite
def stories(draw: st.DrawFn) -> list[RawVersion]:
    """Draw loads in their order: the record changes, is taken back, goes, is shown again."""
    found = [raw(study("2026-01-05", "2026-02-01"), at=later(-29 * 24), origin="1")]
    for day in range(2, draw(st.integers(3, 8))):
        loaded, at = f"2026-02-{day:02d}", later(24 * (day - 30))
        what = draw(st.sampled_from(["shown", "shown", "gone", "merged"]))
        if what == "shown":
            updated = draw(st.sampled_from(["2026-01-05", "2026-01-20", loaded]))
            status = draw(st.sampled_from(["RECRUITING", "SUSPENDED"]))
            found.append(raw(study(updated, loaded, status=status), at=at, origin=str(day)))
        else:
            found.append(absence(loaded, into="NCT07280598" if what == "merged" else None, at=at))
    return found


@given(stories(), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=25)
def test_so_do_stores_of_a_record_that_is_taken_back_goes_and_is_shown_again(
    found: list[RawVersion], batch: int, other: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first = identities(in_order(folder, "a", found, batch))
        assert first == identities(in_order(folder, "b", found, other))
        assert len(set(first)) == len(first)


@given(observations(), st.randoms(use_true_random=False), st.integers(1, 3))
@settings(max_examples=20)
def test_in_any_order_they_are_unique_and_never_change(
    found: list[RawVersion], random: Random, batch: int
) -> None:
    random.shuffle(found)
    with tempfile.TemporaryDirectory() as folder:
        world = empty_world(folder, "a")
        before: dict[int, bytes] = {}
        for start in range(0, len(found), batch):
            world.take(*found[start : start + batch])
            now = by_row(world)
            assert before.items() <= now.items()
            assert len(set(now.values())) == len(now)
            before = now


def test_a_content_that_turns_up_late_between_two_sights_changes_none(world: World) -> None:
    story = [one_day(0, "RECRUITING", "2026-03-02"), one_day(24, "SUSPENDED", "2026-03-03"),
             one_day(48, "RECRUITING", "2026-03-04")]  # fmt: skip
    world.take(story[0])
    [first] = identities(world)
    world.take(story[2])
    assert identities(world) == [first]
    world.take(story[1])  # it splits the interval: what was seen afterwards is a version of its own
    with tempfile.TemporaryDirectory() as folder:
        assert identities(world) == identities(in_order(folder, "o", story, 1))
    assert identities(world)[0] == first


def _years(world: World, *, stamps: Sequence[str]) -> None:
    """Let three versions be seen, each in the load of one of these days."""
    dates = ("2026-01-05", "2026-02-05", "2026-03-01")
    for number, (updated, loaded) in enumerate(zip(dates, stamps, strict=True)):
        document = study(updated, loaded, enrollment=100 + number)
        world.take(raw(document, at=datetime.fromisoformat(f"{loaded}T12:00:00Z")))


def test_it_does_not_depend_on_when_a_store_looks(small_world: World, tmp_path: Path) -> None:
    other = World(f"sqlite:///{tmp_path / 'other.db'}")
    _years(small_world, stamps=("2026-01-05", "2026-02-05", "2026-03-02"))
    _years(other, stamps=("2026-01-20", "2026-02-09", "2026-03-30"))
    assert identities(small_world) == identities(other)


def test_a_record_taken_back_is_named_alike_by_a_store_that_never_saw_what_it_was(
    small_world: World, tmp_path: Path
) -> None:
    story = [
        raw(study("2026-01-05", "2026-02-02"), at=later(-48)),
        raw(study("2026-02-03", "2026-02-03", enrollment=7), at=later(-24)),
        raw(study("2026-01-05", "2026-02-04"), at=later(0)),
    ]
    other = World(f"sqlite:///{tmp_path / 'other.db'}")
    for one in story:
        small_world.take(one)
    for one in story[1:]:
        other.take(one)
    assert identities(small_world)[1:] == identities(other)
    assert len(set(identities(small_world))) == 3


def test_a_record_that_is_shown_again_is_named_alike_whenever_that_is_noticed(
    small_world: World, tmp_path: Path
) -> None:
    other = World(f"sqlite:///{tmp_path / 'other.db'}")
    for world, noticed in ((small_world, "2026-02-04"), (other, "2026-02-20")):
        at = datetime.fromisoformat(f"{noticed}T12:00:00Z")
        first = datetime(2026, 2, 2, 12, tzinfo=UTC)
        world.take(raw(study("2026-01-05", "2026-02-02"), at=first))
        world.take(absence("2026-02-03"))
        world.take(raw(study("2026-01-05", noticed), at=at))
        assert len(world.history()) == 3
    assert identities(small_world) == identities(other)


def test_two_trials_of_the_same_content_have_identities_of_their_own(world: World) -> None:
    documents = [study("2026-02-01", nct_id=nct_id) for nct_id in (NCT, "NCT09000002")]
    world.take(*map(raw, documents))
    assert identities(world) != identities(world, "NCT09000002")


def test_an_identity_cannot_be_changed(small_world: World) -> None:
    small_world.take(raw(study("2026-02-01")))
    [seen] = small_world.history()
    with (
        open_store(small_world.url) as store,
        store.transaction() as tx,
        pytest.raises(TypeError, match="identity"),
    ):
        tx.update_version(seen.version.id, identity=bytes(16))
    assert small_world.history() == [replace(seen)]
