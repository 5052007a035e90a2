"""What a window cuts does not depend on the pieces in which its stream arrives."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import RecordError
from monitor.sources.read_progress import LIMITS
from monitor.sources.window import LookAhead
from tests.sources.test_properties import VALUES


def in_pieces(content: bytes, size: int, record_bytes: int = 1 << 20) -> LookAhead:
    pieces = (content[at : at + size] for at in range(0, len(content), size))
    return LookAhead(pieces, replace(LIMITS, record_bytes=record_bytes))


NUMBERS = st.sampled_from(
    ["-0", "-1.5e+10", "0.25E-3", "12345", "1e5", "true", "null", '"\\u00e9"']
)


@settings(max_examples=150)
@given(
    texts=st.lists(
        st.builds(lambda value: json.dumps(value, ensure_ascii=False), VALUES)
        | NUMBERS
        | NUMBERS.map("[{}]".format),
        min_size=1,
        max_size=5,
    ),
    space=st.sampled_from([" ", "\r\n", "", " " * 40]),
    size=st.integers(1, 30),
)
def test_values_are_cut_where_they_end(texts: list[str], space: str, size: int) -> None:
    window = in_pieces((space + f"{space},{space}".join(texts) + space).encode(), size)
    cut = []
    while window.skip_space() is not None:
        cut.append(window.take_value().decode())
        if window.skip_space() is not None:
            window.take_byte(b",")
    assert cut == texts


@pytest.mark.parametrize("text", ["-", "1.", "1e+", '"a', '{"a":', "[1", "tru", '"\\u00'])
@pytest.mark.parametrize("size", [1, 100])
def test_a_value_that_the_end_of_the_stream_cuts_off_is_broken(text: str, size: int) -> None:
    with pytest.raises(RecordError, match="not valid JSON: "):
        in_pieces(text.encode(), size).take_value()


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_value_over_the_limit_is_not_cut(size: int) -> None:
    text = b'["' + b"x" * 20 + b'"],'
    assert in_pieces(text, size, record_bytes=24).take_value() == text[:-1]
    with pytest.raises(RecordError, match="longer than the limit of 23 bytes"):
        in_pieces(text, size, record_bytes=23).take_value()


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_where_a_value_breaks_is_counted_from_the_start_of_the_stream(size: int) -> None:
    window = in_pieces(b"[1,2] " * 20 + b'{"a": nope}', size)
    for _ in range(20):
        window.take_value()
        window.skip_space()
    with pytest.raises(RecordError, match=r"invalid character \(byte 127\)"):
        window.take_value()


@given(
    rows=st.lists(st.binary(max_size=30).map(lambda row: row.replace(b"\n", b"")), max_size=8),
    size=st.integers(1, 40),
    limit=st.integers(1, 40),
)
def test_lines_are_cut_at_line_feeds(rows: list[bytes], size: int, limit: int) -> None:
    rows = [b"first", *rows, b"last"]
    window = in_pieces(b"\n".join(rows), size, record_bytes=limit)
    for number, row in enumerate(rows, 1):
        assert window.line == number
        line = window.take_line()
        if len(row) <= limit:
            assert line == row
        else:
            assert line is not None
            assert not isinstance(line, bytes)
            assert (line.head, line.size) == (row, len(row))
    assert window.take_line() is None
