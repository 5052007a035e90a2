"""``monitor export``: trials, versions, facts and events as tables."""

import csv
import io
import json
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from monitor.app import exports
from monitor.store.reader import Reader
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.cli.test_db_verify import damage

TABLES = ("trials", "versions", "facts", "events")


def typed(file: Path | str) -> dict[str, str]:
    """Return the columns of a file with the types that DuckDB gives them."""
    found = duckdb.sql(f"FROM '{file}'")
    assert found is not None
    return dict(zip(found.columns, map(str, found.types), strict=True))


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_each_table_is_read_by_duckdb_in_each_format(
    filled: Monitor, tmp_path: Path, name: str, form: str
) -> None:
    file = tmp_path / f"it.{form}"
    written = filled.json("export", name, "--to", str(file))
    assert written["format"] == form
    found = duckdb.sql(f"FROM '{file}'")
    assert found is not None
    assert len(found) == written["rows"] > 1


def test_versions_have_the_columns_that_users_of_cthist_know(
    filled: Monitor, tmp_path: Path
) -> None:
    file = tmp_path / "versions.csv"
    filled.answer("export", "versions", "--to", str(file))
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    about = [(one["nctid"], one["version_number"], one["total_versions"], one["enrolment"])
             for one in rows]  # fmt: skip
    assert about == [
        (NCT, "1", "3", "144"), (NCT, "2", "3", "240"), (NCT, "3", "3", "240"),
        (OTHER, "1", "1", "144"),
    ]  # fmt: skip
    assert {key: rows[0][key] for key in rows[0] if key.startswith(("study_start", "overall"))} == {
        "overall_status": "RECRUITING",
        "study_start_date": "2025-01-15",
        "study_start_date_precision": "day",
        "study_start_date_type": "ACTUAL",
    }
    assert len({one["version_id"] for one in rows}) == 4


TEXTS = {
    "eligibilityModule": {
        "eligibilityCriteria": "Inclusion Criteria:\n* Adults",
        "healthyVolunteers": False,
        "genderBased": True,
    },
    "outcomesModule": {
        "primaryOutcomes": [
            {"measure": "Response", "timeFrame": "12 weeks", "description": "As assessed."}
        ],
        "secondaryOutcomes": [{"measure": "Safety"}, {"measure": "Cost"}],
    },
    "sponsorCollaboratorsModule": {
        "responsibleParty": {"type": "SPONSOR"},
        "leadSponsor": {"name": "Example Sponsor", "class": "INDUSTRY"},
        "collaborators": [{"name": "One"}, {"name": "Another"}],
    },
    "contactsLocationsModule": {
        "centralContacts": [
            {
                "name": "A Person",
                "role": "CONTACT",
                "phone": "1 23",
                "phoneExt": "4",
                "email": "a@b.c",
            },
            {"name": "Another", "role": "CONTACT"},
        ],
        "overallOfficials": [
            {"name": "An Official", "role": "STUDY_CHAIR", "affiliation": "Place"}
        ],
    },
}


def test_versions_have_cthist_s_texts_where_they_are_asked_for(
    monitor: Monitor, tmp_path: Path
) -> None:
    monitor.ingest(study(modules=TEXTS))
    monitor.ingest(study("2026-03-01", enrollment=240), at=NOON + timedelta(days=1))
    file = tmp_path / "versions.jsonl"
    monitor.answer("export", "versions", "--texts", "--to", str(file))
    first, last = map(json.loads, file.read_text("utf-8").splitlines())
    assert (first["gender_based"], first["accepts_healthy_volunteers"]) == (True, False)
    assert first["criteria"] == "Inclusion Criteria:\n* Adults"
    assert first["outcome_measures"] == [
        {
            "section": "Primary Outcome Measures:",
            "label": "1.",
            "content": "Response\n[ Time Frame: 12 weeks ]\n\nAs assessed.",
        },
        {"section": "Secondary Outcome Measures:", "label": "1.", "content": "Safety"},
        {"section": "Secondary Outcome Measures:", "label": "2.", "content": "Cost"},
    ]
    assert [(one["label"], one["content"]) for one in first["contacts"]] == [
        ("Central Contact Person:", "A Person\nTelephone: 1 23 Ext: 4\nEmail: a@b.c"),
        ("Central Contact Backup:", "Another"),
        ("Study Officials:", "An Official\nSTUDY_CHAIR\nPlace"),
    ]
    assert [(one["label"], one["content"]) for one in first["sponsor_collaborators"]] == [
        ("Sponsor:", "Example Sponsor"),
        ("Responsible Party:", "SPONSOR"),
        ("Collaborators:", "One\nAnother"),
    ]
    assert (last["version_number"], last["gender_based"]) == (2, None)
    monitor.answer("export", "versions", "--to", str(file))
    assert "criteria" not in file.read_text("utf-8")


