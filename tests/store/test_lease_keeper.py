"""Keeping a lease, and observing that another has lost its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.store.lease_keeper import LeaseHeldError, LeaseKeeper
from monitor.store.lease_process import liveness, this_process
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.daemon.processes import eventually
from tests.store.examples import SEEN
from tests.store.leasing import lease_of, take

NAME = "scheduler"
STOP = threading.Event()


class Clock:
    """Monotonic seconds, and a clock on the wall, that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.wall = SEEN

    def monotonic(self) -> float:
        return self.seconds


def keeper(url: str, holder: str, clock: Clock | None = None, *, ttl_s: float = 30) -> LeaseKeeper:
    clock = clock or Clock()
    open_store(url).close()
    return LeaseKeeper(
        NAME,
        holder,
        opened=lambda: open_store(url),
        reader=lambda: open_reader(url),
        ttl_s=lambda: ttl_s,
        now=lambda: clock.wall,
        clock=clock.monotonic,
    )


def elsewhere(url: str, ttl_s: float = 60) -> None:
    """Let a process have the lease of which nobody here can tell whether it runs."""
    with open_store(url) as store:
        take(store, NAME, "elsewhere:1:a", ttl_s=ttl_s)


def test_a_lease_is_lost_when_its_observer_saw_no_renewal_for_the_time_that_stands_in_it(
    store_url: str,
) -> None:
    elsewhere(store_url)
    clock = Clock()
    ours = keeper(store_url, "we", clock)
    for seconds in (0.0, 30.0, 59.9):
        clock.seconds = seconds
        with pytest.raises(LeaseHeldError, match="elsewhere:1:a"):
            ours.take()
    clock.seconds = 60.0
    lost = ours.take()
    assert lost is not None
    assert lost.holder == "elsewhere:1:a"


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="no clock counts a machine's sleep")
def test_a_machine_that_slept_for_longer_than_the_lease_holds_it_no_more(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(sqlite_url).close()
    ours = LeaseKeeper(
        NAME, "we", opened=lambda: open_store(sqlite_url), reader=lambda: open_reader(sqlite_url),
        ttl_s=lambda: 60, now=lambda: SEEN,
    )  # fmt: skip
    ours.take()
    assert ours.lost_reason() is None
    awake = time.clock_gettime(time.CLOCK_BOOTTIME) + 61
    monkeypatch.setattr(time, "clock_gettime", lambda _: awake)
    assert not ours.is_held
    assert ours.lost_reason() is not None


def test_each_renewal_begins_the_time_anew(store_url: str) -> None:
    elsewhere(store_url)
    clock = Clock()
    ours = keeper(store_url, "we", clock)
    for _ in range(4):
        with pytest.raises(LeaseHeldError):
            ours.take()
        clock.seconds += 50
        with open_store(store_url) as store, store.transaction() as tx:
            theirs = tx.leases.find(NAME, now=SEEN)
            assert theirs is not None
            assert tx.leases.renew(theirs, now=SEEN)


def test_who_renews_with_its_own_writing_waits_for_no_writer(store_url: str) -> None:
    clock, reported = Clock(), list[str]()
    open_store(store_url).close()
    ours = LeaseKeeper(
        NAME, "we", opened=lambda: open_store(store_url, busy_timeout_s=0.1),
        reader=lambda: open_reader(store_url), ttl_s=lambda: 30, now=lambda: SEEN,
        on_trouble=reported.append, clock=clock.monotonic,
    )  # fmt: skip
    ours.take()
    for _ in range(6):
        clock.seconds += 10
        with open_store(store_url) as store:
            with store.transaction() as tx:
                assert tx.leases.renew(ours.lease, now=SEEN)  # as one that stores a page
            with store.transaction() as tx:  # and the next one is open already
                assert tx.leases.renew(ours.lease, now=SEEN)
                ours.renew()
                assert ours.is_held
    assert reported == []
    for _ in range(2):  # nobody else writes any more
        clock.seconds += 10
        ours.renew()
    clock.seconds += 29
    assert ours.is_held


@pytest.mark.parametrize("year", [1970, 2027, 9999])
def test_no_clock_on_the_wall_takes_a_lease_or_keeps_one(store_url: str, year: int) -> None:
    elsewhere(store_url)
    clock = Clock()
    ours = keeper(store_url, "we", clock)
    clock.wall = datetime(year, 1, 2, tzinfo=UTC)
    with pytest.raises(LeaseHeldError):
        ours.take()
    clock.seconds += 60
    ours.take()
    found = [ours.is_held]
    clock.wall = SEEN
    found.append(ours.is_held)
    clock.seconds += 30
    found.append(ours.is_held)
    assert found == [True, True, False]
    assert ours.lost_reason() == "the store did not answer in time"


def test_a_time_to_live_of_a_thousand_years_is_observed_for_a_day(store_url: str) -> None:
    elsewhere(store_url, ttl_s=3e10)
    clock = Clock()
    ours = keeper(store_url, "we", clock)
    with pytest.raises(LeaseHeldError):
        ours.take()
    clock.seconds = 86_400
    assert ours.take() is not None


def test_who_is_patient_sees_a_living_holder_and_says_who_it_is(store_url: str) -> None:
    elsewhere(store_url)
    over = threading.Event()

    def renew() -> None:
        with open_store(store_url) as store:
            while not over.wait(0.05):
                with store.transaction() as tx:
                    theirs = tx.leases.find(NAME, now=SEEN)
                    assert theirs is not None
                    tx.leases.renew(theirs, now=SEEN)

    renewing = threading.Thread(target=renew)
    renewing.start()
    try:
        with pytest.raises(LeaseHeldError, match="elsewhere:1:a"):
            keeper(store_url, "we").take_when_free(STOP)
    finally:
        over.set()
        renewing.join()


def test_who_is_patient_ends_when_it_is_stopped(store_url: str) -> None:
    elsewhere(store_url)
    stop = threading.Event()
    stop.set()
    with pytest.raises(LeaseHeldError):
        keeper(store_url, "we").take_when_free(stop)


def test_a_lease_whose_process_is_gone_is_taken_at_once(store_url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        process = of_pid(other.pid)
        with open_store(store_url) as store, store.transaction() as tx:
            tx.leases.take(NAME, "other", ttl_s=600, now=SEEN, process=process)
        with pytest.raises(LeaseHeldError):
            keeper(store_url, "we").take_when_free(STOP)
        assert liveness(process) == "running"
        other.send_signal(signal.SIGKILL)
        eventually(lambda: liveness(process) == "gone", what="its end, though nobody waits for it")
    assert liveness(process) == "gone"
    assert keeper(store_url, "we").take() is not None
    lease = lease_of(store_url, NAME)
    assert lease is not None
    assert (lease.holder, lease.process) == ("we", this_process())


def of_pid(pid: int) -> str:
    """Return where another process of this machine runs."""
    boot, namespace, _, _ = this_process().split("/")
    started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return f"{boot}/{namespace}/{pid}/{started}"


def test_only_what_is_certain_is_said_of_a_process() -> None:
    boot, namespace, pid, started = this_process().split("/")
    assert pid == str(os.getpid())
    assert liveness(this_process()) == "running"
    assert liveness(f"{boot}/{namespace}/{pid}/{int(started) + 1}") == "gone", (
        "another one of its ID"
    )
    for unsure in (
        "",
        "host",
        f"{boot}/{namespace}/{pid}",
        f"{boot}/{namespace}/pid/{started}",
        f"other boot/{namespace}/{pid}/{started}",
        f"{boot}/1/{pid}/{started}",
    ):
        assert liveness(unsure) == "unknown", unsure


def test_a_system_that_does_not_tell_leaves_it_open(tmp_path: Path) -> None:
    assert this_process(tmp_path) == ""
    assert liveness(this_process(), tmp_path) == "unknown"
