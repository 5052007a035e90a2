"""Whatever the order in which versions arrive, the history is the same."""

import itertools
import tempfile
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.record import RawVersion
from tests.ingest.world import World, raw, study

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
        in_order = World(f"sqlite:///{Path(folder) / 'a.db'}")
        as_drawn = World(f"sqlite:///{Path(folder) / 'b.db'}", batch_records=batch)
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
        world = World(f"sqlite:///{tmp_path / f'{number}.db'}")
        for observation in order:
            world.take(observation)
        histories.append(world.summary())
    assert all(history == histories[0] for history in histories)
    assert len(histories[0]["NCT09000001"]) == 4
