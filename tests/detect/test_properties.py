"""What holds for any two versions: real records edited at random, and any JSON at all."""

import copy
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.detect.diff import diff
from monitor.model import fields
from monitor.model.changes import ChangeKind
from monitor.model.record import TrialRecord
from tests.detect.edits import edited, shuffle
from tests.detect.examples import NCT, assert_accounted_for, compared, seeded
from tests.detect.oracle import leaves, normal, told
from tests.records import sample

RECORDS = 60
HUGE = 4

# Each example compares real records; HYPOTHESIS_PROFILE=explore takes more of them.
many = settings(
    max_examples=max(120, settings().max_examples),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# Not hypothesis' own randomness: it likes small numbers, and the smallest record is empty.
randoms = st.integers(0, 2**32 - 1).map(seeded)

_NAMES = """statusModule overallStatus whyStopped enrollmentInfo count type date startDateStruct
 designModule eligibilityModule eligibilityCriteria measure resultsSection hasResults facility
 city country zip name id x registryRecord presence mergedInto said"""
_names = st.sampled_from(
    [*sorted({name for path in fields.LIST_RULES for name in path}), *_NAMES.split()]
)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [
            "",
            " ",
            "a",
            "A",
            "1",
            "RECRUITING",
            "UNKNOWN",
            "2026-02",
            "See results",
            "GONE",
            "MERGED",
            "WITHHELD",
        ]
    )
    | st.text(max_size=8)
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=25,
)
documents = st.dictionaries(_names, _values, max_size=5)
# So small that two of them often agree in part, and that empty things meet.
small = st.recursive(
    st.sampled_from([None, True, 1, 1.0, "1", "a", "A"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "resultsSection"]), inner, max_size=2)
    ),
    max_leaves=6,
)
small_documents = st.dictionaries(
    st.sampled_from(["id", "name", "resultsSection"]), small, max_size=2
)


def record(document: Any) -> TrialRecord:
    return TrialRecord(nct_id=NCT, document=document)


def real(shared_data: Path, random: Random) -> dict[str, Any]:
    """Return a record of any size but the hugest."""
    return sample(shared_data, RECORDS)[random.randrange(RECORDS - HUGE)]


@many
@given(random=randoms)
def test_every_change_of_a_real_record_is_told_once_with_its_values(
    shared_data: Path, random: Random
) -> None:
    old = real(shared_data, random)
    _check(old, edited(old, random, random.randrange(9)))


@settings(max_examples=150)
@given(old=documents, new=documents)
def test_every_change_of_any_document_is_told_once_with_its_values(old: Any, new: Any) -> None:
    _check(old, new)
    _check({"protocolSection": old}, {"protocolSection": new})
    _check(
        {"protocolSection": {"contactsLocationsModule": {"locations": [old]}}},
        {"protocolSection": {"contactsLocationsModule": {"locations": [new, old, new]}}},
    )


@settings(max_examples=500)
@given(old=small_documents, new=small_documents)
def test_every_change_of_a_tiny_document_is_told_once_with_its_values(old: Any, new: Any) -> None:
    _check(old, new)


def _check(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = copy.deepcopy(old), copy.deepcopy(new)
    changes, events = compared(record(old), record(new))
    assert (old, new) == (before, after), "a comparison changes no document"
    assert_accounted_for(changes, events)
    assert bool(changes) is (normal(old) != normal(new))
    paths = [change.path for change in changes]
    assert len(paths) == len(set(paths))
    assert paths == sorted(paths)
    gone, come = told(changes)
    assert leaves(new) - leaves(old) == come - gone
    assert leaves(old) - leaves(new) == gone - come
    assert not gone - leaves(old), "what is told to be gone was there"
    assert not come - leaves(new), "what is told to have come is there"
    for change in changes:
        assert (change.op == "added") <= (change.before is None)
        assert (change.op == "removed") <= (change.after is None)


presences = st.none() | st.fixed_dictionaries(
    {"presence": st.sampled_from(["GONE", "MERGED"])},
    optional={"mergedInto": st.sampled_from(["NCT09000002", "NCT09000003"]), "said": st.text()},
)


@many
@given(random=randoms, before=presences, after=presences)
def test_every_change_of_a_record_that_goes_or_comes_back_is_told_once(
    shared_data: Path, random: Random, before: Any, after: Any
) -> None:
    old = real(shared_data, random)
    new = edited(old, random, random.randrange(9))
    shown = [
        {**document, "registryRecord": presence} if presence else document
        for document, presence in ((old, before), (new, after))
    ]
    _check(shown[0], shown[1])
    _, events = compared(record(shown[0]), record(shown[1]))
    reported = [event.kind for event in events if event.path.startswith("registryRecord")]
    assert len(reported) <= 1, "how the registry shows a record is one event"
    withheld = any(event.path == "protocolSection.statusModule.overallStatus"
                   and event.kind.startswith("record_") for event in events)  # fmt: skip
    if not withheld:
        assert (ChangeKind.RECORD_RESTORED in reported) is (before is not None and after is None)


@many
@given(random=randoms)
def test_a_record_does_not_differ_from_itself_in_another_order(
    shared_data: Path, random: Random
) -> None:
    old = real(shared_data, random)
    new = copy.deepcopy(old)
    shuffle(new, random)
    assert diff(record(old), record(new)) == ()


@many
@given(random=randoms)
def test_the_order_of_lists_changes_no_event(shared_data: Path, random: Random) -> None:
    old = real(shared_data, random)
    new = edited(old, random, random.randrange(9))
    changes, events = compared(record(old), record(new))
    shuffled = copy.deepcopy(old), copy.deepcopy(new)
    for document in shuffled:
        shuffle(document, random)
    again, same_events = compared(record(shuffled[0]), record(shuffled[1]))
    assert len(again) == len(changes)
    assert Counter(change.field for change in again) == Counter(c.field for c in changes)
    assert [(e.kind, e.severity, len(e.fields)) for e in _sorted(same_events)] == [
        (e.kind, e.severity, len(e.fields)) for e in _sorted(events)
    ]


def _sorted(events: Any) -> list[Any]:
    return sorted(events, key=lambda event: (event.kind, event.path, len(event.fields)))


@many
@given(random=randoms)
def test_what_was_added_one_way_was_removed_the_other_way(
    shared_data: Path, random: Random
) -> None:
    old = real(shared_data, random)
    new = edited(old, random, random.randrange(9))
    there, back = diff(record(old), record(new)), diff(record(new), record(old))
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    assert Counter((c.field, c.op) for c in there) == Counter(
        (c.field, opposite[c.op]) for c in back
    )
