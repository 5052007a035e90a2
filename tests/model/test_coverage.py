"""Which fields a source states."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.fields import Path

PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)
SETS = st.frozensets(PATHS, max_size=4)
COVERAGES = st.just(Coverage.complete()) | SETS.map(Coverage.all_but) | SETS.map(Coverage.of)
STATUS = fields.OVERALL_STATUS


def test_a_complete_record_states_everything() -> None:
    assert Coverage.complete().is_complete
    assert Coverage.complete().states(("anything",))


def test_a_record_without_a_section_states_the_rest() -> None:
    most = Coverage.all_but([fields.DERIVED, fields.LOCATION_GEO_POINT])
    assert not most.is_complete
    assert most.states(STATUS)
    assert most.states(fields.LOCATIONS)
    assert not most.states(fields.VERSION_HOLDER)
    assert not most.states((*fields.LOCATION_GEO_POINT, "lat"))


def test_leaves_state_themselves_and_what_holds_them() -> None:
    few = Coverage.of([STATUS, fields.LOCATION_STATUS])
    assert few.states(STATUS)
    assert few.states(fields.LOCATIONS)
    assert few.states(())
    assert not few.states(fields.LOCATION_ZIP)
    assert not few.states((*STATUS, "below"))
    assert not few.states(fields.WHY_STOPPED)


@given(COVERAGES, COVERAGES, PATHS)
def test_both_together_state_what_either_does(one: Coverage, other: Coverage, path: Path) -> None:
    both = one.union(other)
    assert both.states(path) >= (one.states(path) or other.states(path))
    leaf_of_neither = not (one.states(path) or other.states(path))
    if leaf_of_neither and not (one.everything and other.everything):
        assert not both.states(path)


@given(COVERAGES)
def test_together_with_itself_it_states_the_same(one: Coverage) -> None:
    assert one.union(one) == one


@given(COVERAGES, SETS)
def test_paths_left_out_are_not_stated(one: Coverage, out: frozenset[Path]) -> None:
    less = one.without(out)
    for path in out:
        if not any(leaf[: len(path)] == path and leaf != path for leaf in less.leaves):
            assert not less.states(path)
    if not any(one.states(path) for path in out):
        assert less == one


def test_lists_run_together_stay_so_until_a_source_keeps_them_apart() -> None:
    page = Coverage.of([fields.CONDITIONS], run_in=[fields.CONDITIONS])
    assert page.union(Coverage.of([STATUS])).run_in == {fields.CONDITIONS}
    assert page.union(page).run_in == {fields.CONDITIONS}
    assert page.union(Coverage.of([fields.CONDITIONS])).run_in == set()
    assert page.union(Coverage.complete()).run_in == set()


def test_equal_coverages_are_equal_and_hash_alike() -> None:
    one, other = (Coverage.of([STATUS, fields.SEX]) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Coverage.of([STATUS])
