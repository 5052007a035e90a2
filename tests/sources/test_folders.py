"""Which files are read, in which order, and what happens to those that cannot be."""

import gzip
import os
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import SourceError
from monitor.sources.files import read_paths
from monitor.sources.read_progress import LIMITS, ReadProgress
from tests.sources.examples import NOW, contents, origins, read, study, the_refusal, versions
from tests.users import plain_user

ONE = study(1)


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(ONE) if name.endswith(".gz") else ONE)
    return folder


def test_a_folder_is_read_sorted_by_name_with_the_folders_in_it(tmp_path: Path) -> None:
    fill(tmp_path, "b/2.json", "b/10.json", "a.json", "c.JSONL", "b/x/1.txt.gz", "d.ndjson")
    found = read(tmp_path)
    assert len(contents(found)) == 6
    assert origins(found, tmp_path) == [
        "a.json",
        "b/10.json",
        "b/2.json",
        "b/x/1.txt.gz",
        "c.JSONL",
        "d.ndjson",
    ]


def test_hidden_and_foreign_files_of_a_folder_are_skipped(tmp_path: Path) -> None:
    fill(tmp_path, "a.json", ".b.json", ".git/c.json", "d.md", "e.csv", "f", "g.json.bak")
    assert origins(read(tmp_path), tmp_path) == ["a.json"]


def test_what_is_packed_is_read_whatever_the_name_inside(tmp_path: Path) -> None:
    fill(tmp_path, "study.gz")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("study.gz", gzip.compress(ONE))
    found = read(tmp_path)
    assert [one.content for one in versions(found)] == [ONE]
    assert "compressed once more" in the_refusal(found).reason


def test_a_file_that_is_named_is_read_whatever_its_name(tmp_path: Path) -> None:
    fill(tmp_path, ".hidden/x.bak")
    assert contents(read(tmp_path / ".hidden" / "x.bak")) == [ONE]
    assert origins(read(tmp_path / ".hidden"), tmp_path) == []


def test_the_origin_is_the_path_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "in/a.json")
    monkeypatch.chdir(tmp_path / "in")
    assert [one.origin for one in read(Path("a.json"), Path("../in"))] == [
        "a.json",
        "../in/a.json",
    ]


def test_links_that_lead_in_a_circle_are_followed_once(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.json", "b/2.json")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b" / "self").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "c").symlink_to("c")
    assert origins(read(tmp_path), tmp_path) == ["a/1.json", "b/2.json"]


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", "1.json")
    inside = fill(tmp_path / "inside", "2.json")
    (inside / "more").symlink_to(outside, target_is_directory=True)
    assert origins(read(inside), inside) == ["2.json", "more/1.json"]


def test_a_file_of_a_folder_that_cannot_be_opened_is_reported_and_the_rest_is_read(
    tmp_path: Path,
) -> None:
    fill(tmp_path, "a.json", "c.json")
    (tmp_path / "b.json").symlink_to(tmp_path / "gone")
    found = read(tmp_path)
    assert origins(found, tmp_path) == ["a.json", "b.json", "c.json"]
    assert the_refusal(found).reason == "it cannot be opened: No such file or directory"


@plain_user
def test_a_folder_that_cannot_be_entered_is_reported(shared_folder: Path) -> None:
    fill(shared_folder, "a/1.json", "b/2.json")
    (shared_folder / "a").chmod(0)
    try:
        found = read(shared_folder)
    finally:
        (shared_folder / "a").chmod(0o700)
    assert the_refusal(found).reason == "it cannot be opened: Permission denied"
    assert origins(found, shared_folder) == ["a", "b/2.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(fill(tmp_path, "a.json") / "b.json")
    assert origins(read(tmp_path), tmp_path) == ["a.json"]


def test_a_path_that_does_not_exist_stops_the_reading_before_it_begins(tmp_path: Path) -> None:
    fill(tmp_path, "a.json")
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    with pytest.raises(SourceError, match=r"b\.json: no such file or folder$"):
        read_paths(paths, now=lambda: NOW)


def test_a_path_that_no_file_can_have_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened: File name too long"):
        read_paths([tmp_path / ("x" * 5_000)], now=lambda: NOW)
    with pytest.raises(SourceError, match="cannot be opened: "):
        read_paths([Path("x\0y")], now=lambda: NOW)


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are always UTF-8 there")
def test_a_name_that_is_no_text_becomes_one(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.json")
    path.write_bytes(ONE)
    assert origins(read(tmp_path), tmp_path) == ["caf�.json"]


def test_a_very_deep_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    depth = 1_200  # deeper than Python's own calls may be nested
    monkeypatch.chdir(tmp_path)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    fill(Path(), "1.json")
    os.chdir(tmp_path)
    assert contents(read(Path("d"))) == [ONE]
    for _ in range(depth):  # what clears the temporary folder away is not so deep
        os.chdir("d")
    Path("1.json").unlink()
    for _ in range(depth):
        os.chdir("..")
        Path("d").rmdir()


def test_progress_reaches_the_total_and_counts_records(tmp_path: Path) -> None:
    lines = b"\n".join(study(number, "x" * 5_000) for number in range(1_000))
    (tmp_path / "a.jsonl").write_bytes(lines)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines))
    seen: list[ReadProgress] = []
    found = list(read_paths([tmp_path], now=lambda: NOW, on_progress=seen.append))
    total = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert len(found) == 2_000
    assert seen[-1] == ReadProgress(bytes_read=total, total_bytes=total, records=2_000)
    assert 6 <= len(seen) <= 20
    assert [one.bytes_read for one in seen] == sorted(one.bytes_read for one in seen)
    assert all(one.bytes_read <= total for one in seen)


def test_progress_on_an_archive_never_passes_its_size(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(50):
            archive.writestr(f"{number}.json", ONE)
    seen: list[ReadProgress] = []
    list(read_paths([tmp_path / "a.zip"], now=lambda: NOW, on_progress=seen.append))
    assert seen[-1].bytes_read == seen[-1].total_bytes == (tmp_path / "a.zip").stat().st_size


def test_versions_are_stamped_with_the_time_of_their_own_reading(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(ONE + b"\n" + ONE)
    ticks = iter(range(10))
    reading = read_paths(
        [tmp_path], now=lambda: NOW + timedelta(seconds=next(ticks)), limits=LIMITS
    )
    assert [one.retrieved_at - NOW for one in reading] == [timedelta(0), timedelta(seconds=1)]