def test_facts_of_many_trials_are_read_together(
    filled: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[int] = []
    read = Reader.facts_of

    def counted(reader: Reader, nct_ids: list[str]) -> Any:
        requested.append(len(nct_ids))
        return read(reader, nct_ids)

    filled.ingest(study(nct_id="NCT09000003"))
    whole = filled.answer("export", "facts", "--to", "-")
    monkeypatch.setattr(exports, "_TRIALS", 2)
    monkeypatch.setattr(Reader, "facts_of", counted)
    assert filled.answer("export", "facts", "--to", "-") == whole
    assert requested == [2, 1]


def test_a_month_is_its_first_day_and_says_so(monitor: Monitor, tmp_path: Path) -> None:
    monitor.ingest(study(startDateStruct={"date": "2025-03"}))
    file = tmp_path / "versions.parquet"
    monitor.answer("export", "versions", "--to", str(file))
    found = duckdb.read_parquet(str(file)).project("study_start_date, study_start_date_precision")
    [row] = found.fetchall()
    assert row == (date(2025, 3, 1), "month")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_events_are_typed_by_themselves(filled: Monitor, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"events.{form}"
    filled.answer("export", "events", "--to", str(file))
    found = typed(file)
    assert found["version_date"] == "DATE"
    assert found["learned_at"] == "TIMESTAMP WITH TIME ZONE"
    assert found["backfilled"] == "BOOLEAN"
    assert found["percent"] == "DOUBLE"


def test_pandas_reads_what_duckdb_reads(filled: Monitor, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    filled.answer("export", "events", "--to", str(file))
    frame = pd.read_csv(file, parse_dates=["learned_at"])
    assert str(frame["learned_at"].dtype).startswith("datetime64")
    assert frame["percent"].dropna().tolist() == [66.7]


def test_events_are_those_that_the_command_lists(filled: Monitor, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    chosen = ("--group", "enrollment", "--group", "status", "--since", "2026-03-05")
    filled.answer("export", "events", *chosen, "--to", str(file))
    listed = filled.json("events", *chosen)["events"]
    written = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    same = ("nct_id", "version_id", "event_id", "kind", "summary", "facts", "before", "after")
    assert listed
    assert [[one[key] for key in same] for one in written] == [
        [one[key] for key in same] for one in listed
    ]


@pytest.mark.parametrize("options", [("--status", "completed"), ("--nct-id", OTHER)])
@pytest.mark.parametrize("name", ["trials", "versions", "facts"])
def test_only_chosen_trials_are_written(
    filled: Monitor, name: str, options: tuple[str, ...]
) -> None:
    lines = filled.answer("export", name, *options, "--to", "-").splitlines()
    assert len(lines) == 2
    assert OTHER in lines[1]


def test_a_text_is_no_formula_in_a_spreadsheet(monitor: Monitor) -> None:
    monitor.ingest(study(title='=HYPERLINK("http://example.org")', sponsor="@SUM(A1)"))
    [row] = csv.DictReader(io.StringIO(monitor.answer("export", "trials", "--to", "-")))
    assert row["title"] == '\'=HYPERLINK("http://example.org")'
    assert row["lead_sponsor"] == "'@SUM(A1)"


def test_excel_is_told_of_utf_8_when_asked_to(filled: Monitor, tmp_path: Path) -> None:
    file = tmp_path / "trials.csv"
    filled.answer("export", "trials", "--to", str(file))
    assert file.read_bytes().startswith(b"nct_id,")
    filled.answer("export", "trials", "--bom", "--to", str(file))
    assert file.read_bytes().startswith(b"\xef\xbb\xbfnct_id,")
    assert "--bom" in filled.complaint("export", "trials", "--bom", "--to", "x.jsonl", code=2)


def dataset(monitor: Monitor, folder: Path) -> list[tuple[Any, ...]]:
    """Write all events as a dataset; return how many there are by year, as DuckDB reads them."""
    monitor.answer("export", "events", "--backfilled", "--format", "parquet", "--to", f"{folder}/")
    found = duckdb.read_parquet(f"{folder}/events/*/*.parquet", hive_partitioning=True)
    return found.aggregate("year, count(*)", "year").order("year").fetchall()


def test_a_dataset_is_split_by_year_and_replaces_the_earlier_one(
    monitor: Monitor, tmp_path: Path
) -> None:
    monitor.ingest(study("2025-02-02"), study("2026-02-02", enrollment=240))
    folder = tmp_path / "out"
    first = dataset(monitor, folder)
    assert [year for year, _ in first] == [2025, 2026]
    monitor.ingest(study("2024-02-02", enrollment=10), at=NOON + timedelta(days=1))
    assert [year for year, _ in dataset(monitor, folder)] == [2024, 2025, 2026]
    assert dataset(monitor, folder) == dataset(monitor, folder)


def test_a_folder_that_holds_something_else_is_left_alone(filled: Monitor, tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    mine = tmp_path / "events" / "mine.txt"
    mine.write_text("mine")
    text = filled.complaint(
        "export", "events", "--format", "parquet", "--to", str(tmp_path), code=2
    )
    assert "mine.txt is no part of an earlier export" in text
    assert [file.name for file in tmp_path.glob("events*/*")] == ["mine.txt"]


def test_a_file_appears_whole_or_not_at_all(
    filled: Monitor, tmp_path: Path, breaking: Callable[[], None]
) -> None:
    file = tmp_path / "events.csv"
    file.write_text("of yesterday")
    breaking()
    filled.complaint("export", "events", "--to", str(file), code=1)
    assert file.read_text() == "of yesterday"
    assert [one.name for one in tmp_path.glob("*events.csv*")] == ["events.csv"]


@pytest.fixture
def breaking(filled: Monitor) -> Callable[[], None]:
    """Return what damages the body of an event."""
    return lambda: damage(filled.url, "UPDATE events SET body = 'x'")


def test_the_earlier_command_says_what_to_write(filled: Monitor) -> None:
    text = filled.complaint("export", NCT, "--to", "out", code=2)
    assert f"write `monitor export records {NCT} --to DIR`" in text


def test_without_the_extra_parquet_says_what_to_install(
    filled: Monitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    text = filled.complaint("export", "trials", "--to", str(tmp_path / "it.parquet"), code=2)
    assert "pip install 'trial-monitor[parquet]'" in text
