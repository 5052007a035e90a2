"""The order of a trial's versions."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.history import VersionKey

SEEN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

KEYS = st.builds(
    VersionKey,
    version_date=st.dates(date(2026, 1, 1), date(2026, 1, 3)),
    registry_version=st.none() | st.integers(0, 2),
    data_date=st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 2)),
    retrieved_at=st.sampled_from([SEEN, SEEN + timedelta(hours=1), SEEN + timedelta(days=1)]),
)


def key(day: int, number: int | None = None, data: int | None = None) -> VersionKey:
    return VersionKey(
        version_date=date(2026, 2, day),
        registry_version=number,
        data_date=None if data is None else date(2026, 2, data),
        retrieved_at=SEEN,
    )


def test_the_registry_date_decides_before_everything_else() -> None:
    assert key(1, number=9, data=28) < key(2, number=0, data=1)


def test_an_unknown_version_number_follows_the_known_ones_of_its_date() -> None:
    assert key(1, number=12) < key(1, number=None) < key(2, number=0)


def test_an_unknown_data_date_comes_before_the_known_ones() -> None:
    assert key(1, data=None) < key(1, data=1) < key(1, data=2)


def test_the_time_of_retrieval_decides_last() -> None:
    later = VersionKey(version_date=date(2026, 2, 1), retrieved_at=SEEN.replace(hour=10))
    assert key(1) < later < key(1, data=1)


@given(st.lists(KEYS, max_size=8), st.randoms())
def test_keys_have_one_total_order(keys: list[VersionKey], random: Random) -> None:
    ordered = sorted(keys)
    random.shuffle(keys)
    assert sorted(keys) == ordered
    assert all(first <= second for first, second in pairwise(ordered))
