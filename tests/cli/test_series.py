"""``monitor series``: a field over all versions."""

import csv

import pytest

from monitor.model.history import StoredVersion
from monitor.model.record import TrialRecord
from monitor.model.series import SERIES_FIELDS
from monitor.store.reader import Reader
from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.cli.test_db_verify import damage


def test_every_change_is_one_row_with_its_difference(filled: Monitor) -> None:
    shown = filled.answer("series", NCT, "--field", "enrollment").splitlines()
    assert shown == [
        f"{NCT}  A study of a thing",
        "",
        "  Enrollment",
        f"    2026-02-02  v1  {'█' * 14}{'·' * 10}  144 estimated",
        f"    2026-03-07  v2  {'█' * 24}  240 estimated  +96 (+67%)",
    ]


def test_words_last_from_the_day_they_begin_to_the_day_they_end(filled: Monitor) -> None:
    rows = filled.answer("series", NCT, "--field", "status").splitlines()[3:]
    assert rows == [
        f"    2026-02-02  v1  {'█' * 19}{'·' * 5}  recruiting",
        f"    2026-03-07  v2  {'·' * 19}{'█' * 5}  active, not recruiting",
    ]


def test_dates_are_marks_and_move_by_days(monitor: Monitor) -> None:
    monitor.ingest(study("2026-02-02"))
    monitor.ingest(
        study("2026-03-02", completionDateStruct={"date": "2027-07-01", "type": "ESTIMATED"})
    )
    rows = monitor.answer("series", NCT, "--field", "completion").splitlines()[3:]
    assert rows == [
        f"    2026-02-02  v1  ◆{'·' * 23}  2027-01-01 estimated",
        f"    2026-03-02  v2  {'·' * 23}◆  2027-07-01 estimated  +181 days",
    ]


def test_json_has_the_values_and_the_stable_ids_of_their_versions(filled: Monitor) -> None:
    [found] = filled.json("series", NCT, "--field", "enrollment")
    first, second = found["series"][0]["points"]
    assert len({first["version_id"], second["version_id"]}) == 2
    assert {key: second[key] for key in second if key != "version_id"} == {
        "version": 2, "date": "2026-03-07", "until": None, "value": 240, "type": "ESTIMATED",
        "change": 96,
    }  # fmt: skip
    assert first["until"] == "2026-03-07"


def test_csv_is_one_table_of_all_trials_and_fields(filled: Monitor) -> None:
    shown = filled.answer("series", NCT, OTHER, "--field", "status", "--field", "sites", "--csv")
    rows = [(one["NCT ID"], one["Field"], one["Version"], one["Value"])
            for one in csv.DictReader(shown.splitlines())]  # fmt: skip
    assert rows == [
        (NCT, "status", "1", "RECRUITING"), (NCT, "status", "2", "ACTIVE_NOT_RECRUITING"),
        (NCT, "sites", "1", "2"), (NCT, "sites", "2", "3"),
        (OTHER, "status", "1", "COMPLETED"), (OTHER, "sites", "1", "0"),
    ]  # fmt: skip


def test_a_value_that_goes_and_comes_back_is_told_each_time(monitor: Monitor) -> None:
    monitor.ingest(study("2026-02-02", status="SUSPENDED", whyStopped="Funding"))
    monitor.ingest(study("2026-02-03", status="SUSPENDED"))
    monitor.ingest(study("2026-02-04", status="SUSPENDED", whyStopped="Funding"))
    [found] = monitor.json("series", NCT, "--field", "why_stopped")
    assert [point["value"] for point in found["series"][0]["points"]] == [
        "Funding",
        None,
        "Funding",
    ]


def test_a_version_that_does_not_state_a_field_is_no_change_of_it(monitor: Monitor) -> None:
    protocol = study("2026-02-02")["protocolSection"]
    status = {"overallStatus": "RECRUITING", "lastUpdatePostDateStruct": {"date": "2026-01-05"}}
    bare = {"identificationModule": protocol["identificationModule"], "statusModule": status}
    monitor.ingest({"protocolSection": bare})
    monitor.ingest(study("2026-02-02"))
    [found] = monitor.json("series", NCT, "--field", "enrollment", "--field", "sites")
    points = [[(one["version"], one["value"]) for one in field["points"]]
              for field in found["series"]]  # fmt: skip
    assert points == [[(2, 144)], [(2, 0)]]


def test_records_are_read_for_what_facts_do_not_hold_alone(
    filled: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(_: Reader, version: StoredVersion) -> TrialRecord:
        raise AssertionError(version)

    held = [name for name in SERIES_FIELDS if name != "why_stopped"]
    options = [word for name in held for word in ("--field", name)]
    whole = filled.json("series", NCT, *options)
    monkeypatch.setattr(Reader, "record", unread)
    assert filled.json("series", NCT, *options) == whole


@pytest.mark.parametrize("name", SERIES_FIELDS)
def test_every_field_is_readable_at_80_columns(filled: Monitor, name: str) -> None:
    title, *rows = filled.answer("series", NCT, "--field", name).splitlines()
    assert title
    assert len(rows) > 2
    assert all(len(row) < 80 for row in rows)


def test_what_is_not_there_is_said(filled: Monitor) -> None:
    assert "'nothing' is not one of 'status'" in filled("series", NCT, "--field", "nothing").stderr
    filled.complaint("series", "NCT00000001", "--field", "sites", code=3)


def test_facts_that_are_missing_are_an_error(filled: Monitor) -> None:
    damage(filled.url, "DELETE FROM version_facts")
    text = filled.complaint("series", NCT, "--field", "enrollment", code=1)
    assert f"lacks facts of {NCT}; `monitor db verify`" in text
