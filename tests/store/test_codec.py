"""Snapshot bytes: nothing but what was written ever comes out."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.store.codec import (
    Codec,
    CorruptError,
    pack,
    read_body,
    restore,
    thread_codec,
    unpack,
)
from monitor.store.vocabulary import VOCABULARIES
from tests.store.examples import document

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def read_back(stored: bytes, content: bytes, base: bytes | None = None) -> bytes:
    digest = sha256(content).digest()
    return restore(stored, codec=1, base=base, size=len(content), digest=digest)


@given(st.binary(max_size=2000), st.binary(min_size=1, max_size=2000))
def test_any_bytes_come_back(content: bytes, base: bytes) -> None:
    codec = Codec()
    assert read_back(codec.keyframe(content), content) == content
    assert read_back(codec.delta(content, base), content, base) == content


@pytest.mark.parametrize(
    ("size", "at_most"), [(200_000, 500), (300_000, 500), (3_000_000, 500), (20_000_000, 2_000_000)]
)
def test_large_records_come_back_and_their_changes_stay_small(size: int, at_most: int) -> None:
    filler = random.Random(size)  # noqa: S311  # no secret
    base = b'{"a":"' + filler.randbytes(size // 2).hex().encode() + b'"}'
    changed = base[: size // 3] + b"changed" + base[size // 3 :]
    codec = Codec()
    stored = codec.delta(changed, base)
    assert read_back(stored, changed, base) == changed
    assert len(stored) < at_most
    if size < 1_000_000:
        assert read_back(codec.keyframe(base), base) == base


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_is_noticed(place: int, bit: int) -> None:
    content = document(sites=5)
    stored = bytearray(Codec().keyframe(content))
    stored[place % len(stored)] ^= 1 << bit
    with suppress(CorruptError):
        # A bit that means nothing to the format may flip and leave the content whole.
        assert read_back(bytes(stored), content) == content


@given(st.binary(max_size=300))
def test_bytes_that_are_no_snapshot_are_damage(stored: bytes) -> None:
    with pytest.raises(CorruptError):
        read_back(stored, document())


def test_a_snapshot_of_an_unknown_vocabulary_is_damage() -> None:
    content = document()
    stored = Codec().keyframe(content)
    with pytest.raises(CorruptError):
        restore(stored, codec=99, base=None, size=len(content), digest=sha256(content).digest())


def test_a_size_that_memory_cannot_hold_is_damage() -> None:
    stored = Codec().keyframe(document())
    with pytest.raises(CorruptError):
        restore(stored, codec=1, base=None, size=2**31 - 1, digest=bytes(32))


@given(JSON)
def test_bodies_come_back(value: object) -> None:
    assert read_body(Codec().body(value)) == value


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_in_a_body_never_reads_as_another_value(place: int, bit: int) -> None:
    value = {"summary": "RECRUITING → WITHDRAWN", "words": [f"word {n}" for n in range(200)]}
    stored = bytearray(Codec().body(value))
    stored[place % len(stored)] ^= 1 << bit
    with suppress(CorruptError):
        assert read_body(bytes(stored)) == value


@given(st.binary())
def test_packed_bytes_come_back(content: bytes) -> None:
    assert unpack(pack(content)) == content


def test_a_body_that_claims_to_be_huge_is_damage() -> None:
    import zstandard

    frame = zstandard.ZstdCompressor(level=1).compress(bytes(65 * 1024 * 1024))
    with pytest.raises(CorruptError, match="size"):
        unpack(frame)


def test_a_vocabulary_never_changes_once_it_was_written_with() -> None:
    known = {1: "dcdb36bf8fe9fe6e35b7eb170dbb602b2ec7d92fe528b94f503b2860f911a142"}
    assert {number: sha256(words).hexdigest() for number, words in VOCABULARIES.items()} == known


def test_no_two_threads_share_what_serves_one_at_a_time() -> None:
    with ThreadPoolExecutor(max_workers=1) as other:
        theirs = other.submit(thread_codec).result()
        assert other.submit(thread_codec).result() is theirs
    assert thread_codec() is thread_codec()
    assert thread_codec() is not theirs
