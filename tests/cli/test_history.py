"""``monitor history``: the timeline as people and programs read it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from monitor.model.changes import GROUPS
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study


def test_a_timeline_reads_from_the_oldest_version_to_the_newest(
    filled: Monitor, snapshot: SnapshotAssertion
) -> None:
    assert filled.answer("history", NCT) == snapshot


def test_noise_is_shown_where_it_is_asked_for(filled: Monitor, snapshot: SnapshotAssertion) -> None:
    assert filled.answer("history", NCT, "--noise") == snapshot


def test_json_has_the_promised_shape(filled: Monitor) -> None:
    found = filled.json("history", NCT)
    assert list(found) == ["nct_id", "title", "overall_status", "versions"]
    assert (found["nct_id"], found["overall_status"]) == (NCT, "ACTIVE_NOT_RECRUITING")
    version = found["versions"][1]
    assert {name: version[name] for name in version if name != "events"} == {
        "version": 2,
        "version_id": filled.json("events", "--nct-id", NCT)["events"][0]["version_id"],
        "version_date": "2026-03-07",
        "retrieved_at": "2026-03-09T08:30:00+00:00",
        "source": "files",
        "backfilled": False,
    }
    enrollment = next(e for e in version["events"] if e["kind"] == "enrollment_target_changed")
    assert enrollment == {
        "kind": "enrollment_target_changed",
        "severity": "high",
        "label": "Enrollment target",
        "path": "protocolSection.designModule.enrollmentInfo.count",
        "before": 144,
        "after": 240,
        "summary": "Enrollment target: 144 → 240 (+67%)",
        "facts": {"difference": 96, "percent": 66.7, "life_phase": "recruiting"},
        "fields": [
            {
                "path": ["protocolSection", "designModule", "enrollmentInfo", "count"],
                "op": "changed",
                "before": 144,
                "after": 240,
            }
        ],
    }
    site = next(event for event in version["events"] if event["kind"] == "site_added")
    assert site["path"] == "protocolSection.contactsLocationsModule.locations"
    assert site["fields"][0]["path"] == [
        "protocolSection", "contactsLocationsModule", "locations", "Clinic C, Town, Spain",
    ]  # fmt: skip
    assert site["fields"][0]["op"] == "added"
    assert site["fields"][0]["before"] is None


def test_json_leaves_noise_out_unless_it_is_asked_for(filled: Monitor) -> None:
    news = filled.json("history", NCT)["versions"]
    assert news[2]["events"] == []
    assert {event["severity"] for version in news for event in version["events"]} == {
        "high", "medium",
    }  # fmt: skip
    everything = filled.json("history", NCT, "--noise")["versions"]
    assert [event["severity"] for event in everything[2]["events"]] == ["noise"]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--since", "2026-03-07"), [2, 3]),
        (("--since", "2026-03-08"), [3]),  # an edit of the registry, in its data of 2026-03-12
        (("--until", "2026-03-11"), [1, 2]),
        (("--since", "2026-03-13"), []),
        (("--until", "2026-02-02"), [1]),
        (("--until", "2026-02"), [1]),
        (("--until", "2026"), [1, 2, 3]),
        (("--since", "2026-03"), [2, 3]),
        (("--since", "2026-02", "--until", "2026-02-28"), [1]),
    ],
)
def test_dates_are_inclusive_and_keep_the_versions_numbers(
    filled: Monitor, options: tuple[str, ...], numbers: list[int]
) -> None:
    found = filled.json("history", NCT, *options)["versions"]
    assert [version["version"] for version in found] == numbers
    shown = filled.answer("history", NCT, *options)
    assert all(f"Version {number} " in shown for number in numbers)
    assert ("no version in this range of dates" in shown) is not bool(numbers)


def test_a_status_that_the_registry_set_without_a_new_date_is_news_of_that_day(
    monitor: Monitor,
) -> None:
    monitor.ingest(study("2024-02-05", "2026-02-02", status="NOT_YET_RECRUITING"))
    unknown = study("2024-02-05", "2026-03-02", status="UNKNOWN")
    monitor.ingest(unknown, at=NOON + timedelta(days=1))

    def kinds(*options: str) -> list[str]:
        versions = monitor.json("history", NCT, *options)["versions"]
        return [event["kind"] for version in versions for event in version["events"]]

    assert kinds("--since", "2026-03-02") == ["status_unknown"]
    assert kinds("--until", "2026-03-01") == ["trial_registered"]
    assert kinds("--since", "2026-03-03") == []
    (changed,) = monitor.json("trials", "--changed-since", "2026-03-02")
    assert changed["last_changed"] == "2026-03-02"
    assert monitor.json("trials", "--changed-since", "2026-03-03") == []


def test_kinds_select_events_and_json_still_lists_every_version(filled: Monitor) -> None:
    options = ("--kind", "enrollment_target_changed", "--kind", "Site-Added")
    found = filled.json("history", NCT, *options)["versions"]
    assert [[event["kind"] for event in version["events"]] for version in found] == [
        [], ["enrollment_target_changed", "site_added"], [],
    ]  # fmt: skip


def test_a_group_selects_the_events_of_its_kinds(filled: Monitor) -> None:
    found = filled.json("history", NCT, "--kind", "sites", "--kind", "enrollment")["versions"]
    assert [[event["kind"] for event in version["events"]] for version in found] == [
        [], ["enrollment_target_changed", "site_added"], [],
    ]  # fmt: skip


def test_noise_is_shown_where_it_is_named(filled: Monitor) -> None:
    def kinds(*options: str) -> set[str]:
        versions = filled.json("history", NCT, *options)["versions"]
        return {event["kind"] for version in versions for event in version["events"]}

    noise = {kind for kind in kinds("--noise") if kind in GROUPS["noise"]}
    assert noise
    assert kinds("--kind", "noise") == noise
    assert noise.isdisjoint(kinds("--kind", "sites"))


def test_versions_without_the_asked_events_are_counted_not_shown(filled: Monitor) -> None:
    shown = filled.answer("history", NCT, "--kind", "site_added")
    assert "Version 2 " in shown
    assert "Version 1 " not in shown
    assert "2 versions without such events not shown" in shown


def test_the_least_severity_selects_events(filled: Monitor) -> None:
    found = filled.json("history", NCT, "--min-severity", "high")["versions"]
    assert [len(version["events"]) for version in found] == [0, 2, 0]
    shown = filled.answer("history", NCT, "--min-severity", "HIGH")
    assert "site added" not in shown


def test_an_unknown_kind_or_severity_says_what_there_is(filled: Monitor) -> None:
    text = filled.complaint("history", NCT, "--kind", "trial_withdrwan", code=2)
    assert "did you mean trial_withdrawn" in text
    text = filled.complaint("history", NCT, "--min-severity", "huge", code=2)
    assert "noise, low, medium, high, critical" in text
    text = filled.complaint("history", NCT, "--since", "2026-13", code=2)
    assert "2026-02-19" in text


def test_a_version_between_two_readings_says_so_and_no_more(filled: Monitor) -> None:
    shown = filled.answer("history", NCT)
    assert (
        "Registry record changed (version of 2026-03-07; seen between 2026-03-06 12:00 and "
        "2026-03-09 08:30 UTC)"
    ) in shown
    assert "in the registry's data of 2026-03-12" in shown


def test_an_old_version_that_arrives_late_is_marked(filled: Monitor) -> None:
    late = datetime(2026, 4, 1, 6, 0, tzinfo=UTC)
    filled.ingest(study("2025-06-01", enrollment=100), at=late)
    versions = filled.json("history", NCT)["versions"]
    assert [version["backfilled"] for version in versions] == [True, False, False, False]
    assert versions[0]["version_date"] == "2025-06-01"
    shown = filled.answer("history", NCT)
    assert (
        "Version 1  Registry record first seen (version of 2025-06-01; read 2026-04-01 06:00 UTC; "
        "backfilled)"
    ) in shown
    assert "seen between 2026-04-01" not in shown


def test_two_versions_read_in_one_pass_are_not_said_to_have_been_seen_apart(
    monitor: Monitor,
) -> None:
    monitor.ingest(study("2026-01-01"), study("2026-02-01", enrollment=7))
    shown = monitor.answer("history", NCT)
    assert "seen between" not in shown
    assert shown.count("read 2026-03-02 12:00 UTC") == 2


def test_the_order_of_arrival_does_not_matter_for_what_is_seen_between(monitor: Monitor) -> None:
    monitor.ingest(study("2026-02-01", enrollment=7), at=NOON)
    monitor.ingest(study("2026-01-01"), at=NOON + timedelta(days=1))
    monitor.ingest(study("2026-03-01", enrollment=9), at=NOON + timedelta(days=2))
    shown = monitor.answer("history", NCT)
    lines = [line for line in shown.splitlines() if line.startswith("Version")]
    text = [re.sub(r".*\((.*) UTC(.*)\)", r"\1\2", line) for line in lines]
    assert text == [
        "version of 2026-01-01; read 2026-03-03 12:00; backfilled",
        "version of 2026-02-01; read 2026-03-02 12:00",
        "version of 2026-03-01; seen between 2026-03-02 12:00 and 2026-03-04 12:00",
    ]


@pytest.mark.parametrize("written", ["NCT0900000I", "09000001"])
def test_a_typing_error_is_told_the_id_that_may_be_meant(filled: Monitor, written: str) -> None:
    assert f"did you mean {NCT}?" in filled.complaint("history", written, code=2)


@pytest.mark.parametrize(
    "written",
    ["nct09000001", "NCT9000001", " NCT09000001 ", "NCT000009000001", '"NCT09000001"',
     "https://clinicaltrials.gov/study/NCT09000001?a=b"],
)  # fmt: skip
def test_an_id_in_another_spelling_is_understood(filled: Monitor, written: str) -> None:
    assert filled.json("history", written)["nct_id"] == NCT


@pytest.mark.parametrize("written", ["09OOO", "NCT123456789", "EUCT-2023", ""])
def test_a_typing_error_is_told_what_an_id_looks_like(filled: Monitor, written: str) -> None:
    text = filled.complaint("history", written, code=2)
    assert "eight digits, for example NCT06377228" in text


def test_an_id_that_is_not_stored_is_not_found(filled: Monitor) -> None:
    assert "NCT09999999 is not in the store" in filled.complaint("history", "NCT09999999", code=3)


def test_a_trial_of_one_version_has_a_history(filled: Monitor) -> None:
    assert [version["version"] for version in filled.json("history", OTHER)["versions"]] == [1]


def test_a_pipe_gets_no_colours_and_can_be_told_to_have_them(filled: Monitor) -> None:
    assert "\x1b" not in filled.answer("history", NCT)
    assert "\x1b[1mNCT09000001" in filled.answer("--color", "history", NCT)
    filled.environ["FORCE_COLOR"] = "1"
    assert "\x1b[1mNCT09000001" in filled.answer("history", NCT)
    filled.environ["NO_COLOR"] = "1"
    assert "\x1b" not in filled.answer("history", NCT)
