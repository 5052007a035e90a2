"""What the monitor counts, as Prometheus reads it."""

import re
from datetime import UTC, datetime, timedelta

from monitor.app.metrics import Metrics
from monitor.model.messages import MessageState
from monitor.model.tracking import SourceRow, StoreCounts
from monitor.sources.http import RequestLog

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def metrics() -> Metrics:
    """Return counts of a monitor at noon."""
    return Metrics(now=lambda: NOON)


def exposed_values(counts: Metrics) -> dict[str, float]:
    """Return what is exposed: value by series as it is written."""
    lines = counts.exposition().decode().splitlines()
    return {
        series: float(value)
        for series, _, value in (one.rpartition(" ") for one in lines if one[:1] not in ("", "#"))
    }


def request(status: int | None, error: str | None = None) -> RequestLog:
    """Return a request that ended so."""
    return RequestLog(
        method="GET", host="registry.example", path="/api/v2/studies", params=(), status=status,
        error=error, elapsed_s=0.2, waited_s=0.0, size=10, attempt=1, transport="httpx2",
    )  # fmt: skip


def test_requests_are_counted_by_status_and_kind_of_failure() -> None:
    counts = metrics()
    for one in (request(200), request(200), request(429), request(None, "TimedOutError")):
        counts.request(one)
    found = exposed_values(counts)
    for status, count in (("200", 2), ("429", 1), ("TimedOutError", 1)):
        series = f'monitor_requests_total{{host="registry.example",status="{status}"}}'
        assert found[series] == count


def test_passes_pages_versions_events_and_stages_are_counted() -> None:
    counts = metrics()
    counts.count_pass("lupus", "ok", 2.5)
    counts.count_pass("lupus", "failed", 0.5)
    counts.page("lupus", records=1000)
    counts.page("lupus")
    counts.versions(7)
    counts.events("trial_withdrawn", 2)
    counts.stage("fetch", 0.3)
    found = exposed_values(counts)
    assert found['monitor_passes_total{outcome="ok",source="lupus"}'] == 1
    assert found['monitor_passes_total{outcome="failed",source="lupus"}'] == 1
    assert found['monitor_pass_seconds_sum{source="lupus"}'] == 3
    assert found['monitor_pages_total{source="lupus"}'] == 2
    assert found['monitor_records_total{source="lupus"}'] == 1000
    assert found["monitor_versions_total"] == 7
    assert found['monitor_events_total{kind="trial_withdrawn"}'] == 2
    assert found['monitor_stage_seconds_count{stage="fetch"}'] == 1


def test_the_age_of_the_last_success_is_told_per_source() -> None:
    counts = metrics()
    row = SourceRow(name="lupus", type="ctgov", last_success_at=NOON - timedelta(minutes=5))
    counts.sources(["lupus", "new"], [row, SourceRow(name="removed", type="ctgov")])
    found = exposed_values(counts)
    age = "monitor_source_last_success_age_seconds"
    assert found[f'{age}{{source="lupus"}}'] == 300
    assert found[f'{age}{{source="new"}}'] == float("inf")
    assert not [series for series in found if "removed" in series]


def test_a_source_that_went_is_no_longer_told_of() -> None:
    counts = metrics()
    counts.sources(["lupus"], [SourceRow(name="lupus", type="ctgov", failures=3)])
    assert exposed_values(counts)['monitor_source_failures{source="lupus"}'] == 3
    counts.sources([], [])
    assert not [series for series in exposed_values(counts) if "lupus" in series]


def test_the_lease_the_store_and_the_build_are_told() -> None:
    counts = metrics()
    assert exposed_values(counts)["monitor_lease_held"] == 0
    counts.lease(held=True)
    counts.store(answers=True)
    found = exposed_values(counts)
    assert (found["monitor_lease_held"], found["monitor_store_up"]) == (1, 1)
    assert [found[series] for series in found if series.startswith("monitor_build_info{")] == [1]


def test_two_monitors_in_one_process_count_for_themselves() -> None:
    one, other = metrics(), metrics()
    one.versions(3)
    assert exposed_values(other)["monitor_versions_total"] == 0


def test_a_name_cannot_break_out_of_its_series() -> None:
    counts = metrics()
    counts.events('odd"} 9\nforged 1')
    written = counts.exposition().decode()
    assert 'kind="odd\\"} 9\\nforged 1"' in written
    assert not re.search("(?m)^forged", written)


def test_what_the_store_holds_and_the_disks_have_left_is_told() -> None:
    counts = metrics()
    held = StoreCounts(trials=1, versions=2, events=3, quarantined=4, size_bytes=5_000)
    counts.amounts(
        held,
        {MessageState.WAITING: {"mail": 3, "box": 1}, MessageState.DEAD: {"mail": 2, "box": 5}},
        {"/data": 70},
    )
    counts.config_read(NOON - timedelta(hours=1))
    found = exposed_values(counts)
    assert found['monitor_outbox_messages{channel="mail",state="waiting"}'] == 3
    assert found['monitor_outbox_messages{channel="box",state="dead"}'] == 5
    assert found["monitor_dead_letters"] == 7
    assert found["monitor_quarantine_entries"] == 4
    assert found["monitor_store_size_bytes"] == 5_000
    assert found['monitor_disk_free_bytes{folder="/data"}'] == 70
    assert found["monitor_config_last_good_read_age_seconds"] == 3_600
    counts.amounts(held, {}, {})
    assert not [series for series in exposed_values(counts) if "monitor_outbox_messages{" in series]
    assert exposed_values(counts)["monitor_dead_letters"] == 0
