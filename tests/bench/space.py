"""Bytes per stored version, against git on the same JSON."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.ingest import ingest
from monitor.settings import ThresholdSettings
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.bench.plan import Bench
from tests.bench.records import Content, found
from tests.bench.rows import Measurement

_EPOCH = 1_770_000_000  # seconds; each commit is an hour after the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Bytes: of the contents alone, of what also finds and describes them, of the whole store."""

    contents: int
    indexed: int
    whole: int


def measure(bench: Bench) -> list[Measurement]:
    """Measure the trials with several contents, then all contents."""
    series = bench.corpus.series()
    several = [one for one in bench.corpus.contents if len(series[one.nct_id]) > 1]
    rows: list[Measurement] = []
    for label, contents in (("trials with several contents", several),
                            ("all trials", list(bench.corpus.contents))):  # fmt: skip
        bench.say(f"space: {label}")
        folder = bench.folder / f"space-{len(rows)}"
        folder.mkdir()
        written, ours = _stored(folder, contents)
        rows.append(_row(label, len(contents), ours, _packed(folder, written, bench)))
    return rows


def _row(label: str, count: int, ours: Space, git: Space) -> Measurement:
    def each(size: int) -> str:
        return f"{size / count:,.0f}"

    return Measurement(
        name="space",
        what=f"bytes per version, {label}",
        ours=f"{each(ours.contents)} B",
        baseline=f"{each(git.contents)} B git",
        ratio=ours.contents / git.contents,
        target=1.0,
        note=f"{count} versions. Ours: the stored bytes of the snapshots. Git: the bytes that the "
        "blobs of the same canonical JSON take in the pack after `git gc --aggressive "
        "--prune=now`, one file per trial, one commit per content, without commits, trees and "
        f"index. With what finds them: ours {each(ours.indexed)} B (pages of the table of "
        f"snapshots), git {each(git.indexed)} B (pack and its index, with commits and trees). As a "
        f"whole: ours {each(ours.whole)} B (the SQLite file, with versions, events, trials and "
        f"all indexes), git {each(git.whole)} B (all of its repository).",
    )


def _stored(folder: Path, contents: Sequence[Content]) -> tuple[list[tuple[str, bytes]], Space]:
    """Ingest the contents; return their canonical bytes as read back, and what they take."""
    path = folder / "monitor.db"
    url = f"sqlite:///{path}"
    with open_store(url) as store:
        report = ingest(
            found(one.content for one in contents), store, thresholds=ThresholdSettings()
        )
        assert report.stored == len(contents), report
    with open_reader(url) as reader:
        histories = {
            nct_id: [reader.snapshot(version.snapshot_id) for version in reader.versions(nct_id)]
            for nct_id in {one.nct_id for one in contents}
        }
    written = [(one.nct_id, histories[one.nct_id].pop(0)) for one in contents]
    return written, _sizes(path)


def _sizes(path: Path) -> Space:
    """Return what a store takes; leaves only its snapshots in it."""
    pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    connection = sqlite3.connect(path, isolation_level=None)
    [(contents,)] = connection.execute("SELECT sum(length(content)) FROM snapshots")
    [(whole,)] = connection.execute(pages)
    for table in ("events", "versions", "trials", "quarantine"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("VACUUM")
    [(indexed,)] = connection.execute(pages)
    connection.close()
    return Space(contents=contents, indexed=indexed, whole=whole)


def _packed(folder: Path, written: list[tuple[str, bytes]], bench: Bench) -> Space:
    """Commit the same bytes to git, pack them as tightly as it can, and return what they take."""
    repository = folder / "git"
    _git(folder, "init", "--quiet", "--bare", "--template=", str(repository))
    _git(repository, "fast-import", "--quiet", feed=b"".join(_commits(written)))
    bench.say("space: git gc --aggressive")
    _git(repository, "gc", "--aggressive", "--prune=now", "--quiet")
    listing = _git(
        repository, "cat-file", "--batch-all-objects",
        "--batch-check=%(objecttype) %(objectsize:disk)",
    )  # fmt: skip
    sizes = [line.split() for line in listing.decode().splitlines()]
    blobs = [int(size) for kind, size in sizes if kind == "blob"]
    distinct = len(set(written))
    assert len(blobs) == distinct, f"{len(blobs)} blobs for {distinct} contents"
    packs = list((repository / "objects" / "pack").glob("*"))
    return Space(
        contents=sum(blobs),
        indexed=sum(file.stat().st_size for file in packs if file.suffix in {".pack", ".idx"}),
        whole=sum(file.stat().st_size for file in repository.rglob("*") if file.is_file()),
    )


def _commits(written: list[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield the commits as git's import reads them, in the order of the contents."""
    for number, (nct_id, content) in enumerate(written):
        yield (
            f"commit refs/heads/main\ncommitter Bench <bench@bench.example> "
            f"{_EPOCH + 3600 * number} +0000\ndata {len(nct_id)}\n{nct_id}\n"
            f"M 100644 inline {nct_id}.json\ndata {len(content)}\n"
        ).encode()
        yield content + b"\n"


def _git(folder: Path, *arguments: str, feed: bytes | None = None) -> bytes:
    git = shutil.which("git")
    assert git is not None, "the comparison needs git"
    run = subprocess.run([git, *arguments], cwd=folder, input=feed, check=True, capture_output=True)
    return run.stdout
