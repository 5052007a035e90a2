"""Real files of the registry and of those who collect them."""

import gzip
from pathlib import Path

import orjson

from monitor.sources.base import ReadProgress
from monitor.sources.files import read_paths
from tests.sources.examples import NOW, contents, read, the_refusal, versions


def test_the_daily_snapshots_yield_every_study_byte_for_byte(shared_data: Path) -> None:
    path = shared_data / "ctgov/snapshots/daily_snapshots_2026-02_03.jsonl.gz"
    seen: list[ReadProgress] = []
    found = versions(list(read_paths([path], now=lambda: NOW, on_progress=seen.append)))
    lines = gzip.decompress(path.read_bytes()).splitlines()
    assert len(found) == len(lines) == 1_195
    for one, line in zip(found, lines, strict=True):
        assert line.endswith(b'"study":' + one.content + b"}")
    assert seen[-1].bytes_read == seen[-1].total_bytes == path.stat().st_size


def test_the_mixed_studies_are_all_read(shared_data: Path) -> None:
    found = contents(read(shared_data / "ctgov/studies"))
    assert len(found) == 566
    assert all("protocolSection" in orjson.loads(one) for one in found)


def test_recorded_search_answers_yield_as_many_studies_as_they_hold(shared_data: Path) -> None:
    for path in sorted((shared_data / "ctgov/api").glob("search_*.json")):
        studies = orjson.loads(path.read_bytes())["studies"]
        assert [orjson.loads(one) for one in contents(read(path))] == studies


def test_the_recorded_history_answer_is_whole_and_numbered(shared_data: Path) -> None:
    path = shared_data / "ctgov/history/int_history_version_NCT04280705_v0.json"
    (found,) = versions(read(path))
    assert found.content == path.read_bytes().strip()
    assert found.registry_version == 0


def test_the_five_seed_pages_are_read_as_text(shared_data: Path) -> None:
    folder = shared_data.parent / "seeds"
    found = versions(read(folder))
    assert [one.media for one in found] == ["text"] * 5
    assert [one.content for one in found] == [
        path.read_bytes().strip() for path in sorted(folder.iterdir())
    ]


def test_of_a_whole_tree_of_data_nothing_is_refused_but_a_table(shared_data: Path) -> None:
    found = read(shared_data / "ctgov")
    refused = the_refusal(found)
    assert refused.origin.endswith("/history/cthist_versions_140_trials.csv.gz")
    assert refused.reason.startswith("it is a table (CSV), not a record")
    assert len(versions(found)) > 2_400
