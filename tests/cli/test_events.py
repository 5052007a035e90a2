"""``monitor events``: what changed across trials."""

import csv
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.filled import FilledStores

THIRD = "NCT09000003"
LATER = NOON + timedelta(days=7)
SITES = (("Clinic A", "France", "RECRUITING"), ("Clinic B", "Spain", "RECRUITING"))


@pytest.fixture
def changed(monitor: Monitor, filled_stores: FilledStores) -> Monitor:
    """Return the command line on a store in which two of three trials changed, a week later."""

    def fill(_: str) -> None:
        monitor.ingest(study(sites=SITES), study(nct_id=OTHER), study(nct_id=THIRD))
        monitor.ingest(
            study("2026-03-07", sites=SITES[:1], enrollment=240),
            study("2026-03-08", nct_id=OTHER, status="WITHDRAWN", whyStopped="No funding"),
            study("2026-02-02", "2026-03-08", nct_id=THIRD),
            at=LATER,
        )

    filled_stores.fill(monitor.url, "two of three trials changed", fill)
    return monitor


def kinds(monitor: Monitor, *options: str) -> list[tuple[str, str]]:
    """Return the trials and kinds of the events that are listed."""
    found = monitor.json("events", *options)["events"]
    return [(one["nct_id"], one["kind"]) for one in found]


SITE, COUNTRY = (NCT, "site_removed"), (NCT, "country_removed")
TARGET, WITHDRAWN = (NCT, "enrollment_target_changed"), (OTHER, "trial_withdrawn")
FIRST = [(one, "trial_registered") for one in (NCT, OTHER, THIRD)]


def test_the_newest_come_first_and_noise_does_not_come(changed: Monitor) -> None:
    found = kinds(changed)
    assert sorted(found[:-3]) == sorted([SITE, COUNTRY, TARGET, WITHDRAWN])
    assert sorted(found[-3:]) == FIRST


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--kind", "trial_withdrawn"), [WITHDRAWN]),
        (("--group", "status"), [WITHDRAWN]),
        (("--kind", "status", "--group", "enrollment"), [WITHDRAWN, TARGET]),
        (("--min-severity", "critical"), [WITHDRAWN]),
        (("--status", "withdrawn", "--since", "2026-03-09"), [WITHDRAWN]),
        (("--country", "France", "--kind", "enrollment"), [TARGET]),
        (("--not-status", "withdrawn", "--kind", "enrollment", "--kind", "status"), [TARGET]),
        (("--nct-id", "nct9000002", "--since", "2026-03-03"), [WITHDRAWN]),
        (("--until", "2026-03-02", "--nct-id", THIRD), [FIRST[2]]),
        (("--since", "2026-03-10"), []),
        (("--until", "2026-03-01"), []),
    ],
)
def test_options_select_events_by_trial_kind_and_time(
    changed: Monitor, options: tuple[str, ...], found: list[tuple[str, str]]
) -> None:
    assert sorted(kinds(changed, *options)) == sorted(found)


def test_a_trial_is_selected_as_it_stands_now(changed: Monitor) -> None:
    """It has no site in Spain any more, and that is the event."""
    assert kinds(changed, "--country", "Spain") == []


def test_noise_comes_when_its_kind_is_named(changed: Monitor) -> None:
    changed.ingest(study("2026-02-02", "2026-03-09", nct_id=THIRD, statusVerifiedDate="2026-03"),
                   at=LATER + timedelta(days=1))  # fmt: skip
    noise = (THIRD, "registry_normalization")
    assert noise not in kinds(changed)
    assert noise in kinds(changed, "--group", "noise")
    assert noise in kinds(changed, "--min-severity", "noise")


def test_versions_of_the_past_are_history_unless_asked_for(changed: Monitor) -> None:
    changed.ingest(study("2025-05-05", enrollment=10), at=LATER + timedelta(days=1))
    late = ("--nct-id", NCT, "--since", "2026-03-10")
    assert kinds(changed, *late) == []
    assert (NCT, "trial_registered") in kinds(changed, *late, "--backfilled")


def test_a_page_goes_on_behind_the_last(changed: Monitor) -> None:
    whole, seen = kinds(changed), []
    after: tuple[str, ...] = ()
    while True:
        page = changed.json("events", "--limit", "3", *after)
        seen += [(one["nct_id"], one["kind"]) for one in page["events"]]
        if page["next"] is None:
            break
        after = ("--after", page["next"])
    assert seen == whole
    assert "is not a cursor" in changed.complaint("events", "--after", "soon", code=2)


def test_people_read_them_by_day_and_trial(changed: Monitor) -> None:
    shown = changed.answer("events", "--min-severity", "high").splitlines()
    assert shown[0] == "2026-03-09"
    assert f"  {OTHER}  A study of a thing" in shown
    assert any(line.startswith("    CRITICAL  ") and "withdrawn" in line for line in shown)
    assert shown[-1] == "2 events of 2 trials"


def test_more_than_asked_for_is_said(changed: Monitor) -> None:
    last = changed.answer("events", "--limit", "1").splitlines()[-1]
    assert last == "1 event of 1 trial; there are more, --limit shows them"


def test_json_lines_and_csv_say_the_same(changed: Monitor) -> None:
    events = changed.json("events")["events"]
    lines = [json.loads(one) for one in changed.answer("events", "--jsonl").splitlines()]
    rows = list(csv.DictReader(changed.answer("events", "--csv").splitlines()))
    assert lines == events
    assert [(one["NCT ID"], one["Event ID"]) for one in rows] == [
        (one["nct_id"], one["event_id"]) for one in events
    ]


def ids(monitor: Monitor) -> dict[tuple[int, int], Any]:
    """Return the ids of the enrollment events."""
    found = monitor.json("events", "--kind", "enrollment", "--backfilled")["events"]
    return {(one["before"], one["after"]): (one["version_id"], one["event_id"]) for one in found}


def test_an_event_keeps_its_id_when_a_late_version_moves_its_number(changed: Monitor) -> None:
    before = ids(changed)
    changed.ingest(study("2025-05-05", enrollment=10), at=LATER + timedelta(days=1))
    after = ids(changed)
    assert after[144, 240] == before[144, 240]
    assert (10, 144) in after


def test_formats_exclude_each_other(changed: Monitor) -> None:
    text = changed.complaint("events", "--jsonl", "--csv", code=2)
    assert "--jsonl and --csv exclude each other" in text


def test_a_status_that_there_is_not_is_a_wrong_question(changed: Monitor) -> None:
    assert "there is no status 'FOO'" in changed.complaint("events", "--status", "foo", code=2)


def test_an_hour_is_counted_back_from_now(monitor: Monitor) -> None:
    monitor.ingest(study(), at=datetime.now(UTC) - timedelta(hours=2))
    assert kinds(monitor, "--since", "1h") == []
    assert len(kinds(monitor, "--since", "3h")) == 1
