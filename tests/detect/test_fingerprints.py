"""Raw slices are told apart byte by byte, and a data-load stamp is told from the rest."""

from datetime import date
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.fingerprints import is_stamped_once, raw_hash


def written(stamp: str, title: str = "A study", **more: Any) -> bytes:
    """Return a study as the registry writes it."""
    protocol = {"identificationModule": {"nctId": "NCT09000001", "briefTitle": title}}
    derived = {"miscInfoModule": {"versionHolder": stamp}, "conditionBrowseModule": {}}
    return orjson.dumps({"protocolSection": protocol, "derivedSection": derived, **more})


def test_the_stamp_is_told_from_the_rest() -> None:
    one, other = raw_hash(written("2026-02-02")), raw_hash(written("2026-02-03"))
    assert (one.loaded, other.loaded) == (date(2026, 2, 2), date(2026, 2, 3))
    assert one.unstamped == other.unstamped
    assert one.whole != other.whole
    assert one.under(other.loaded) == other.whole


def test_what_differs_elsewhere_differs_in_both() -> None:
    one, other = raw_hash(written("2026-02-02")), raw_hash(written("2026-02-02", "A study!"))
    assert one.unstamped != other.unstamped
    assert one.whole != other.whole


def test_text_that_looks_like_a_stamp_is_no_stamp() -> None:
    text = '"derivedSection":{"miscInfoModule":{"versionHolder":"2026-01-01"'
    content = written("2026-02-02", text)
    assert is_stamped_once(content)
    assert raw_hash(content).loaded == date(2026, 2, 2)


def test_another_object_of_the_same_names_makes_two_stamps() -> None:
    nested = {"derivedSection": {"miscInfoModule": {"versionHolder": "2026-02-02"}}}
    assert not is_stamped_once(written("2026-02-02", more=nested))


def test_what_is_not_a_study_as_the_registry_writes_it_is_hashed_whole() -> None:
    study = written("2026-02-02")
    answer = b'{"studyVersion":3,"study":' + study + b"}"
    spaced = orjson.dumps(orjson.loads(study), option=orjson.OPT_INDENT_2)
    for content in (answer, spaced, b"", b"{", b"NCT09000001", written("2026-2-2"), written("")):
        hashed = raw_hash(content)
        assert hashed.loaded is None
        assert hashed.whole == hashed.unstamped == hashed.under(date(2026, 2, 3))


@given(st.lists(st.tuples(st.dates(), st.text(max_size=5)), min_size=2, max_size=2))
def test_only_equal_slices_have_equal_hashes(slices: list[tuple[date, str]]) -> None:
    one, other = (written(str(stamp), title) for stamp, title in slices)
    assert (raw_hash(one).whole == raw_hash(other).whole) == (one == other)
