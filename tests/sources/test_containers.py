"""Compressed files and archives: whole, in parts, damaged, hostile."""

import gzip
import io
import os
import random
import struct
import threading
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.record import RawVersion
from monitor.sources.read_progress import LIMITS, Unreadable
from tests.sources.examples import (
    contents,
    origins,
    read,
    refusals,
    study,
    the_refusal,
    versions,
)

Pack = Callable[[bytes], bytes]

ONE, TWO, THREE = study(1), study(2), study(3)
# Studies that hardly compress: a cut in the middle loses some of them, not all.
NOISE = random.Random(7)  # noqa: S311
MANY = [study(number, NOISE.randbytes(300).hex()) for number in range(2_000)]
BOMB = replace(LIMITS, unpacked_bytes=1 << 20, unpacked_ratio=200, chunk_bytes=64 << 10)


def zstd(data: bytes, *, checked: bool = False) -> bytes:
    """Compress as a stream does: the frame does not say how long its content is."""
    packer = zstandard.ZstdCompressor(write_checksum=checked).compressobj()
    return packer.compress(data) + packer.flush()


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return file.getvalue()


def write(folder: Path, content: bytes, name: str = "packed") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "pack", [gzip.compress, zstd, zstandard.compress], ids=["gzip", "zstd", "zstandard"]
)
def test_all_members_and_frames_are_read(tmp_path: Path, pack: Pack) -> None:
    packed = pack(ONE + b"\n" + TWO[:9]) + pack(b"") + pack(TWO[9:] + b"\n" + THREE)
    for chunk_bytes in (1, 7, 1 << 18):
        found = read(write(tmp_path, packed), limits=replace(LIMITS, chunk_bytes=chunk_bytes))
        assert contents(found) == [ONE, TWO, THREE]
        assert origins(found, tmp_path)[-1] == "packed:3"


def test_padding_behind_gzip_members_is_no_damage(tmp_path: Path) -> None:
    padded = gzip.compress(ONE + b"\n") + b"\0" * 1000 + gzip.compress(TWO) + b"\0" * 100_000
    assert contents(read(write(tmp_path, padded))) == [ONE, TWO]


def test_skippable_frames_of_zstandard_are_skipped(tmp_path: Path) -> None:
    skippable = b"\x5a\x2a\x4d\x18" + struct.pack("<I", 5) + b"notes"
    packed = skippable + zstd(ONE + b"\n", checked=True) + skippable + zstd(TWO)
    assert contents(read(write(tmp_path, packed))) == [ONE, TWO]


