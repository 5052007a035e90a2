"""Memory stays bounded however large a file, a line or a page is."""

import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from monitor.model.record import RawVersion
from monitor.sources.base import Unreadable
from monitor.sources.files import read_paths
from tests.sources.examples import NOW, study

MIB = 1 << 20


def peak_of(path: Path, look: Callable[[RawVersion | Unreadable], None]) -> int:
    """Read the file, handing over each piece found; return the peak of memory in bytes."""
    tracemalloc.start()
    try:
        for one in read_paths([path], now=lambda: NOW):
            look(one)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "large.jsonl"
    yield path
    path.unlink()


@pytest.mark.parametrize(
    ("start", "between", "end"),
    [
        (b"", b"\n", b"\n"),
        (b'{"totalCount":3,"studies":[\n', b",\n", b"]}"),
        (b'{"studies":[', b",", b"]}"),
    ],
)
def test_three_hundred_megabytes_of_studies_take_no_more_than_a_few(
    large: Path, start: bytes, between: bytes, end: bytes
) -> None:
    text = study(1, "x" * 100_000)
    with large.open("wb") as file:
        file.write(start + text)
        for _ in range(30):
            file.write((between + text) * 100)
        file.write(end)
    seen = 0

    def count(one: RawVersion | Unreadable) -> None:
        nonlocal seen
        seen += isinstance(one, RawVersion) and one.content == text

    peak = peak_of(large, count)
    assert large.stat().st_size > 300 * MIB * 0.95
    assert seen == 3_001
    assert peak < 40 * MIB


def test_a_line_of_two_hundred_megabytes_is_never_held_whole(large: Path) -> None:
    with large.open("wb") as file:
        file.write(study(1) + b'\n{"nct_id":"')
        for _ in range(200):
            file.write(b"x" * MIB)
        file.write(b'"}\n' + study(2) + b"\n")
    found: list[RawVersion | Unreadable] = []
    peak = peak_of(large, found.append)
    assert [one.content for one in found if isinstance(one, RawVersion)] == [study(1), study(2)]
    (long,) = (one for one in found if isinstance(one, Unreadable))
    assert long.size == 200 * MIB + len(b'{"nct_id":""}')
    assert (len(long.content), long.origin[-2:]) == (MIB, ":2")
    assert peak < 100 * MIB


def test_a_first_line_of_two_hundred_megabytes_is_never_held_whole(large: Path) -> None:
    with large.open("wb") as file:
        file.write(b'{"protocolSection":"')
        for _ in range(200):
            file.write(b"x" * MIB)
        file.write(b'"}\n' + study(2) + b"\n")
    found: list[RawVersion | Unreadable] = []
    assert peak_of(large, found.append) < 100 * MIB
    assert [type(one) for one in found] == [Unreadable, RawVersion]


@pytest.mark.parametrize("packer", ["gzip", "zstandard"])
def test_compressed_lines_are_unpacked_piece_by_piece(large: Path, packer: str) -> None:
    text = study(1, "x" * 100_000) + b"\n"
    if packer == "gzip":
        packed = gzip.compress(text * 10, 1) * 100
    else:
        packed = zstandard.compress(text * 10) * 100
    large.write_bytes(packed)
    seen = 0

    def count(one: RawVersion | Unreadable) -> None:
        nonlocal seen
        seen += isinstance(one, RawVersion)

    assert peak_of(large, count) < 20 * MIB
    assert seen == 1_000
