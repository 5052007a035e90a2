"""A process that ingests and delivers until it is killed."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from monitor.app import App, utc_now
from monitor.app.deliveries import Deliveries
from monitor.app.logs import configure
from monitor.app.workers import worker_id
from monitor.daemon.delivery_loop import DeliveryLoop
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.ingest import IngestReport, ingest
from monitor.store.writer import open_store
from tests.deliver.crash.plan import CrashPlan
from tests.ingest.world import raw

_TOGETHER = 3
Wake = Callable[[IngestReport], None]


def run(config: str, log: str, plan: CrashPlan, most: int, ahead_s: float) -> None:
    """Ingest at most so many changes more, and deliver; the clock is so many seconds ahead."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 2)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8")
    ahead = timedelta(seconds=ahead_s)
    app = replace(App.configured(Path(config), environ={}), now=lambda: utc_now() + ahead)
    configure(app.settings.log)
    asyncio.run(_live(app, plan, most))


async def _live(app: App, plan: CrashPlan, most: int) -> None:
    deliveries = Deliveries(app, worker=worker_id())
    delivering = DeliveryLoop(deliveries, work=ThreadTasks(), stop=threading.Event())
    loop = asyncio.get_running_loop()

    def wake(_: IngestReport) -> None:
        loop.call_soon_threadsafe(delivering.wake)

    ingesting = loop.run_in_executor(None, partial(_ingest, app, plan, most, wake))
    await asyncio.gather(delivering.serve(), ingesting)


def _ingest(app: App, plan: CrashPlan, most: int, wake: Wake) -> None:
    """Go on behind what is stored: changes are stored in their order."""
    with app.reader() as reader:
        counts = reader.sources.counts()
    start = counts.versions - counts.trials
    found = (raw(record, at=app.now()) for record in plan.records(start))
    url = app.settings.store.url
    with open_store(url, busy_timeout_s=30) as store:
        ingest(
            (one for one, _ in zip(found, range(most), strict=False)),
            store,
            thresholds=app.settings.thresholds,
            batch_records=_TOGETHER,
            notifier=app.notifier(),
            on_batch=wake,
        )