@pytest.mark.parametrize(
    ("pack", "name"), [(gzip.compress, "gzip"), (zstd, "zstandard")], ids=["gzip", "zstd"]
)
def test_of_a_file_that_is_cut_off_everything_before_the_cut_is_read(
    tmp_path: Path, pack: Pack, name: str
) -> None:
    packed = pack(b"\n".join(MANY))
    for left in (len(packed) - 1, len(packed) - 9, len(packed) // 2):
        found = read(write(tmp_path, packed[:left]))
        read_whole = [one.content for one in versions(found)]
        assert read_whole == MANY[: len(read_whole)]
        assert len(read_whole) >= len(MANY) * left // len(packed) - 700  # a block is 128 KiB
        assert the_refusal(found).reason == f"the {name} data is cut off"
        assert found[-1] is the_refusal(found)


@pytest.mark.parametrize("left", range(4, 12))
def test_a_head_of_a_compressed_file_alone_is_refused(tmp_path: Path, left: int) -> None:
    for packed in (gzip.compress(ONE), zstd(ONE), zipped({"a.json": ONE})):
        assert len(refusals(read(write(tmp_path, packed[:left])))) == 1


def test_damaged_data_is_refused_and_other_files_are_read(tmp_path: Path) -> None:
    for name, packed in {
        "a.json.gz": gzip.compress(b"\n".join(MANY)),
        "b.json.zst": zstd(b"\n".join(MANY), checked=True),
        "c.zip": zipped({"x.jsonl": b"\n".join(MANY), "y.json": ONE}),
    }.items():
        middle = len(packed) // 2
        flipped = bytes([packed[middle] ^ 0xFF])
        write(tmp_path, packed[:middle] + flipped + packed[middle + 1 :], name)
    write(tmp_path, TWO, "d.json")
    found = read(tmp_path)
    damaged = [one.origin for one in refusals(found) if "damaged" in one.reason]
    assert len(damaged) == 3
    assert ["a.json.gz" in damaged[0], "b.json.zst" in damaged[1]] == [True, True]
    assert "c.zip!x.jsonl" in damaged[2]
    assert [one.content for one in versions(found)][-2:] == [ONE, TWO]


def test_a_wrong_checksum_at_the_end_is_reported_behind_what_was_read(tmp_path: Path) -> None:
    packed = gzip.compress(b"\n".join(MANY))
    found = read(write(tmp_path, packed[:-8] + b"\0\0\0\0" + packed[-4:]))
    assert "the gzip data is damaged" in the_refusal(found).reason
    assert len(versions(found)) > len(MANY) // 2


def test_something_else_behind_compressed_data_is_reported(tmp_path: Path) -> None:
    for packed in (gzip.compress(ONE + b"\n"), zstd(ONE + b"\n")):
        found = read(write(tmp_path, packed + b"trailer"))
        assert [one.content for one in versions(found)] == [ONE]
        assert "damaged" in the_refusal(found).reason


def test_entries_of_an_archive_are_read_in_its_order(tmp_path: Path) -> None:
    packed = zipped(
        {
            "NCT2.json": TWO,
            "deep/er/lines.jsonl": ONE + b"\n" + THREE,
            "search.JSON": b"[" + ONE + b"]",
            "README.md": b"no record",
            "deep/": b"",
            "deep/.hidden.json": b"no record",
            "__MACOSX/NCT2.json": b"no record",
        }
    )
    found = read(write(tmp_path, packed, "a.zip"))
    assert contents(found) == [TWO, ONE, THREE, ONE]
    assert origins(found, tmp_path) == [
        "a.zip!NCT2.json",
        "a.zip!deep/er/lines.jsonl:1",
        "a.zip!deep/er/lines.jsonl:2",
        "a.zip!search.JSON[0]",
    ]


@pytest.mark.parametrize("name", ["../x.json", "/x.json", "a/../../x", "C:\\x.json", "..\\x.json"])
def test_an_entry_whose_name_leads_out_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    found = read(write(folder, zipped({name: ONE, "ok.json": TWO}), "a.zip"))
    assert [one.content for one in versions(found)] == [TWO]
    assert the_refusal(found).reason == "the entry's name leads out of the archive"
    assert origins(found, folder) == [f"a.zip!{name}", "a.zip!ok.json"]
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "a.zip"]


