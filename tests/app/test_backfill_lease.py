"""Whose turn it is to ask the history API."""

import os
import threading
from datetime import UTC, datetime

import pytest

from monitor.app import App
from monitor.app.backfills import LEASE, BackfillLease, backfill_lease
from monitor.errors import MonitorError
from monitor.model.lease import Lease
from monitor.settings import Settings, StoreSettings
from monitor.sources.http import StoppedError
from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine
from monitor.store.lease_keeper import LeaseHeldError, LeaseLostError
from monitor.store.lease_observer import LeaseObserver
from monitor.store.writer import open_store
from tests.daemon.processes import PATIENCE_S, eventually
from tests.store.leasing import take


@pytest.fixture
def app(store_url: str) -> App:
    """Return a monitor on an empty store."""
    open_store(store_url).close()
    return App(settings=Settings(store=StoreSettings(url=store_url)))


@pytest.fixture
def stop() -> threading.Event:
    """Return what asks for the end."""
    return threading.Event()


def lease(app: App) -> Lease | None:
    """Return the turn as the store has it."""
    with app.reader() as reader:
        return reader.leases.find(LEASE, now=datetime.now(UTC))


def take_away(app: App) -> None:
    """Let another process have the turn."""
    with open_store(app.settings.store.url) as store:
        take(store, LEASE, "another:1:a", now=datetime.now(UTC))


def work(held: BackfillLease) -> None:
    """Do what a client does that is waiting: end as soon as it is told to."""
    with held.raise_if_lost():
        assert held.stop.wait(PATIENCE_S)
        raise StoppedError


def test_another_is_told_who_has_it_and_when_to_ask_again(app: App, stop: threading.Event) -> None:
    with backfill_lease(app, LeaseObserver(), stop=stop):
        with (
            pytest.raises(LeaseHeldError) as caught,
            backfill_lease(app, LeaseObserver(), stop=stop),
        ):
            pass
        held = lease(app)
    assert held is not None
    assert held.holder.split(":")[1] == str(os.getpid())
    assert held.holder in str(caught.value)
    assert caught.value.lease is not None
    assert lease(app) is None


def test_it_is_kept_while_nothing_comes(app: App, stop: threading.Event) -> None:
    with backfill_lease(app, LeaseObserver(), stop=stop, ttl_s=5):
        first = lease(app)
        assert first is not None

        def is_renewed() -> bool:
            now = lease(app)
            return now is not None and now.renewals > first.renewals

        eventually(is_renewed)


def test_who_is_patient_gets_the_turn_of_one_that_nobody_sees_renew_it(
    app: App, stop: threading.Event
) -> None:
    with open_store(app.settings.store.url) as store:
        take(store, LEASE, "elsewhere:1:a", ttl_s=0.6, now=datetime(2099, 1, 1, tzinfo=UTC))
    with (
        pytest.raises(LeaseHeldError, match="elsewhere:1:a"),
        backfill_lease(app, LeaseObserver(), stop=stop),
    ):
        pass
    with backfill_lease(app, LeaseObserver(), stop=stop, patient=True):
        held = lease(app)
        assert held is not None
        assert held.holder.split(":")[1] == str(os.getpid())


def test_the_same_observer_gets_it_at_a_later_try(app: App, stop: threading.Event) -> None:
    with open_store(app.settings.store.url) as store:
        take(store, LEASE, "elsewhere:1:a", ttl_s=0.3)
    observer = LeaseObserver()

    def is_taken() -> bool:
        try:
            with backfill_lease(app, observer, stop=stop):
                return True
        except LeaseHeldError:
            return False

    assert not is_taken()
    eventually(is_taken)


def test_when_it_is_lost_the_work_under_it_ends(app: App, stop: threading.Event) -> None:
    with backfill_lease(app, LeaseObserver(), stop=stop, ttl_s=2) as held:
        take_away(app)
        with pytest.raises(LeaseLostError, match="another process"):
            work(held)
    assert not stop.is_set(), "only this work has to end"
    left = lease(app)
    assert left is not None
    assert left.holder == "another:1:a", "it is not ours to release"


def test_who_asks_for_the_end_is_not_told_of_a_loss(app: App, stop: threading.Event) -> None:
    with backfill_lease(app, LeaseObserver(), stop=stop) as held:
        stop.set()
        with pytest.raises(MonitorError) as caught:
            work(held)
    assert isinstance(caught.value, StoppedError)


def test_it_is_lost_when_the_store_does_not_confirm_it(app: App, stop: threading.Event) -> None:
    engine = make_engine(StoreAddress.parse(app.settings.store.url), busy_timeout_s=5)
    with backfill_lease(app, LeaseObserver(), stop=stop, ttl_s=2) as held:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE leases")
        engine.dispose()
        with pytest.raises(LeaseLostError, match="is lost"):
            work(held)
