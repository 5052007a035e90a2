"""What a source says of a record that is no longer shown."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.coverage import ABSENCE
from monitor.model.record import TrialRecord
from monitor.parsers.base import parse
from monitor.parsers.tombstone import LONGEST_SAID
from tests.parsers.raws import NCT_ID, raw

OTHER = "NCT07280598"
SAID = f"NCT number {NCT_ID} not found"
GONE = {"nctId": NCT_ID, "presence": "gone", "said": SAID}
MERGED = {"nctId": NCT_ID, "presence": "merged", "mergedInto": OTHER, "said": "301"}


def read(value: Any) -> TrialRecord:
    return parse(raw(json.dumps(value), "absence"))


def test_a_record_that_is_not_found_says_so_in_the_registrys_words() -> None:
    record = read(GONE)
    assert record.nct_id == NCT_ID
    assert record.presence == "GONE"
    assert record.text(fields.REGISTRY_MESSAGE) == SAID
    assert record.get(fields.REGISTRY_MERGED_INTO) is None


def test_a_merged_record_names_the_one_that_stands_for_it() -> None:
    record = read(MERGED)
    assert record.presence == "MERGED"
    assert record.text(fields.REGISTRY_MERGED_INTO) == OTHER


def test_a_redirect_to_another_record_needs_no_words() -> None:
    record = read({key: value for key, value in MERGED.items() if key != "said"})
    assert record.text(fields.REGISTRY_MERGED_INTO) == OTHER
    assert record.get(fields.REGISTRY_MESSAGE) is None


def test_nothing_else_is_stated() -> None:
    for value in (GONE, MERGED):
        record = read(value)
        assert record.coverage == ABSENCE
        assert not record.coverage.states(fields.OVERALL_STATUS)
        assert not record.coverage.states(fields.LAST_UPDATE_POST)
    # A record that was merged and is then gone is merged into nothing any more.
    assert read(GONE).coverage.states(fields.REGISTRY_MERGED_INTO)


def test_white_space_in_the_registrys_words_makes_no_difference() -> None:
    spaced = {**GONE, "said": "\r\n NCT number\t" + NCT_ID + "  not\nfound\n"}
    assert read(spaced) == read(GONE)


def test_words_that_are_too_long_are_cut_and_empty_ones_left_out() -> None:
    long = read({**GONE, "said": "word " * 10_000}).text(fields.REGISTRY_MESSAGE)
    assert long is not None
    assert len(long) == LONGEST_SAID
    assert long.endswith("…")
    assert read({**GONE, "said": " \n"}).get(fields.REGISTRY_MESSAGE) is None
    assert read({**GONE, "said": ""}) == read({"nctId": NCT_ID, "presence": "gone"})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([GONE], "the absence is not a JSON object"),
        ({**GONE, "presence": "shown"}, "the presence 'shown' is not one of an absent record"),
        ({**GONE, "presence": "unknown"}, "the presence 'unknown' is not"),
        ({**GONE, "presence": "GONE"}, "the presence 'GONE' is not"),
        ({**GONE, "presence": ["gone"]}, "is not one of an absent record"),
        ({"nctId": NCT_ID, "said": SAID}, "the presence 'None' is not"),
        ({**GONE, "nctId": "NCT123"}, "nctId is 'NCT123', which is not an NCT ID"),
        ({**GONE, "nctId": NCT_ID.lower()}, "which is not an NCT ID"),
        ({**GONE, "nctId": 12345678}, "nctId is '12345678', which is not an NCT ID"),
        ({"presence": "gone", "said": SAID}, "nctId is 'None', which is not an NCT ID"),
        ({**GONE, "mergedInto": OTHER}, "mergedInto is given of a record that was not merged"),
        ({**GONE, "mergedInto": None}, "mergedInto is given of a record that was not merged"),
        ({**GONE, "presence": "merged"}, "mergedInto is 'None', which is not an NCT ID"),
        ({**MERGED, "mergedInto": "here"}, "mergedInto is 'here', which is not an NCT ID"),
        ({**MERGED, "mergedInto": NCT_ID}, f"{NCT_ID} cannot be merged into itself"),
        ({**GONE, "since": "2026"}, "an absence has no 'since'"),
        ({**GONE, "said": None}, r"the registry's words \(said\) are not a text"),
        ({**GONE, "said": 404}, "are not a text"),
    ],
)
def test_anything_else_is_refused_with_its_reason(value: Any, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        read(value)


def test_a_key_that_stands_twice_is_refused() -> None:
    twice = json.dumps(GONE)[:-1] + f', "nctId": "{OTHER}"}}'
    with pytest.raises(RecordError, match="stands twice"):
        parse(raw(twice, "absence"))


def test_an_absence_is_no_study_and_a_study_no_absence() -> None:
    with pytest.raises(RecordError, match="not a study record"):
        parse(raw(json.dumps(GONE), "json"))
    study = {"protocolSection": {"identificationModule": {"nctId": NCT_ID}}}
    with pytest.raises(RecordError, match="an absence has no 'protocolSection'"):
        parse(raw(json.dumps(study), "absence"))


@given(
    key=st.sampled_from(["nctId", "presence", "mergedInto", "said"]),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
        max_leaves=4,
    ),
)
def test_any_value_in_any_place_is_a_record_or_refused(key: str, value: Any) -> None:
    for whole in (GONE, MERGED):
        try:
            record = read({**whole, key: value})
        except RecordError:
            continue
        assert key == "said"
        assert record.presence in {"GONE", "MERGED"}


def test_what_the_monitor_adds_to_a_record_is_not_read_as_the_registrys_word() -> None:
    study = {"protocolSection": {"identificationModule": {"nctId": NCT_ID}}}
    shown = {**study, "registryRecord": {"presence": "GONE", "said": SAID}}
    for value in (shown, {"studyVersion": 1, "study": shown}):
        record = parse(raw(json.dumps(value)))
        assert record.presence is None
        assert record.document == study
    assert not parse(raw(json.dumps(shown))).coverage.states(fields.REGISTRY_RECORD)
