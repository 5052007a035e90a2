"""The doctor tries one part after the other, and never fails itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.app import App
from monitor.app.doctor import examine, source_findings, zone_findings
from monitor.model.checks import CheckStatus, Finding
from monitor.model.tracking import SourceRow
from monitor.scheduler import next_run_after_restart, trigger_of
from monitor.settings import (
    AnySourceSettings,
    CtgovSourceSettings,
    FilesSourceSettings,
    Settings,
    StoreSettings,
)
from monitor.store.writer import open_store

FINE, WARNING, FAILED, SKIPPED = CheckStatus
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOURLY = timedelta(hours=1)


def next_run(source: AnySourceSettings, row: SourceRow | None, now: datetime) -> datetime:
    """Say when a source runs next, as the daemon does."""
    stored, last = (row.next_due_at, row.last_attempt_at) if row else (None, None)
    return next_run_after_restart(trigger_of(source), stored=stored, last_due=last, now=now)


def examined(file: Path | None, **environ: str) -> list[Finding]:
    return list(examine(file, environ=environ, next_run=next_run, offline=True, now=lambda: NOW))


def of_sources(
    *sources: AnySourceSettings, store: str = "sqlite:////not/there/monitor.db"
) -> list[Finding]:
    settings = Settings(sources=sources, store=StoreSettings(url=store))
    app = App(settings=settings, now=lambda: NOW)
    return list(source_findings(app, next_run))


@pytest.fixture
def file(tmp_path: Path, sqlite_url: str) -> Path:
    """Return a configuration with a store that is not there and a source."""
    place = tmp_path / "monitor.toml"
    place.write_text(
        f'[store]\nurl = "{sqlite_url}"\n[log]\nlevel = "info"\n'
        '[[source]]\nname = "all"\ntype = "ctgov"\nall = true\nevery = "1h"\n',
        "utf-8",
    )
    return place


def test_every_part_is_tried_in_turn(file: Path) -> None:
    parts = [finding.about for finding in examined(file)]
    assert list(dict.fromkeys(parts)) == [
        "configuration", "store", "time zones", "source all", "channels", "subscriptions",
        "web listen", "registry", "clock",
    ]  # fmt: skip


def test_the_configuration_is_told_by_file_and_keys_without_values(file: Path) -> None:
    first, *_ = examined(file, MONITOR_HTTP__CONTACT="trials@example.org")
    assert first.verdict is FINE
    assert first.detail == (
        f"{file} sets [store] url, 1 source; the environment sets MONITOR_HTTP__CONTACT"
    )


def test_a_wrong_configuration_is_the_only_finding(file: Path) -> None:
    file.write_text("[store]\nbusy_timeout = 3\n", "utf-8")
    (only,) = examined(file)
    assert only.verdict is FAILED
    assert "did you mean [store] busy_timeout_s?" in only.detail
    assert only.fix == "fix this; nothing else was tried"


def test_a_source_says_when_it_runs_next() -> None:
    hourly = CtgovSourceSettings(name="one", all=True, every=HOURLY)
    daily = CtgovSourceSettings(
        name="two", all=True, cron="30 14 * * 1-5", timezone="Europe/Madrid"
    )
    first, second = of_sources(hourly, daily)
    assert first.detail == "ctgov, every 1h; `monitor run` reads it first at once"
    assert second.detail == (
        "ctgov, at 30 14 * * 1-5 (Europe/Madrid); `monitor run` reads it first at "
        "2026-03-02 13:30 UTC"
    )


@pytest.mark.parametrize(("due", "text"), [(20, "at 2026-03-02 12:20 UTC"), (-20, "at once")])
def test_a_source_that_was_read_before_goes_on_from_there(
    sqlite_url: str, due: int, text: str
) -> None:
    row = SourceRow(
        name="one",
        type="ctgov",
        last_attempt_at=NOW - timedelta(minutes=40),
        next_due_at=NOW + timedelta(minutes=due),
    )
    with open_store(sqlite_url) as store, store.transaction() as tx:
        tx.sources.store_row(row)
    hourly = CtgovSourceSettings(name="one", all=True, every=HOURLY)
    (found,) = of_sources(hourly, store=sqlite_url)
    assert found.detail == f"ctgov, every 1h; `monitor run` reads it first {text}"


@pytest.mark.parametrize("cron", ["61 14 * * *", "30 14 31 2 *", "30 14 * * nonday"])
def test_a_cron_expression_that_never_comes_is_a_failure(cron: str) -> None:
    (found,) = of_sources(CtgovSourceSettings(name="one", all=True, cron=cron))
    assert found.verdict is FAILED
    assert cron in found.detail
    assert found.about == "source one"


def test_a_folder_that_is_watched_has_to_be_there(tmp_path: Path) -> None:
    there = FilesSourceSettings(name="box", path=str(tmp_path), every=HOURLY)
    gone = FilesSourceSettings(name="gone", path=str(tmp_path / "gone"), every=HOURLY)
    first, second = of_sources(there, gone)
    assert (first.verdict, second.verdict) == (FINE, FAILED)
    assert second.detail == f"{tmp_path / 'gone'} cannot be looked into: No such file or directory"
    assert "can read" in second.fix


def test_a_source_that_is_switched_off_is_not_tried() -> None:
    off = FilesSourceSettings(name="off", path="/nowhere", every=HOURLY, enabled=False)
    warning, skipped = of_sources(off)
    assert (warning.verdict, skipped.verdict) == (WARNING, SKIPPED)
    assert warning.detail == "all are switched off: `monitor run` follows nothing"


def test_a_configuration_without_sources_is_a_warning() -> None:
    (only,) = of_sources()
    assert (only.verdict, only.about) == (WARNING, "sources")


def test_a_time_zone_that_is_not_found_is_a_failure() -> None:
    source = CtgovSourceSettings(name="one", all=True, every=HOURLY, timezone="Mars/Olympus")
    (found,) = zone_findings(App(settings=Settings(sources=(source,))))
    assert (found.verdict, found.detail) == (FAILED, "not found: Mars/Olympus")
    assert "tzdata" in found.fix


def test_time_zones_that_are_found_are_told_with_their_data() -> None:
    source = CtgovSourceSettings(name="one", all=True, every=HOURLY, timezone="Europe/Madrid")
    (found,) = zone_findings(App(settings=Settings(sources=(source,))))
    assert found.verdict is FINE
    assert found.detail.startswith("Europe/Madrid, UTC; time zones of tzdata 20")
