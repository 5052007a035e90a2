"""What the daemon runs when: sources side by side, what is due, new configurations."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.app import App
from monitor.model.tracking import SourceRow
from monitor.settings import Settings, StoreSettings
from monitor.store.writer import open_store
from tests.daemon.processes import Scripted, configure, eventually, folder_source


@pytest.fixture
def app(sqlite_url: str) -> App:
    """Return a monitor on a store that is there."""
    open_store(sqlite_url).close()
    return App(settings=Settings(store=StoreSettings(url=sqlite_url)))


def scripted(folder: Path, app: App, *names: str, every: str = "1h", grace_s: float = 20) -> Path:
    """Write a configuration with scripted sources of these names."""
    sources = [folder_source(name, folder, every) for name in names]
    return configure(folder, app.settings.store.url, *sources, grace_s=grace_s)


def put(app: App, row: SourceRow) -> None:
    """Store how a source is doing."""
    with open_store(app.settings.store.url) as store, store.transaction() as tx:
        tx.sources.store_row(row)


def next_due(app: App, name: str) -> datetime | None:
    """Return when a source is due next, as the store has it."""
    with app.reader() as reader:
        row = reader.sources.get(name)
    return row.next_due_at if row else None


def test_a_slow_source_holds_up_no_other_and_is_not_started_twice(tmp_path: Path, app: App) -> None:
    config = scripted(tmp_path, app, "slow one", "quick one", every="1s")
    with Scripted(config) as daemon:
        daemon.wait_for("scripted pass ends", source="quick one", times=3)
        assert len(daemon.entries("scripted pass begins", source="slow one")) == 1
        # Others come and go; a round of backfills follows each pass.
        assert "slow one" in daemon.page("/healthz")[1]["running"]
        assert daemon.stop() == 0


def test_a_slow_backfill_holds_up_no_source(tmp_path: Path, app: App) -> None:
    config = scripted(tmp_path, app, "quick one", "slow backfill", every="1s")
    with Scripted(config) as daemon:
        daemon.wait_for("scripted backfill")
        daemon.wait_for("scripted pass ends", source="quick one", times=2)
        assert "backfill" in daemon.page("/healthz")[1]["running"]
        assert daemon.stop() == 0


def test_a_round_of_backfills_follows_each_pass(tmp_path: Path, app: App) -> None:
    with Scripted(scripted(tmp_path, app, "quick one", every="1s")) as daemon:
        daemon.wait_for("scripted backfill", times=3)


def test_a_backfill_that_failed_is_not_tried_again_after_every_pass(
    tmp_path: Path, app: App
) -> None:
    config = scripted(tmp_path, app, "quick one", "failing backfill", every="1s")
    with Scripted(config) as daemon:
        daemon.wait_for("scripted backfill")
        daemon.wait_for("scripted pass ends", source="quick one", times=4)
        assert len(daemon.entries("scripted backfill")) == 1
        daemon.send(signal.SIGHUP)
        daemon.wait_for("scripted backfill", times=2)
        assert daemon.stop() == 0


def test_a_backfill_that_another_process_is_at_is_tried_again_when_its_turn_is_over(
    tmp_path: Path, app: App
) -> None:
    with Scripted(scripted(tmp_path, app, "waiting backfill")) as daemon:
        daemon.wait_for("scripted backfill", times=3)
        assert daemon.stop() == 0


def test_a_pass_that_breaks_is_told_and_stops_neither_the_others_nor_itself_for_good(
    tmp_path: Path, app: App
) -> None:
    config = scripted(tmp_path, app, "breaks", "quick one", every="1s")
    with Scripted(config) as daemon:
        line = daemon.wait_for("pass broken", source="breaks", times=2)
        assert (line["level"], "a mistake in the program" in line["exception"]) == ("error", True)
        daemon.wait_for("scripted pass ends", source="quick one", times=2)
        assert daemon.stop() == 0


def test_what_was_due_while_nothing_ran_is_done_once_at_the_start_and_the_rest_is_not(
    tmp_path: Path, app: App
) -> None:
    now = datetime.now(UTC)
    overdue, later = now - timedelta(hours=30), now + timedelta(minutes=30)
    put(app, SourceRow(name="quick overdue", type="files", next_due_at=overdue))
    put(app, SourceRow(name="quick later", type="files", next_due_at=later))
    config = scripted(tmp_path, app, "quick overdue", "quick later", "quick new")
    with Scripted(config) as daemon:
        for name in ("quick overdue", "quick new"):
            daemon.wait_for("scripted pass ends", source=name)
        assert daemon.stop() == 0
    begun = [line["source"] for line in daemon.entries("scripted pass begins")]
    assert sorted(begun) == ["quick new", "quick overdue"]
    assert next_due(app, "quick later") == later


def test_when_a_source_is_due_next_is_stored_once_its_pass_has_ended(
    tmp_path: Path, app: App
) -> None:
    began = datetime.now(UTC)
    config = scripted(tmp_path, app, "quick one", "slow one")
    with Scripted(config) as daemon:
        due = eventually(lambda: next_due(app, "quick one"))
        assert began + timedelta(hours=1) <= due <= datetime.now(UTC) + timedelta(hours=1)
        daemon.wait_for("scripted pass begins", source="slow one")
        assert daemon.stop() == 0
    assert next_due(app, "slow one") is None, "cut short, it is still due"


def test_a_pass_that_was_cut_short_is_done_at_the_next_start(tmp_path: Path, app: App) -> None:
    source = folder_source("slow one", tmp_path, "1h")
    config = configure(tmp_path, app.settings.store.url, source, lease_s=1)
    with Scripted(config) as daemon:
        daemon.wait_for("scripted pass begins")
        daemon.send(signal.SIGKILL)
        daemon.ended()
    with Scripted(config, name="second") as daemon:
        daemon.wait_for("scripted pass begins")
