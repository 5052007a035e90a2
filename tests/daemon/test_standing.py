"""What /healthz, /readyz and /metrics say, and when they say it is bad."""

import asyncio
import re
import resource
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from msgspec.structs import replace as replaced

from monitor.app import App
from monitor.app.metrics import CONTENT_TYPE, Metrics
from monitor.daemon.health import DaemonState, HealthChecks, ProcessRole
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.model.messages import ChannelState
from monitor.model.tracking import SourceRow
from monitor.settings import FilesSourceSettings, Settings, StoreSettings
from monitor.settings.channels import ConsoleChannelSettings
from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine
from monitor.store.writer import open_store
from monitor.web.routes import HealthResult

Answer = TypeVar("Answer")

ROLES: tuple[ProcessRole, ...] = ("leader", "standby")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def state(store_url: str) -> DaemonState:
    """Return the state of a leader with a source of which the store knows."""
    return standing_on(store_url)


def standing_on(store_url: str) -> DaemonState:
    """Return the same on a store of this URL."""
    with open_store(store_url) as store, store.transaction() as tx:
        last = NOON - timedelta(minutes=5)
        tx.sources.store_row(SourceRow(name="box", type="files", last_success_at=last, failures=2))
    box = FilesSourceSettings(name="box", path="inbox", every=timedelta(hours=1))
    settings = Settings(store=StoreSettings(url=store_url, busy_timeout_s=0.2), sources=(box,))
    app = App(settings=settings, now=lambda: NOON)
    return DaemonState(app=app, holder="h:1:a", started_at=NOON, work=ThreadTasks(), role="leader")


def inquiries(state: DaemonState) -> HealthChecks:
    """Return who answers for a state."""
    return HealthChecks(state, Metrics(now=lambda: NOON), stale_s=20)


