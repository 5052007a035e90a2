"""All real records of the shared data parse."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from monitor.errors import RecordError
from monitor.model import fields
from monitor.parsers.base import parse
from tests.parsers.raws import raw


def _studies(path: Path) -> Iterator[tuple[str, bytes]]:
    with gzip.open(path) as lines:
        for line in lines:
            row = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            yield msgspec.json.decode(row["nct_id"], type=str), bytes(row["study"])


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("studies/studies_mixed.jsonl.gz", 566),
        ("snapshots/daily_snapshots_2026-02_03.jsonl.gz", 1_195),
    ],
)
def test_every_full_record_parses_and_is_complete(shared_data: Path, name: str, count: int) -> None:
    read = 0
    for nct_id, content in _studies(shared_data / "ctgov" / name):
        record = parse(raw(content))
        assert record.nct_id == nct_id
        assert record.coverage.is_complete
        assert record.overall_status
        assert record.last_update_date
        assert record.data_date
        read += 1
    assert read == count


def test_answers_limited_to_some_fields_parse_with_what_they_have(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "ctgov" / "api").glob("*_*.json")):
        content = json.loads(path.read_bytes())
        if path.name.startswith(("error_", "version_")):
            continue
        for study in content.get("studies", [content]):
            record = parse(raw(json.dumps(study)))
            assert not record.coverage.is_complete
            assert record.coverage.states(fields.NCT_ID)
            assert not record.coverage.states(fields.REFERENCES)
            read += 1
    assert read == 30


@pytest.mark.parametrize(
    "name", ["int_history_list_NCT06510816.json", "int_history_object_NCT03690141.json",
             "silent_registry_edits_NCT04294810.json"]
)  # fmt: skip
def test_what_is_about_a_study_but_no_study_is_refused(shared_data: Path, name: str) -> None:
    with pytest.raises(RecordError, match=r"not a(n object, so not a)? study record"):
        parse(raw((shared_data / "ctgov" / "history" / name).read_bytes()))
