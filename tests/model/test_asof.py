"""Which version answers: how the registry stood, and what was known of it."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.bitemporal import as_of, known_at, known_since, last_known, valid_from
from monitor.model.history import NewVersion

READ = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def version(
    dated: str,
    *,
    loaded: str | None = None,
    read: datetime = READ,
    last_read: datetime | None = None,
    number: int | None = None,
) -> NewVersion:
    """Return a version of that date; ``loaded``: the registry's data date."""
    return NewVersion(
        nct_id="NCT09000001",
        source="files",
        origin="here",
        version_date=date.fromisoformat(dated),
        registry_version=number,
        data_date=date.fromisoformat(loaded) if loaded else None,
        retrieved_at=read,
        last_version_date=date.fromisoformat(dated),
        last_retrieved_at=last_read or read,
        raw_sha256=b"",
        last_raw_sha256=b"",
        stated_sha256=b"",
        content_sha256=b"",
        identity=bytes(16),
        snapshot_id=1,
    )


def test_a_version_holds_from_the_registrys_date_on() -> None:
    versions = [version("2026-01-10"), version("2026-02-20")]
    assert as_of(versions, date(2026, 2, 19)) == 0
    assert as_of(versions, date(2026, 2, 20)) == 1
    assert as_of(versions, date(2030, 1, 1)) == 1


def test_before_the_first_version_nothing_is_known() -> None:
    assert as_of([version("2026-01-10")], date(2026, 1, 9)) is None
    assert known_at([version("2026-01-10")], READ - timedelta(seconds=1)) is None


def test_a_version_without_a_date_of_its_own_holds_from_its_data_load_on() -> None:
    versions = [version("2026-01-10"), version("2026-01-10", loaded="2026-02-03")]
    assert valid_from(versions) == [date(2026, 1, 10), date(2026, 2, 3)]
    assert as_of(versions, date(2026, 2, 2)) == 0
    assert as_of(versions, date(2026, 2, 3)) == 1


def test_a_second_version_of_one_day_that_the_registry_counts_holds_from_that_day() -> None:
    versions = [version("2020-02-21", number=0), version("2020-02-21", number=1)]
    assert valid_from(versions) == [date(2020, 2, 21)] * 2
    assert as_of(versions, date(2020, 2, 21)) == 1


def test_without_a_data_load_it_holds_from_the_day_on_which_it_was_read() -> None:
    versions = [version("2026-01-10"), version("2026-01-10")]
    assert as_of(versions, date(2026, 2, 28)) == 0
    assert as_of(versions, READ.date()) == 1


def test_the_last_in_order_wins_where_a_silent_edit_holds_later() -> None:
    silent = version("2026-01-10", loaded="2026-03-05")
    versions = [version("2026-01-10"), silent, version("2026-03-01")]
    assert as_of(versions, date(2026, 3, 2)) == 2


def test_what_was_known_goes_by_the_time_of_reading() -> None:
    later = READ + timedelta(days=1)
    versions = [version("2026-01-10", read=READ), version("2026-02-20", read=later)]
    assert known_at(versions, READ) == 0
    assert known_at(versions, later) == 1


def test_an_earlier_version_that_arrived_late_was_not_known_before() -> None:
    late = READ + timedelta(days=30)
    versions = [version("2020-01-01", read=late), version("2026-02-20", read=READ)]
    assert known_at(versions, READ) == 1
    assert as_of(versions, date(2021, 1, 1)) == 0


def test_a_version_is_known_since_whichever_of_its_observations_was_read_first() -> None:
    one = version("2026-01-10", read=READ + timedelta(days=9), last_read=READ)
    assert known_since(one) == READ
    assert last_known(one) == READ + timedelta(days=9)
    assert known_at([one], READ) == 0


@given(
    st.lists(st.dates(date(2020, 1, 1), date(2026, 1, 1)), min_size=1, max_size=8),
    st.dates(date(2019, 1, 1), date(2027, 1, 1)),
)
def test_distinct_dates_answer_as_a_plain_look_up_would(days: list[date], asked: date) -> None:
    ordered = sorted(set(days))
    versions = [version(day.isoformat()) for day in ordered]
    expected = max((at for at, day in enumerate(ordered) if day <= asked), default=None)
    assert as_of(versions, asked) == expected
