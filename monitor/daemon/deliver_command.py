"""``monitor deliver``: delivering without following anything."""

import asyncio
import threading
from functools import partial

from monitor.app.deliveries import Deliveries, DeliveryReport
from monitor.app.logs import get_logger
from monitor.daemon.delivery_loop import DeliveryLoop
from monitor.daemon.signals import exit_now, install_handlers
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.memory import share_arenas
from monitor.threads import in_thread


def deliver_once(deliveries: Deliveries) -> tuple[DeliveryReport, bool]:
    """Deliver what is due; return what was done, and whether a signal ended it before its end."""
    return asyncio.run(_once(deliveries))


async def _once(deliveries: Deliveries) -> tuple[DeliveryReport, bool]:
    stop = threading.Event()
    install_handlers(stop=stop.set)
    report = await in_thread("deliver", partial(deliveries.deliver_due, stop=stop))
    return report, stop.is_set()


def deliver_on(deliveries: Deliveries, *, grace_s: float) -> None:
    """Deliver until a signal asks to stop; what hangs after the grace period is left behind."""
    # Before there is a second thread (monitor/memory.py).
    share_arenas()
    hanging = asyncio.run(_on(deliveries, grace_s))
    if hanging:
        get_logger().error("still hanging", work=list(hanging))
        # Python itself would wait at its end for threads that may never return.
        exit_now(0)
    get_logger().info("stopped")


async def _on(deliveries: Deliveries, grace_s: float) -> tuple[str, ...]:
    stop, ended, work = threading.Event(), asyncio.Event(), ThreadTasks()
    install_handlers(stop=ended.set)
    get_logger().info("delivering")
    serving = asyncio.create_task(DeliveryLoop(deliveries, work=work, stop=stop).serve())
    ending = asyncio.create_task(ended.wait())
    await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    serving.cancel()
    ending.cancel()
    hanging = await work.wait(grace_s)
    # It ended by itself: raise why.
    if serving.done() and not serving.cancelled():
        serving.result()
    return hanging
