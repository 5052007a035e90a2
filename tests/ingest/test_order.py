"""Whatever the order in which versions arrive, the history is the same."""

import itertools
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.record import RawVersion
from tests.ingest.world import World, absence, empty_world, raw, study

STATUSES = ("RECRUITING", "SUSPENDED", "COMPLETED")


@st.composite
def observations(draw: st.DrawFn) -> list[RawVersion]:
    """Draw polls of one trial: contents that change, stay and come back, dates rising."""
    days = draw(st.lists(st.integers(1, 28), min_size=2, max_size=7, unique=True))
    found = []
    updated, status, enrollment = 1, STATUSES[0], 100
    for day in sorted(days):
        if draw(st.booleans()):
            status = draw(st.sampled_from(STATUSES))
            enrollment = draw(st.sampled_from((100, 200)))
            updated = day if draw(st.booleans()) else updated
        found.append(
            raw(
                study(
                    f"2026-01-{updated:02d}",
                    f"2026-01-{day:02d}",
                    status=status,
                    enrollment=enrollment,
                ),
                origin=str(day),
            )
        )
    return found


@given(observations(), st.randoms(use_true_random=False), st.integers(1, 3))
@settings(max_examples=60)
def test_any_order_of_arrival_gives_one_history(
    found: list[RawVersion], random: Random, batch: int
) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        in_order = empty_world(folder, "a")
        as_drawn = empty_world(folder, "b", batch)
        in_order.take(*found)
        as_drawn.take(*shuffled)
        assert as_drawn.summary() == in_order.summary()
        assert as_drawn.take(*found).stored == 0


def test_every_order_of_four_versions_gives_one_history(tmp_path: Path) -> None:
    found = [
        raw(study("2026-02-02", "2026-02-02")),
        raw(study("2026-02-02", "2026-02-09", status="UNKNOWN")),
        raw(study("2026-02-02", "2026-02-16")),
        raw(study("2026-02-20", "2026-02-20", status="SUSPENDED")),
    ]
    histories = []
    for number, order in enumerate(itertools.permutations(found)):
        world = empty_world(tmp_path, str(number))
        for observation in order:
            world.take(observation)
        histories.append(world.summary())
    assert all(history == histories[0] for history in histories)
    assert len(histories[0]["NCT09000001"]) == 4


def _shown(nct_id: str, loaded: str, enrollment: int = 100) -> RawVersion:
    """Return the record under its old date, as it was read on the day of its load."""
    at = datetime.fromisoformat(loaded).replace(hour=12, tzinfo=UTC)
    return raw(study("2026-01-05", loaded, nct_id=nct_id, enrollment=enrollment), at=at)


def test_a_record_that_comes_and_goes_has_one_history_in_whatever_order_it_is_told(
    small_world: World,
) -> None:
    def told(nct_id: str) -> tuple[RawVersion, list[RawVersion]]:
        return _shown(nct_id, "2026-02-02"), [
            absence("2026-02-03", nct_id=nct_id),
            _shown(nct_id, "2026-02-04"),
            absence("2026-02-05", nct_id=nct_id),
            absence("2026-02-06", into="NCT07280598", nct_id=nct_id),
            _shown(nct_id, "2026-02-09", enrollment=150),
        ]

    one_by_one = replace(small_world, batch_records=1)
    for number, order in enumerate(itertools.permutations(range(5))):
        first, found = told(f"NCT0900{number:04d}")
        shuffled = [first, *(found[at] for at in order)]
        (one_by_one if number % 2 else small_world).take(*shuffled)
        if number % 10 == 0:
            assert small_world.take(*shuffled[::-1]).stored == 0
    histories = {
        nct_id: [(day, events) for day, _, events in versions]
        for nct_id, versions in small_world.summary().items()
    }
    wanted = histories["NCT09000000"]
    assert [[kind for kind, _, _ in events] for _, events in wanted] == [
        ["trial_registered"],
        ["record_vanished"],
        ["record_restored"],
        ["record_vanished"],
        ["record_merged"],
        ["record_restored", "enrollment_target_changed"],
    ]
    assert {nct_id for nct_id, versions in histories.items() if versions != wanted} == set()
