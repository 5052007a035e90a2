"""The normal form of the registry's text, lists run into one line, canonical bytes."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.diff import diff
from monitor.detect.fingerprints import canonical_bytes, fingerprint
from monitor.detect.partial_records import split_run_in
from monitor.detect.texts import plain, same_text, same_value
from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.record import TrialRecord
from tests.detect.examples import NCT, compared, kinds, of, seeded, study
from tests.records import sample

WORDS = st.lists(st.sampled_from(["lupus", "nephritis", "a", "of", "type", "2"]), min_size=1)
LISTS = st.lists(WORDS.map(" ".join), min_size=1, max_size=5)


@given(st.text(max_size=80))
def test_the_normal_form_is_one_line_and_has_no_other_of_its_own(text: str) -> None:
    once = plain(text)
    assert "\n" not in once
    assert once == once.strip()
    assert same_text(text, text)
    assert same_text(once, text) or "\\" in text or "\n" in text


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (True, 1, False), (False, 0, False), (1, 1.0, True), (None, "", False), (None, None, True),
        ("a ", "a", True), ("A", "a", False), ("1", 1, False), ("\\>", ">", True),
    ],
)  # fmt: skip
def test_scalars_that_say_the_same(one: object, other: object, same: bool) -> None:
    assert same_value(one, other) is same
    assert same_value(other, one) is same


@given(LISTS)
def test_a_list_run_into_one_line_is_the_list(items: list[str]) -> None:
    line = [" ".join(items)]
    if len(items) > 1:
        one, other = split_run_in(line, items)
        assert " ".join(one) == line[0]
        assert other == items


@pytest.mark.parametrize(
    ("line", "items", "parts"),
    [
        ("A B C", ["A B", "C"], ["A B", "C"]),
        ("A B C D", ["A B", "D"], ["A B", "C", "D"]),
        ("Asthma", ["Asthma", "Eczema"], ["Asthma"]),
        ("X Y", ["A", "B"], ["X Y"]),
        ("A A", ["A", "A"], ["A", "A"]),
        ("Type 2 Diabetes Diabetes", ["Diabetes", "Type 2 Diabetes"],
         ["Type 2 Diabetes", "Diabetes"]),
    ],
)  # fmt: skip
def test_a_line_is_cut_where_the_other_lists_items_stand(
    line: str, items: list[str], parts: list[str]
) -> None:
    assert split_run_in([line], items)[0] == parts
    assert split_run_in(items, [line])[1] == parts


def _conditions(*found: str, run_in: bool) -> TrialRecord:
    document = {"protocolSection": {"conditionsModule": {"conditions": list(found)}}}
    path = frozenset({fields.CONDITIONS})
    return of(document, coverage=Coverage.of(path, run_in=path if run_in else ()))


def test_a_condition_gained_since_a_page_that_ran_them_together_is_one_added() -> None:
    page = _conditions("Systemic Sclerosis Vasculitis", run_in=True)
    later = _conditions("Vasculitis", "Systemic Sclerosis", "Rheumatoid Arthritis", run_in=False)
    (added,) = diff(page, later)
    assert (added.op, added.after) == ("added", "Rheumatoid Arthritis")
    (removed,) = diff(later, page)
    assert (removed.op, removed.before) == ("removed", "Rheumatoid Arthritis")


def test_one_true_condition_is_not_cut_into_words() -> None:
    one, other = (_conditions(words, run_in=False) for words in ("Lupus", "Lupus Nephritis"))
    assert [(c.op, c.before, c.after) for c in diff(one, other)] == [
        ("removed", "Lupus", None),
        ("added", None, "Lupus Nephritis"),
    ]
    assert kinds(compared(one, other)[1]) == ["condition_changed"]


def test_canonical_bytes_are_the_same_in_any_order_of_names(shared_data: Path) -> None:
    for number, document in enumerate(sample(shared_data, 60)):
        other = orjson.loads(orjson.dumps(document))
        names = list(other.items())
        shuffled = dict(seeded(number).sample(names, len(names)))
        assert canonical_bytes(shuffled) == canonical_bytes(document)
        assert orjson.loads(canonical_bytes(document)) == document


@pytest.mark.parametrize("value", [2**64, float, {1: 2}, "\ud800"])
def test_what_json_cannot_hold_is_an_error_of_the_record(value: Any) -> None:
    with pytest.raises(RecordError, match="canonical form"):
        canonical_bytes({"x": value})


def test_too_deep_a_document_is_an_error_of_the_record() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"x": deep}
    with pytest.raises(RecordError):
        canonical_bytes(deep)


def _stamped(stamp: object, **more: Any) -> bytes:
    document = study({"derivedSection.miscInfoModule.versionHolder": stamp, **more})
    return fingerprint(canonical_bytes(document))


def test_the_data_load_does_not_touch_the_fingerprint() -> None:
    assert _stamped("2026-01-12") == _stamped("2026-02-19")


def test_any_other_content_does() -> None:
    assert _stamped("2026-01-12") != _stamped("2026-01-12", x=1)
    assert _stamped("2026-01-12") != _stamped(None)


@pytest.mark.parametrize(
    "place", ["resultsSection.versionHolder", "annotationSection.a.versionHolder"]
)
def test_a_field_named_like_the_stamp_elsewhere_is_content(place: str) -> None:
    assert _stamped("2026-01-12", **{place: "1"}) != _stamped("2026-01-12", **{place: "2"})
    assert _stamped("2026-01-12", **{place: "1"}) == _stamped("2026-02-19", **{place: "1"})
    here, there = (fingerprint(canonical_bytes({"a": {"versionHolder": day}})) for day in "12")
    assert here != there


def test_a_text_that_quotes_the_stamp_is_content() -> None:
    path = "descriptionModule.briefSummary"
    one, other = (_stamped("2026-01-12", **{path: f'{{"versionHolder":"{day}"}}'}) for day in "12")
    assert one != other


def test_two_trials_are_not_two_versions() -> None:
    other = TrialRecord(nct_id="NCT09000002", document={})
    with pytest.raises(RecordError, match=f"{NCT} and NCT09000002"):
        diff(of({}), other)


def test_a_deep_document_is_compared() -> None:
    old: dict[str, Any] = {"end": 1}
    new: dict[str, Any] = {"end": 2}
    for _ in range(200):
        old, new = {"x": old}, {"x": new}
    (change,) = diff(of(old), of(new))
    assert change.field == (*["x"] * 200, "end")
