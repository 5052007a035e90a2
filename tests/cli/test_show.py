"""``monitor show``: a record, now or as it once was."""

import json
from datetime import UTC, datetime

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, study

MODULES = {
    "armsInterventionsModule": {
        "armGroups": [
            {"label": "Arm A", "type": "EXPERIMENTAL", "interventionNames": ["Drug: Thing"]}
        ]
    },
    "outcomesModule": {
        "primaryOutcomes": [{"measure": "Survival", "timeFrame": "1 year"}],
        "secondaryOutcomes": [{"measure": "Quality of life"}],
    },
    "eligibilityModule": {
        "sex": "ALL",
        "minimumAge": "18 Years",
        "eligibilityCriteria": "Inclusion Criteria:\n\n* FVC \\>= 70%\n  * nested",
    },
}
SITES = (("Clinic A", "France", "RECRUITING"), ("Clinic B", "Spain", "COMPLETED"),
         ("St. Anna's", "Spain", "RECRUITING"))  # fmt: skip


def test_a_record_is_summed_up(monitor: Monitor, snapshot: SnapshotAssertion) -> None:
    monitor.ingest(study(sites=SITES, modules=MODULES))
    place = str(monitor.folder)
    assert monitor.answer("show", NCT).replace(place, "FOLDER") == snapshot


def test_json_is_the_whole_record_which_ingest_reads_again(filled: Monitor) -> None:
    found = filled.json("show", NCT)
    assert (found["nct_id"], found["version"], found["complete"]) == (NCT, 3, True)
    assert found["study"]["protocolSection"]["designModule"]["enrollmentInfo"]["count"] == 240
    again = filled.ingest(found, at=datetime(2026, 4, 1, tzinfo=UTC))
    assert json.loads(again.stdout) == {
        "read": 1, "stored": 0, "unchanged": 1, "quarantined": 0, "events": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("option", "version"),
    [
        (("--version", "1"), 1),
        (("--at", "2026-03-06"), 1),
        (("--at", "2026-03-07"), 2),
        (("--at", "2026-03-11"), 2),
        (("--at", "2026-03-12"), 3),
        (("--at", "2026-02"), 1),
        (("--known-at", "2026-03-02T12:00"), 1),
        (("--known-at", "2026-03-09T08:29:59Z"), 1),
        (("--known-at", "2026-03-09T09:30+01:00"), 2),
        (("--known-at", "2026-03-09"), 2),
        (("--known-at", "2030"), 3),
    ],
)
def test_the_past_is_asked_by_the_registrys_clock_or_by_ours(
    filled: Monitor, option: tuple[str, ...], version: int
) -> None:
    assert filled.json("show", NCT, *option)["version"] == version


def test_of_two_versions_that_the_registry_counts_on_one_day_the_later_stood(
    monitor: Monitor,
) -> None:
    for number, enrollment in enumerate((394, 400)):
        past = study("2020-02-21", enrollment=enrollment)
        monitor.ingest({"studyVersion": number, "study": past})
    count = ("--field", "enrollmentInfo.count")
    assert monitor.answer("show", NCT, "--at", "2020-03-09", *count) == "400\n"


def test_what_arrived_late_stood_in_the_registry_before_it_was_known(filled: Monitor) -> None:
    filled.ingest(study("2025-06-01", enrollment=50), at=datetime(2026, 4, 1, tzinfo=UTC))
    count = ("--field", "enrollmentInfo.count")
    assert filled.answer("show", NCT, "--at", "2025-07-01", *count) == "50\n"
    assert filled.answer("show", NCT, "--known-at", "2026-03-03", *count) == "144\n"
    assert filled.json("show", NCT, "--known-at", "2026-03-03")["version"] == 2


def test_before_the_first_version_the_earliest_is_named(filled: Monitor) -> None:
    text = filled.complaint("show", NCT, "--at", "2026-01-31", code=3)
    assert "the earliest is of 2026-02-02" in text
    text = filled.complaint("show", NCT, "--known-at", "2026-03-01T00:00", code=3)
    assert f"first read at {NOON.isoformat()}" in text


def test_a_part_of_a_second_before_it_was_read_nothing_was_known(monitor: Monitor) -> None:
    read = NOON.replace(microsecond=300_000)
    monitor.ingest(study(), at=read)
    text = monitor.complaint("show", NCT, "--known-at", NOON.isoformat(), code=3)
    assert f"at {NOON.isoformat()}; it was first read at {read.isoformat()}" in text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("protocolSection.statusModule.overallStatus", "ACTIVE_NOT_RECRUITING\n"),
        ("enrollmentInfo.count", "240\n"),
        ("locations[Clinic A].country", "France\n"),
    ],
)
def test_one_value_is_printed_bare(filled: Monitor, path: str, shown: str) -> None:
    assert filled.answer("show", NCT, "--field", path) == shown


def test_several_values_are_printed_as_json(filled: Monitor) -> None:
    found = json.loads(filled.answer("show", NCT, "--field", "locations[Spain].status"))
    assert found == ["RECRUITING", "NOT_YET_RECRUITING"]
    found = filled.json("show", NCT, "--field", "locations[Spain].status", "--version", "1")
    assert (found["version"], found["path"]) == (1, "locations[Spain].status")
    assert found["value"] == "RECRUITING"


def test_a_text_keeps_its_lines(monitor: Monitor) -> None:
    monitor.ingest(study(modules=MODULES))
    shown = monitor.answer("show", NCT, "--field", "eligibilityCriteria")
    assert shown == "Inclusion Criteria:\n\n* FVC \\>= 70%\n  * nested\n"


def test_a_field_that_is_not_there_is_not_found(filled: Monitor) -> None:
    text = filled.complaint("show", NCT, "--field", "statusModule.overalStatus", code=3)
    assert "did you mean 'overallStatus'" in text
    filled.complaint("show", NCT, "--field", "..", code=2)


@pytest.mark.parametrize(
    "options",
    [
        ("--at", "2026", "--version", "1"),
        ("--known-at", "2026", "--at", "2026"),
        ("--at", "31/12/2025"),
        ("--known-at", "noon"),
        ("--version", "soon"),
    ],
)
def test_a_wrong_question_exits_2(filled: Monitor, options: tuple[str, ...]) -> None:
    filled.complaint("show", NCT, *options, code=2)


def test_a_version_that_is_not_there_is_not_found(filled: Monitor) -> None:
    assert "it has 3 versions" in filled.complaint("show", NCT, "--version", "9", code=3)


def test_a_version_is_shown_and_compared_by_its_id(filled: Monitor) -> None:
    first, last = (one["version_id"] for one in filled.json("history", NCT)["versions"][::2])
    shown = filled.json("show", NCT, "--version", first)
    assert (shown["version"], shown["version_id"]) == (1, first)
    compared = filled.json("diff", NCT, first.upper(), last)
    assert (compared["from"]["version"], compared["to"]["version_id"]) == (1, last)
    text = filled.complaint("show", NCT, "--version", "0123456789abcdef", code=3)
    assert "no version with the id" in text
