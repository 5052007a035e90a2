"""``monitor ingest``: files and folders into the store."""

import json
from pathlib import Path

import pytest

from tests.cli.calls import MADE, Monitor
from tests.cli.studies import NCT, OTHER, study


def test_json_counts_what_was_done(monitor: Monitor) -> None:
    result = monitor.ingest(study(), study("2026-02-09", enrollment=200), study(nct_id=OTHER))
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "read": 3, "stored": 3, "unchanged": 0, "quarantined": 0, "events": 4,
    }  # fmt: skip


def test_the_last_line_sums_up_a_run(monitor: Monitor, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(study()))
    says = "1 read: 1 stored with 1 event, 0 unchanged, 0 quarantined\n"
    assert monitor.answer("ingest", str(file)) == says
    says = "1 read: 0 stored with 0 events, 1 unchanged, 0 quarantined\n"
    assert monitor.answer("ingest", str(file)) == says


def test_unreadable_records_are_counted_and_the_rest_is_stored(monitor: Monitor) -> None:
    result = monitor.ingest(study(), b'{"protocolSection": {', b'{"a": NaN}', study(nct_id=OTHER))
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "read": 4, "stored": 2, "unchanged": 0, "quarantined": 2, "events": 2,
    }  # fmt: skip
    assert MADE.sub("", result.stderr) == (
        "monitor: 2 records could not be read; `monitor quarantine list` tells why\n"
    )
    assert [trial["nct_id"] for trial in monitor.json("trials")] == [NCT, OTHER]


@pytest.mark.parametrize("paths", [(), ("nowhere.json",)])
def test_a_missing_path_is_asked_wrongly(monitor: Monitor, paths: tuple[str, ...]) -> None:
    assert "`monitor ingest --help` tells more" in monitor.complaint("ingest", *paths, code=2)


def test_several_files_and_folders_are_read_in_one_run(monitor: Monitor, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(study()))
    (tmp_path / "two.json").write_text(json.dumps({"studies": [study(nct_id=OTHER)]}))
    assert monitor.json("ingest", str(folder), str(tmp_path / "two.json"))["stored"] == 2


def test_the_thresholds_of_the_configuration_decide_about_severity(
    monitor: Monitor, tmp_path: Path
) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text("[thresholds]\nenrollment_percent_high = 90.0\n")
    monitor.environ["MONITOR_CONFIG"] = str(config)
    monitor.ingest(study(), study("2026-02-09", enrollment=240))
    (event,) = monitor.json("history", NCT, "--kind", "enrollment_target_changed")["versions"][1][
        "events"
    ]
    assert event["severity"] == "medium"
    del monitor.environ["MONITOR_CONFIG"]
    assert monitor.json("diff", NCT)["events"][0]["severity"] == "high"
    (event,) = monitor.json("--config", str(config), "diff", NCT)["events"][:1]
    assert event["severity"] == "medium"


def test_the_limits_of_the_configuration_hold(monitor: Monitor) -> None:
    monitor.environ["MONITOR_INGEST__RECORD_LIMIT_MB"] = "1"
    result = monitor.ingest(study(title="x" * (1 << 20)), study(nct_id=OTHER))
    assert result.exit_code == 1
    assert json.loads(result.stdout)["quarantined"] == 1


def test_a_wrong_configuration_is_told_before_anything_is_read(monitor: Monitor) -> None:
    monitor.environ["MONITOR_INGEST__BATCH_RECORDS"] = "many"
    text = monitor.complaint("ingest", str(monitor.folder), code=2)
    assert "MONITOR_INGEST__BATCH_RECORDS" in text


def test_a_store_that_cannot_be_opened_is_told_without_what_was_stored(
    monitor: Monitor, tmp_path: Path
) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(study()))
    store = Path(monitor.url.removeprefix("sqlite:///"))
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_bytes(b"no database " * 500)
    text = monitor.complaint("ingest", str(file), code=1)
    assert "is not a SQLite database" in text
    assert "stored before" not in text


def test_files_of_a_folder_that_are_no_records_by_name_are_counted(
    monitor: Monitor, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    (folder / "below").mkdir(parents=True)
    for name in ("study", "below/table.csv", "letter.pdf", ".hidden"):
        (folder / name).write_text(json.dumps(study()))
    result = monitor("ingest", str(folder), "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (
        0, {"read": 0, "stored": 0, "unchanged": 0, "quarantined": 0, "events": 0},
    )  # fmt: skip
    assert MADE.sub("", result.stderr) == (
        "monitor: 3 files passed over, not named like records; name one to have it read\n"
    )
    assert monitor.json("ingest", str(folder / "study"))["stored"] == 1
