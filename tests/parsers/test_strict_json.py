"""JSON that an ordinary reader would take, or choke on, is refused with its reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import RecordError
from monitor.parsers import strict_json
from monitor.parsers.base import parse
from tests.parsers.raws import raw, study

GOOD = json.dumps(study(statusModule={"overallStatus": "RECRUITING"}), separators=(",", ":"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the input is empty"),
        (b" \n\t", "the input is empty"),
        (GOOD[:-3].encode(), "the JSON is broken or cut off: unexpected end of data"),
        (GOOD.encode() + b"}", "the JSON is broken or cut off"),
        (GOOD.replace("RECR", "\xff").encode("latin-1"), "is not valid UTF-8"),
        (GOOD.replace('"RECRUITING"', "NaN").encode(), "the JSON is broken or cut off"),
        (GOOD.replace('"RECRUITING"', "-Infinity").encode(), "the JSON is broken or cut off"),
        (GOOD.replace('"RECRUITING"', "1e999").encode(), "the JSON is broken or cut off"),
        (GOOD.replace("RECR", "\\ud800").encode(), "the JSON is broken or cut off"),
        (b"<!DOCTYPE html><html><body>403</body></html>", "this is an HTML or XML page"),
        (b"NCT number NCT00000000 not found", "the JSON is broken or cut off"),
    ],
)
def test_unreadable_json_is_refused_with_its_reason(content: bytes, sentence: str) -> None:
    with pytest.raises(RecordError, match=sentence):
        parse(raw(content))


@pytest.mark.parametrize("depth", [101, 102, 250, 300, 1_000, 10_000])
def test_bottomless_nesting_is_refused(depth: int) -> None:
    with pytest.raises(RecordError, match="nested more than 100 levels deep"):
        strict_json.decode(b"[" * depth + b"1" + b"]" * depth)
    with pytest.raises(RecordError, match="nested more than 100 levels deep"):
        strict_json.decode(b'{"a":' * depth + b"1" + b"}" * depth)


def test_a_hundred_levels_and_long_runs_of_spaces_are_fine() -> None:
    assert strict_json.decode(b"[" * 100 + b"1" + b"]" * 100)
    assert strict_json.decode(json.dumps({"a": " " * 900, "b": "\n" + " " * 900}).encode())


@pytest.mark.parametrize(
    "content",
    [
        '{"a":1,"b":2,"a":3}',
        '{"a":1,"a":1}',
        '{"x":[{"y":{"a":{},"a":{}}}]}',
        '{"a" :1, "a":2}',
        '{ "a"\n:1, "a"\t: 2 }',
        '{"a":1,"\\u0061":2}',
        # Each of these has one sign too many to make up for the key that is lost.
        '{"a":1,"a":2,"b":"\\u0022:"}',
        '{"a":1,"a":2,"b":"\\"\\u003a"}',
        '{"a":1,"a":2,"b":"\\"\\u003A"}',
        '{"a":1e5,"a":2}',
        '{"a":1,"a":123456789012345678901234567890}',
    ],
)
def test_a_duplicate_key_is_refused_by_name_however_it_is_written(content: str) -> None:
    with pytest.raises(RecordError, match="the key 'a' stands twice in one object"):
        strict_json.decode(content.encode())


@pytest.mark.parametrize(
    "content",
    [
        '{"a" : 1, "b" : 2}',
        '{"a":"\\":\\":","b":"\\u0022\\u003a"}',
        '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
        '{"":1,"a":1e5}',
    ],
)
def test_unusual_writing_without_duplicate_keys_is_read(content: str) -> None:
    assert strict_json.decode(content.encode()) == json.loads(content)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text('":\\,{}[] aé'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('":a '), inner, max_size=4),
    max_leaves=20,
)


@given(
    value=JSON_VALUES,
    indent=st.sampled_from([None, 0, 2]),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")]),
    ascii_only=st.booleans(),
)
def test_any_value_in_any_writing_is_read_unchanged(
    value: Any, indent: int | None, separators: tuple[str, str], *, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only)
    assert strict_json.decode(text.encode()) == value


@given(value=st.dictionaries(st.text('":ab'), JSON_VALUES, min_size=1, max_size=5), data=st.data())
def test_a_key_written_twice_is_always_found(value: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(value)))
    separators = data.draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")]))
    members = [*value.items(), (key, data.draw(JSON_VALUES))]
    written = separators[0].join(
        json.dumps(name) + separators[1] + json.dumps(item, separators=separators)
        for name, item in data.draw(st.permutations(members))
    )
    with pytest.raises(RecordError, match="stands twice"):
        strict_json.decode(f'{{"outer":{{{written}}}}}'.encode())


def test_keys_are_counted() -> None:
    assert strict_json.count_keys(b'{"a":1,"b":{"c":[{"d":"e:f"}]}}') == 4
