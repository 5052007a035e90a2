"""The drop box: files are read once, when they are there as a whole, and again when they change."""

import errno
import gzip
import io
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from monitor.errors import SourceError
from monitor.model.record import RawVersion
from monitor.settings import FilesSourceSettings
from monitor.sources.base import FollowedSource, SourcePage
from monitor.sources.read_progress import LIMITS, Limits, Unreadable
from monitor.sources.watched_folder import WatchedFolderSource
from tests.sources.book import Book
from tests.sources.examples import contents, refusals, study, the_refusal
from tests.users import plain_user

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTLE_S = 30


@dataclass
class Box:
    """A watched folder, its clock and what was stored of it."""

    folder: Path
    clock: datetime = START
    book: Book = field(default_factory=Book)
    settle_s: float = SETTLE_S
    limits: Limits = field(default=LIMITS)

    def source(self) -> FollowedSource:
        return WatchedFolderSource(
            settings=FilesSourceSettings(name="box", path=str(self.folder), settle_s=self.settle_s),
            limits=self.limits,
            now=lambda: self.clock,
        )

    def put(self, name: str, *lines: bytes) -> Path:
        """Write a file, changed now by the clock."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\n".join(lines))
        self.touch(path)
        return path

    def touch(self, path: Path, *, ago_s: float = 0) -> None:
        """Let a file have been changed some time ago by the clock."""
        changed = int((self.clock.timestamp() - ago_s) * 10**9)
        os.utime(path, ns=(changed, changed))

    def wait(self, seconds: float = SETTLE_S) -> None:
        self.clock += timedelta(seconds=seconds)

    def look(self) -> list[bytes]:
        """Make a pass; return the records of its pages."""
        return contents([one for page in self.pages() for one in page.found])

    def pages(self) -> list[SourcePage]:
        return self.book.run(self.source())

    def settled(self) -> list[bytes]:
        """Look, wait until all is settled, and look again; return all records."""
        first = self.look()
        self.wait()
        return first + self.look()

    @property
    def files(self) -> dict[str, dict[str, int]]:
        """The state of the files."""
        state = self.book.state()
        assert state is not None
        assert set(state) == {"files"}
        return dict(state["files"])


@pytest.fixture
def box(tmp_path: Path) -> Box:
    folder = tmp_path / "box"
    folder.mkdir()
    return Box(folder)


def test_an_empty_box_is_no_news(box: Box) -> None:
    (page,) = box.pages()
    assert (page.found, page.state) == ((), {"files": {}}), "but that it was looked at is kept"
    assert box.pages() == []


def poll(box: Box) -> dict[bytes, bool]:
    """Make a pass; tell of each record whether its first sight is news."""
    return {
        content: page.announces_new_trials
        for page in box.pages()
        for content in contents(page.found)
    }


@pytest.mark.parametrize("settle_s", [0, SETTLE_S])
def test_what_lies_there_at_the_beginning_is_no_news_and_what_comes_later_is(
    box: Box, settle_s: float
) -> None:
    box.settle_s = settle_s
    box.put("b.json", study(1))
    found = poll(box)
    box.put("a.json", study(2))
    box.put("c.json", study(3))
    found |= poll(box)
    box.wait()
    found |= poll(box)
    assert found == {study(1): False, study(2): True, study(3): True}
    box.put("b.json", study(4))
    found = poll(box)
    box.wait()
    assert found | poll(box) == {study(4): True}, "it was changed later"


def test_a_file_that_still_grows_at_the_beginning_is_no_news_either(box: Box) -> None:
    box.put("a.jsonl", study(1))
    assert poll(box) == {}
    box.wait(1)
    box.put("a.jsonl", study(1), study(2))
    assert poll(box) == {}
    box.wait()
    assert poll(box) == {study(1): False, study(2): False}


def test_an_empty_folder_has_begun(box: Box) -> None:
    box.look()
    box.put("a.json", study(1))
    box.look()
    box.wait()
    assert poll(box) == {study(1): True}


def test_a_file_is_read_when_it_was_the_same_at_two_looks(box: Box) -> None:
    path = box.put("a.json", study(1))
    box.touch(path, ago_s=3_600)
    assert box.look() == [], "it is old, but was never seen"
    box.wait(SETTLE_S - 1)
    assert box.look() == [], "it was seen, but not long enough ago"
    box.wait(1)
    assert box.look() == [study(1)]
    assert box.look() == []


def test_a_file_that_was_changed_just_now_waits_though_it_looks_the_same(box: Box) -> None:
    path = box.put("a.json", study(1))
    box.look()
    box.wait()
    box.touch(path, ago_s=SETTLE_S - 1)
    assert box.look() == []
    box.wait(SETTLE_S - 1)
    assert box.look() == [], "the new time of change was not seen long enough ago"
    box.wait(1)
    assert box.look() == [study(1)]


def test_a_growing_file_is_read_when_it_has_stopped(box: Box) -> None:
    lines = [study(number) for number in range(1, 6)]
    for end in range(1, 6):
        box.put("a.jsonl", *lines[:end])
        assert box.look() == []
        box.wait(SETTLE_S - 1)
    assert box.look() == []
    box.wait(1)
    assert box.look() == lines


def test_a_size_that_changes_under_the_same_time_of_change_counts(box: Box) -> None:
    path = box.put("a.jsonl", study(1))
    box.look()
    at = path.stat().st_mtime_ns
    box.wait()
    path.write_bytes(study(1) + b"\n" + study(2))
    os.utime(path, ns=(at, at))
    assert box.look() == []
    box.wait()
    assert box.look() == [study(1), study(2)]


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(box: Box) -> None:
    kept = box.put("a.json", study(1))
    box.put("b.json", study(2))
    assert box.settled() == [study(1), study(2)]
    before = kept.stat()
    kept.write_bytes(b"x" * before.st_size)  # whoever opened it would find no record
    os.utime(kept, ns=(before.st_mtime_ns, before.st_mtime_ns))
    box.put("b.json", study(2, "Another title"))
    assert box.settled() == [study(2, "Another title")]


def test_a_removed_file_leaves_the_state_and_is_new_when_it_comes_back(box: Box) -> None:
    path = box.put("a.json", study(1))
    box.put("b.json", study(2))
    box.settled()
    path.unlink()
    (page,) = box.pages()
    assert page.found == ()
    assert list(box.files) == ["b.json"]
    box.put("a.json", study(1))
    assert box.settled() == [study(1)]


def test_the_state_says_how_each_file_was_seen(box: Box) -> None:
    path = box.put("x/a.json", study(1))
    box.look()
    seen = {"size": len(study(1)), "mtime_ns": path.stat().st_mtime_ns}
    waiting = {**seen, "taken": False, "since_ns": 1772452800 * 10**9}
    assert box.files == {"x/a.json": {**waiting, "from_start": True}}
    box.wait()
    box.look()
    assert box.files == {"x/a.json": {**seen, "taken": True}}
    box.put("b.json", study(2))
    box.look()
    assert "from_start" not in box.files["b.json"]
    box.wait()
    box.look()
    assert box.pages() == [], "nothing new, nothing to store"


def test_what_is_hidden_or_under_way_is_left_alone(box: Box) -> None:
    for name in (
        ".a.json", "a.json.part", "a.part", "b.json.tmp", "c.json~", "~d.json", "~$e.json",
        ".git/a.json", "f.part/a.json", "g.tmp/x/a.json", "h~/a.json", "i.JSON.PART", "j.pdf",
    ):  # fmt: skip
        box.put(name, study(1))
    box.put("tmp/a.json", study(2))
    assert box.settled() == [study(2)]
    (box.folder / "a.json.part").rename(box.folder / "a.json")
    assert box.settled() == [study(1)]


def test_large_files_come_in_pages_and_are_taken_with_the_last(box: Box) -> None:
    lines = [study(number) for number in range(1, 451)]
    box.put("a.jsonl", *lines)
    box.put("b.json", study(900))
    box.look()
    box.wait()
    pages = box.pages()
    assert [len(page.found) for page in pages] == [200, 200, 51]
    taken = [[one["taken"] for one in page.state["files"].values()] for page in pages]
    assert taken == [[False, False], [False, False], [True, True]]


def test_a_page_holds_no_more_than_eight_megabytes(box: Box) -> None:
    box.put("a.jsonl", *(study(number, "x" * (3 << 20)) for number in range(1, 6)))
    box.put("b.json", study(6, "x" * (9 << 20)))
    box.look()
    box.wait()
    assert [len(page.found) for page in box.pages()] == [2, 2, 1, 1]


def test_many_small_files_share_a_page(box: Box) -> None:
    for number in range(1, 251):
        box.put(f"{number:03}.json", study(number))
    box.look()
    box.wait()
    pages = box.pages()
    assert [len(page.found) for page in pages] == [200, 50]
    taken = [sum(one["taken"] for one in page.state["files"].values()) for page in pages]
    assert taken == [200, 250]


@pytest.mark.parametrize("survived", [0, 1, 2])
def test_a_crash_in_the_middle_of_a_file_reads_the_file_again(box: Box, survived: int) -> None:
    lines = [study(number) for number in range(1, 501)]
    box.put("a.jsonl", *lines)
    box.look()
    box.wait()
    box.book.run(box.source(), pages=survived)
    assert box.look() == lines
    assert box.look() == []


def test_a_file_that_grows_while_it_is_read_is_read_again_later(box: Box) -> None:
    lines = [study(number) for number in range(1, 301)]
    path = box.put("a.jsonl", *lines)
    box.look()
    box.wait()
    found: list[RawVersion | Unreadable] = []
    for page in box.source().pages(box.book):
        box.book.store(page)
        found += page.found
        if len(box.book.pages) == 2:
            with path.open("ab") as file:
                file.write(b"\n" + study(999))
            box.touch(path)
    assert contents(found)[:300] == lines
    assert box.files["a.jsonl"]["taken"] is False
    assert box.look() == []
    box.wait()
    assert box.look() == [*lines, study(999)]
    assert box.look() == []


def test_a_file_that_goes_away_before_its_turn_is_forgotten(box: Box) -> None:
    box.put("a.jsonl", *(study(number) for number in range(1, 251)))
    gone = box.put("b.json", study(900))
    box.look()
    box.wait()
    for page in box.source().pages(box.book):
        box.book.store(page)
        gone.unlink(missing_ok=True)
    assert list(box.files) == ["a.jsonl"]
    assert len(list(box.book.found())) == 250


def test_a_file_server_whose_clock_is_ahead_only_makes_it_wait_longer(box: Box) -> None:
    path = box.put("a.json", study(1))
    box.touch(path, ago_s=-20)
    assert box.settled() == [], "it was changed ten seconds ago"
    box.wait(20)
    assert box.look() == [study(1)]


def test_a_time_of_change_in_the_future_does_not_keep_a_file_waiting(box: Box) -> None:
    path = box.put("a.json", study(1))
    box.touch(path, ago_s=-86_400 * 365)
    assert box.settled() == [study(1)]


def test_a_clock_that_is_set_back_only_starts_the_wait_anew(box: Box) -> None:
    path = box.put("a.json", study(1))
    box.touch(path, ago_s=86_400)
    box.look()
    box.wait(-3_600)
    assert box.look() == []
    box.wait()
    assert box.look() == [study(1)]


def test_without_a_time_to_settle_a_file_is_read_at_once(box: Box) -> None:
    box.settle_s = 0
    box.put("a.json", study(1))
    assert box.look() == [study(1)]


def test_a_missing_folder_is_an_error_that_names_it_and_the_state_stays(box: Box) -> None:
    box.put("a.json", study(1))
    box.settled()
    away = box.folder.rename(box.folder.parent / "away")
    with pytest.raises(SourceError, match=r"/box: the watched folder is not there$"):
        box.pages()
    away.rename(box.folder)
    assert box.look() == []


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(study(1))
    with pytest.raises(SourceError, match=r"the watched folder cannot be listed: Not a directory"):
        Box(tmp_path / "box").pages()


def test_what_holds_no_record_is_told_once_and_others_go_on(box: Box) -> None:
    box.put("a.json", b'{"protocolSection":')
    box.put("b.json", study(2))
    box.look()
    box.wait()
    (page,) = box.pages()
    assert the_refusal(page.found).origin == f"{box.folder}/a.json"
    assert page.found[1].content == study(2)
    assert box.pages() == []


def test_a_place_that_cannot_be_opened_is_told_each_time_and_others_go_on(box: Box) -> None:
    (box.folder / "a.json").symlink_to("nowhere")
    box.put("b.json", study(2))
    (page,) = box.pages()
    assert the_refusal(page.found).reason == "it cannot be opened: No such file or directory"
    box.wait()
    (page,) = box.pages()
    assert [type(one).__name__ for one in page.found] == ["Unreadable", "RawVersion"]
    assert list(box.files) == ["b.json"]


def test_a_file_that_the_disk_does_not_give_is_tried_again(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = io.FileIO.readinto

    def broken(file: io.FileIO, buffer: memoryview) -> int | None:
        if str(file.name).endswith("/a.json"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return sound(file, buffer)

    monkeypatch.setattr("monitor.sources.files._MeteredFile.readinto", broken)
    box.put("a.json", study(1))
    box.put("b.json", study(2))
    box.settle_s = 0
    for _ in range(2):
        refused = refusals([one for page in box.pages() for one in page.found])
        assert [one.reason for one in refused] == ["it cannot be read: Input/output error"]
    assert {key: one["taken"] for key, one in box.files.items()} == {
        "a.json": False, "b.json": True,
    }  # fmt: skip


@plain_user
def test_what_permissions_forbid_is_read_when_they_allow_it(shared_folder: Path) -> None:
    box = Box(shared_folder)
    path, closed = box.put("a.json", study(1)), box.put("x/b.json", study(2)).parent
    path.chmod(0)
    box.look()
    box.wait()
    found = [one for page in box.pages() for one in page.found]
    assert [isinstance(one, Unreadable) for one in found] == [True, False]
    path.chmod(0o600)
    closed.chmod(0)
    try:
        (page,) = box.pages()
    finally:
        closed.chmod(0o700)
    assert len(refusals(page.found)) == 1
    assert page.found[1].content == study(1)
    assert set(box.files) == {"a.json", "x/b.json"}
    assert box.pages() == []


def test_what_a_link_brings_in_from_outside_is_left_alone(box: Box, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.json").write_bytes(study(1))
    (outside / "closed").mkdir(mode=0)
    box.put("in/a.json", study(2))
    for name, target in (
        ("link", outside), ("link.json", outside / "secret.json"), ("up", tmp_path),
        ("within.json", box.folder / "in" / "a.json"),
    ):  # fmt: skip
        (box.folder / name).symlink_to(target)
    box.look()
    box.wait()
    (page,) = box.pages()
    assert contents(page.found) == [study(2), study(2)], "a link within the folder is followed"
    assert refusals(page.found) == []
    assert set(box.files) == {"in/a.json", "within.json"}


def test_the_watched_folder_may_itself_be_a_link(box: Box, tmp_path: Path) -> None:
    box.put("a.json", study(1))
    (tmp_path / "link").symlink_to(box.folder)
    box.folder = tmp_path / "link"
    assert box.settled() == [study(1)]


@pytest.mark.parametrize("name", [b"caf\xe9.json", "日本.json".encode(), b"a b\n'\\.json"])
def test_any_name_can_be_remembered(box: Box, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(box.folder) + b"/" + name))
    path.write_bytes(study(1))
    box.touch(path)
    assert box.settled() == [study(1)]
    assert box.look() == []
    assert orjson.loads(orjson.dumps(box.book.state())) == box.book.state()


def test_packed_files_are_taken_as_files(box: Box) -> None:
    box.put("a.jsonl.gz", gzip.compress(study(1) + b"\n" + study(2)))
    assert box.settled() == [study(1), study(2)]


@pytest.mark.parametrize(
    "written", [{}, {"files": []}, {"files": {"a.json": 1}}, {"files": {"a.json": {"size": "x"}}}]
)
def test_a_state_that_is_not_understood_is_started_anew(
    box: Box, written: dict[str, object]
) -> None:
    box.book.store(SourcePage(state=written))
    box.put("a.json", study(1))
    assert box.settled() == [study(1)]


def test_a_file_beyond_the_limit_is_set_aside_and_told_once_and_others_go_on(
    tmp_path: Path,
) -> None:
    box = Box(tmp_path, limits=replace(LIMITS, file_bytes=1 << 20))
    huge = box.put("a-huge.jsonl", b"x" * (2 << 20))
    box.put("b-small.jsonl", study(1))
    box.look()
    box.wait()
    found = [one for page in box.pages() for one in page.found]
    [reported] = [one for one in found if isinstance(one, Unreadable)]
    assert "a-huge.jsonl" in reported.origin
    assert "2 MB, more than [ingest] file_limit_mb (1)" in reported.reason
    assert reported.size == 2 << 20
    assert len([one for one in found if isinstance(one, RawVersion)]) == 1
    box.wait()
    assert box.pages() == [], "told once"
    huge.write_bytes(study(2) + b" " * (2 << 20))
    box.touch(huge)
    box.limits = LIMITS
    box.look()
    box.wait()
    [page] = box.pages()
    assert [type(one) for one in page.found] == [RawVersion], "read once the limit is raised"


def test_what_comes_while_a_long_file_is_read_does_not_wait_for_its_end(box: Box) -> None:
    many = [study(number + 1) for number in range(2_000)]
    box.put("long.jsonl", *many)
    box.look()
    box.wait()
    order: list[str] = []
    for number, page in enumerate(box.source().pages(box.book)):
        box.book.store(page)
        order += [Path(one.origin.partition("#")[0]).name[:4] for one in page.found]
        if number == 1:
            box.put("new.jsonl", study(99999999))
        box.wait(SETTLE_S / 2)
    assert order.count("long") == 2_000
    [at] = [place for place, name in enumerate(order) if name.startswith("new.")]
    assert at < 1_600, "it came within two settling times"
    box.wait()
    assert box.pages() == [], "each was read once"


def test_long_files_come_after_short_ones(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sources.watched_folder.LONG_BYTES", 500)
    box.put("a.jsonl", *(study(number + 1) for number in range(9)))
    box.put("b.jsonl", study(11))
    box.look()
    box.wait()
    found = [one for page in box.pages() for one in page.found]
    assert [Path(one.origin.partition("#")[0]).name[0] for one in found] == ["b", *["a"] * 9]
