"""Real version series: byte-exact, and in no more bytes than git needs for the same JSON."""

import gzip
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import orjson
import pytest

from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.store.examples import add_version

SERIES = "ctgov/snapshots/daily_snapshots_2026-02_03.jsonl.gz"


@pytest.fixture(scope="module")
def series(shared_data: Path) -> dict[str, list[bytes]]:
    """Return the canonical contents of the studies that have two or more, in their order."""
    found: dict[str, list[bytes]] = {}
    with gzip.open(shared_data / SERIES) as lines:
        for line in lines:
            row = orjson.loads(line)
            content = orjson.dumps(row["study"], option=orjson.OPT_SORT_KEYS)
            found.setdefault(row["nct_id"], []).append(content)
    several = {nct_id: contents for nct_id, contents in found.items() if len(contents) > 1}
    assert sum(map(len, several.values())) == 67
    return several


def stored_bytes(url: str, series: Mapping[str, Sequence[bytes]]) -> int:
    """Store every series, check that it reads back, and return the bytes of all snapshots."""
    with open_store(url) as store:
        for nct_id, contents in series.items():
            base: int | None = None
            with store.transaction() as transaction:
                for day, content in enumerate(contents, start=1):
                    _, base = add_version(transaction, content, nct_id, day, base_snapshot_id=base)
    with open_reader(url) as reader:
        for nct_id, contents in series.items():
            versions = reader.versions(nct_id)
            assert [reader.snapshot(version.snapshot_id) for version in versions] == list(contents)
        return reader.counts()["snapshot_bytes"]


def git_bytes(folder: Path, series: Mapping[str, Sequence[bytes]]) -> int:
    """Commit every content to a git repository and return the packed bytes of its blobs."""

    def git(*arguments: str, data: bytes = b"") -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()

    git("init", "--quiet")
    git("fast-import", "--quiet", data=b"".join(_commits(series)))
    git("gc", "--quiet", "--aggressive", "--prune=now")
    pack = next((folder / ".git" / "objects" / "pack").glob("*.pack"))
    fields = (line.split() for line in git("verify-pack", "-v", str(pack)).splitlines())
    return sum(int(field[3]) for field in fields if field[1:2] == ["blob"])


def _commits(series: Mapping[str, Sequence[bytes]]) -> Iterator[bytes]:
    for nct_id, contents in series.items():
        for second, content in enumerate(contents):
            yield b"commit refs/heads/main\ncommitter test <test> %d +0000\n" % second
            yield b"data 0\nM 644 inline %s.json\n" % nct_id.encode()
            yield b"data %d\n%s\n" % (len(content), content)


def test_real_series_read_back_byte_exact(store_url: str, series: dict[str, list[bytes]]) -> None:
    assert stored_bytes(store_url, series) > 0


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed to compare with")
def test_a_real_series_takes_no_more_bytes_than_in_git(
    sqlite_url: str, tmp_path: Path, series: dict[str, list[bytes]]
) -> None:
    assert stored_bytes(sqlite_url, series) <= git_bytes(tmp_path, series)
