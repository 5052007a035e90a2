"""The daemon delivers side by side with everything else."""

import asyncio
import json
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import orjson

from monitor.app.deliveries import Deliveries
from monitor.daemon.delivery_loop import DeliveryLoop
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.deliver import Report
from tests.daemon.processes import PATIENCE_S, Running, configure, eventually, folder_source
from tests.deliver.configured import folder_channel
from tests.ingest.world import study

QUIETLY = "[delivery]\nwelcome = false\n"
EVERYTHING = '[[subscription]]\nname = "all"\nsubscriber = "ana"\nall = true\nchannels = "box"\n'


def put(inbox: Path, name: str, updated: str, enrollment: int) -> None:
    """Lay a record into a folder, written long enough ago to be whole."""
    file = inbox / f".{name}"
    file.write_bytes(orjson.dumps(study(updated, enrollment=enrollment)))
    long_ago = time.time() - 3600
    os.utime(file, (long_ago, long_ago))
    file.rename(inbox / name)


def got(box: Path) -> list[str]:
    """Return the subjects of what was delivered."""
    files = sorted(box.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    return [json.loads(file.read_text("utf-8"))["data"]["subject"] for file in files]


@dataclass
class ScriptedDeliveries:
    """Two channels that are always due: one hangs until it is stopped, one is quick."""

    begun: Counter[str] = field(default_factory=Counter)
    notified: int = 0

    def prepare(self) -> None:
        """Nothing is to be made."""

    def due(self) -> list[str]:
        """Both."""
        return ["hangs", "quick"]

    def deliver(self, channel: str, *, stop: threading.Event) -> Report:
        """Do as the name says."""
        self.begun[channel] += 1
        if channel == "hangs":
            stop.wait()
        return Report(sent=1)

    def notify(self) -> bool:
        """Count; nothing is stored."""
        self.notified += 1
        return False


def test_a_channel_that_hangs_keeps_no_other_back_and_is_not_started_twice() -> None:
    scripted, work, stop = ScriptedDeliveries(), ThreadTasks(), threading.Event()

    async def live() -> tuple[str, ...]:
        delivering = DeliveryLoop(cast("Deliveries", scripted), work=work, stop=stop)
        serving = asyncio.create_task(delivering.serve())
        async with asyncio.timeout(PATIENCE_S):
            while scripted.begun["quick"] < 3:
                delivering.wake()
                await asyncio.sleep(0.01)
        assert "deliver by hangs" in work.names
        stop.set()
        serving.cancel()
        return await work.wait(PATIENCE_S)

    assert asyncio.run(live()) == ()
    assert scripted.begun["hangs"] == 1
    assert scripted.notified > 0


def test_what_may_become_one_message_waits_a_few_seconds_for_a_pass_and_nothing_else_does() -> None:
    scripted, work, stop = ScriptedDeliveries(), ThreadTasks(), threading.Event()
    passing = {"hangs"}  # by it more may come
    held: list[float] = []

    async def live() -> tuple[str, ...]:
        delivering = DeliveryLoop(
            cast("Deliveries", scripted), work=work, stop=stop, awaits_more=passing.__contains__
        )
        serving = asyncio.create_task(delivering.serve())
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            while not scripted.begun["hangs"]:
                if scripted.begun["quick"] == 3 and not held:
                    held.append(time.monotonic())
                delivering.wake()
                await asyncio.sleep(0.01)
        assert time.monotonic() - began > 4, "it was held, and not for ever"
        stop.set()
        serving.cancel()
        return await work.wait(PATIENCE_S)

    assert asyncio.run(live()) == ()
    assert held


def test_what_a_source_brings_is_delivered_and_counted(tmp_path: Path, sqlite_url: str) -> None:
    inbox, box = tmp_path / "inbox", tmp_path / "box"
    inbox.mkdir()
    source = folder_source("inbox", inbox) + "\nsettle_s = 1\n"
    config = configure(
        tmp_path, sqlite_url, source, more=QUIETLY + folder_channel(tmp_path, "box") + EVERYTHING
    )
    with Running(config) as daemon:
        daemon.wait_for("pass finished")  # what lies there at the beginning is no news
        put(inbox, "one.json", "2026-02-01", 100)
        eventually(lambda: len(got(box)) == 1, what="the first message")
        put(inbox, "two.json", "2026-02-02", 144)
        eventually(lambda: len(got(box)) == 2, what="the second message")
        daemon.wait_for("message sent", times=2, channel="box")
        assert "Enrollment target 100 → 144 (+44%)" in got(box)[1]
        status, _ = daemon.page("/healthz")
        assert status == 200
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.written


def test_a_configuration_that_lacks_a_secret_is_not_taken_up(
    tmp_path: Path, sqlite_url: str
) -> None:
    config = configure(tmp_path, sqlite_url)
    with Running(config) as daemon:
        daemon.wait_for("leading")
        slack = '[[channel]]\nname = "s"\ntype = "slack"\nurl = "${NO_SUCH_URL}"\n'
        configure(tmp_path, sqlite_url, more=slack)
        daemon.send(signal.SIGHUP)
        line = daemon.wait_for("configuration refused")
        assert "NO_SUCH_URL" in str(line["reason"])
        configure(tmp_path, sqlite_url, more=folder_channel(tmp_path, "box"))
        daemon.send(signal.SIGHUP)
        daemon.wait_for("configuration read again")
        assert daemon.stop() == 0


def test_the_operator_hears_of_a_process_that_was_killed(tmp_path: Path, sqlite_url: str) -> None:
    more = '[delivery]\noperator = "ops"\n' + folder_channel(tmp_path, "ops")
    config = configure(tmp_path, sqlite_url, lease_s=5, more=more)
    with Running(config, name="first") as first:
        holder = str(first.wait_for("leading")["holder"])
        first.send(signal.SIGKILL)
        first.ended()
    with Running(config) as daemon:
        daemon.wait_for("message sent", channel="ops")
        assert got(tmp_path / "ops") == [f"Trial monitor: The process {holder} stopped responding"]
        assert daemon.stop() == 0