def test_entries_that_cannot_be_read_are_refused_one_by_one(tmp_path: Path) -> None:
    packed = bytearray(zipped({"secret.json": ONE, "ok.json": TWO}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + offset] |= 1  # the flag "encrypted" of the first entry
    link = zipfile.ZipInfo("link.json")
    link.external_attr = 0o120777 << 16
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(link, "/etc/hostname")
        archive.writestr("old.json", ONE, zipfile.ZIP_BZIP2)
        archive.writestr("ok.json", THREE)
    write(tmp_path, bytes(packed), "a.zip")
    write(tmp_path, other.getvalue(), "b.zip")
    found = read(tmp_path)
    assert [one.content for one in versions(found)] == [TWO, THREE]
    assert [one.reason for one in refusals(found)] == [
        "the entry is encrypted",
        "the entry is a link, not a file",
        "the entry is compressed by a method other than deflate",
    ]


@pytest.mark.parametrize(
    "inner",
    [gzip.compress(ONE), zstd(ONE), zipped({"a.json": ONE})],
    ids=["gzip", "zstandard", "zip"],  # not the bytes: gzip's hold the time
)
def test_what_is_packed_twice_is_refused(tmp_path: Path, inner: bytes) -> None:
    write(tmp_path, gzip.compress(inner), "a.json.gz")
    write(tmp_path, zstd(inner), "b.json.zst")
    write(tmp_path, zipped({"x.zip": inner, "y.json.gz": inner}), "c.zip")
    found = read(tmp_path)
    assert [one.reason for one in refusals(found)] == [
        "it is compressed once more; unpack it first"
    ] * 4
    assert not versions(found)


def test_an_archive_without_records_says_so(tmp_path: Path) -> None:
    for packed in (zipped({}), zipped({"notes.md": b"x"})):
        found = read(write(tmp_path, packed, "a.zip"))
        assert the_refusal(found).reason.startswith("the archive holds no record files")


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, zstd, lambda data: zipped({"a.json": data})],
    ids=["gzip", "zstd", "zip"],
)
@pytest.mark.parametrize("filling", [b"x", b"\n", b"{", b"[" * 60 + b"\n"])
def test_a_bomb_is_stopped_at_the_limit(tmp_path: Path, pack: Pack, filling: bytes) -> None:
    packed = pack(ONE + b"\n" + filling * ((8 << 20) // len(filling)))
    found = read(write(tmp_path, packed), limits=BOMB)
    assert versions(found)[0].content == ONE
    reason = refusals(found)[-1].reason
    assert reason == (
        "it unpacks to more than the limit of 1,048,576 bytes and to more than 200 times its size"
    )
    assert sum(one.size for one in refusals(found)) < 5 << 20


def test_what_is_merely_large_or_merely_well_compressed_is_no_bomb(tmp_path: Path) -> None:
    well = gzip.compress((ONE + b"\n") * 5_000)
    assert len(read(write(tmp_path, well), limits=replace(LIMITS, unpacked_bytes=1 << 20))) == 5_000
    large = gzip.compress(b"\n".join(MANY))
    found = read(write(tmp_path, large), limits=replace(LIMITS, unpacked_bytes=1 << 10))
    assert contents(found) == MANY


def test_a_bomb_in_many_small_entries_is_stopped_over_all_of_them(tmp_path: Path) -> None:
    # Every entry is under the limit; together they are over it.
    packed = zipped({f"{number}.json": b" " * 900_000 for number in range(40)})
    found = read(write(tmp_path, packed), limits=BOMB)
    assert len(found) <= 12
    assert (
        "the rest of the archive is not read: in all, it unpacks to more"
        in refusals(found)[-1].reason
    )


def test_a_bomb_beside_a_large_entry_is_stopped_all_the_same(tmp_path: Path) -> None:
    noise = b"\n".join(MANY[:200])
    packed = zipped({"a.jsonl": noise, "b.json": b"{" * (8 << 20), "c.json": ONE})
    found = read(write(tmp_path, packed, "a.zip"), limits=BOMB)
    assert [one.content for one in versions(found)] == [*MANY[:200], ONE]
    assert "it unpacks to more than the limit" in the_refusal(found).reason


def test_a_bomb_takes_no_neighbour_with_it(tmp_path: Path) -> None:
    packed = zipped({"bomb.json": b" " * (8 << 20), "good.json": ONE})
    found = read(write(tmp_path, packed, "a.zip"), limits=BOMB)
    assert [one.content for one in versions(found)] == [ONE]
    assert the_refusal(found).origin.endswith("bomb.json")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_random_damage_to_any_container_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = b"\n".join(MANY[:20])
    whole = data.draw(
        st.sampled_from(
            [gzip.compress(lines), zstd(lines), zipped({"a.jsonl": lines, "b.json": ONE})]
        )
    )
    packed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(packed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of a name that comes twice
        read(path)


def test_a_pipe_is_read_as_a_file_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def read_written(content: bytes) -> list[RawVersion | Unreadable]:
        writer = threading.Thread(target=pipe.write_bytes, args=(content,))
        writer.start()
        found = read(pipe)
        writer.join()
        return found

    assert contents(read_written(zstd(ONE + b"\n" + TWO))) == [ONE, TWO]
    refused = the_refusal(read_written(zipped({"a.json": ONE})))
    assert refused.reason == "a zip archive cannot be read from a pipe"