def run_alone(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask one question in an event loop of its own."""

    async def scene() -> Answer:
        return await ask()

    return asyncio.run(scene())


def health(state: DaemonState) -> HealthResult:
    """Ask for the health."""
    return run_alone(inquiries(state).health_source.health)


def readiness(state: DaemonState) -> HealthResult:
    """Ask for the readiness."""
    return run_alone(inquiries(state).health_source.readiness)


def counted(state: DaemonState) -> list[str]:
    """Ask for the counts; return their lines."""
    exposed = run_alone(inquiries(state).health_source.metrics)
    assert exposed.content_type == CONTENT_TYPE
    return exposed.body.decode().splitlines()


def test_while_its_heart_beats_it_is_alive(state: DaemonState) -> None:
    lines = health(state)
    assert lines.good
    assert lines.facts["role"] == "leader"
    assert lines.facts["sources"] == ["box"]
    assert lines.facts["started_at"] == NOON.isoformat()


def test_without_a_heartbeat_it_is_not(state: DaemonState) -> None:
    state.beat_at = time.monotonic() - 31
    lines = health(state)
    assert not lines.good
    assert re.fullmatch(r"no heartbeat for 3\d s", str(lines.facts["reason"]))


def test_with_a_good_store_and_configuration_it_is_ready(state: DaemonState) -> None:
    for role in ROLES:
        state.role = role
        lines = readiness(state)
        assert lines.good
        assert lines.facts == {"role": role, "problems": {}}


def test_before_it_has_seen_the_lease_it_is_not_ready(state: DaemonState) -> None:
    state.role = "starting"
    assert readiness(state).facts["reason"] == "process: it is starting"


def test_a_refused_configuration_is_named(state: DaemonState) -> None:
    state.refused = "monitor.toml: [store] urll: there is no such key"
    lines = readiness(state)
    assert not lines.good
    assert "urll" in lines.facts["problems"]["configuration"]


def test_a_store_of_a_newer_program_is_named(state: DaemonState) -> None:
    engine = make_engine(StoreAddress.parse(state.app.settings.store.url), busy_timeout_s=5)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    lines = readiness(state)
    assert not lines.good
    assert "newer version of the monitor" in lines.facts["problems"]["store"]


def test_a_store_that_went_is_named_and_the_counts_come_all_the_same(state: DaemonState) -> None:
    store = StoreSettings(url="sqlite:////nowhere/monitor.db")
    state.app = App(settings=Settings(store=store), now=lambda: NOON)
    assert "there is no store" in readiness(state).facts["problems"]["store"]
    lines = counted(state)
    assert "monitor_store_up 0.0" in lines
    assert "monitor_lease_held 1.0" in lines


def test_a_store_without_room_is_no_store_to_be_ready_with(sqlite_url: str) -> None:
    state = standing_on(sqlite_url)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))  # as a disk without room
    try:
        found = {role: readiness(replace(state, role=role)) for role in ROLES}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    for role in ROLES:
        assert not found[role].good
        assert "cannot be written" in found[role].facts["problems"]["store"]
        assert readiness(replace(state, role=role)).good
    assert "monitor_store_up 1.0" in counted(state), "it can still be read"


def test_a_server_that_takes_no_writes_is_named(postgres_url: str) -> None:
    state = standing_on(postgres_url)
    assert readiness(state).good
    engine = make_engine(StoreAddress.parse(postgres_url), busy_timeout_s=5)
    with engine.begin() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    engine.dispose()
    problem = readiness(state).facts["problems"]["store"]
    assert problem.endswith("is read-only for this program")


def test_who_could_not_ask_for_the_lease_is_not_ready(state: DaemonState) -> None:
    state.role, state.lease_problem = "standby", "the store is full"
    lines = readiness(state)
    assert (lines.good, lines.facts["problems"]) == (False, {"store": "the store is full"})


def test_faults_of_the_web_are_told_beside_the_health(state: DaemonState) -> None:
    state.listener_faults = lambda: {"readers": "no descriptors"}
    assert health(state).facts["web"] == {"readers": "no descriptors"}
    assert health(state).good
    assert readiness(state).good, "it can do its work"


def test_the_counts_tell_how_the_sources_are_doing(state: DaemonState) -> None:
    lines = counted(state)
    assert 'monitor_source_last_success_age_seconds{source="box"} 300.0' in lines
    assert 'monitor_source_failures{source="box"} 2.0' in lines
    assert "monitor_store_up 1.0" in lines


def test_a_channel_rests_until_its_time_is_over(state: DaemonState) -> None:
    settings = state.app.settings
    with open_store(settings.store.url) as store, store.transaction() as tx:
        for name, seconds in (("old", -1), ("new", 60)):
            until = NOON + timedelta(seconds=seconds)
            tx.outbox.put_channel_state(ChannelState(channel=name, paused_until=until))
    channels = tuple(ConsoleChannelSettings(name=name) for name in ("old", "new"))
    state.app = replace(state.app, settings=replaced(settings, channels=channels))
    lines = counted(state)
    assert 'monitor_channel_paused{channel="old"} 0.0' in lines
    assert 'monitor_channel_paused{channel="new"} 1.0' in lines


def test_what_was_last_known_grows_older_while_the_store_is_away(state: DaemonState) -> None:
    clock = [NOON]
    answers = HealthChecks(state, Metrics(now=lambda: clock[0]), stale_s=20).health_source
    run_alone(answers.metrics)
    state.app = replace(
        state.app,
        settings=replaced(
            state.app.settings, store=StoreSettings(url="sqlite:////nowhere/monitor.db")
        ),
    )
    clock[0] += timedelta(hours=1)
    lines = run_alone(answers.metrics).body.decode().splitlines()
    assert "monitor_store_up 0.0" in lines
    assert 'monitor_source_last_success_age_seconds{source="box"} 3900.0' in lines
    assert 'monitor_source_failures{source="box"} 2.0' in lines


def test_many_askers_make_one_look_into_the_store(state: DaemonState) -> None:
    async def scene() -> list[HealthResult]:
        answers = inquiries(state).health_source
        run_alone = [asyncio.ensure_future(answers.readiness()) for _ in range(50)]
        return await asyncio.gather(*run_alone)

    assert all(lines.good for lines in asyncio.run(scene()))
