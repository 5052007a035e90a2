"""Pieces of work run at once, in threads that are used again."""

import asyncio
import threading

from monitor.threads import in_thread
from tests.daemon.processes import PATIENCE_S


def test_many_pieces_one_after_the_other_take_few_threads() -> None:
    idents: set[int] = set()

    async def live() -> None:
        for _ in range(50):
            idents.add(await in_thread("piece", threading.get_ident))

    asyncio.run(live())
    assert len(idents) < 10


def test_pieces_that_hang_keep_no_other_waiting() -> None:
    go_on = threading.Event()

    async def live() -> None:
        hanging = [in_thread("hangs", go_on.wait) for _ in range(40)]
        async with asyncio.timeout(PATIENCE_S):
            assert await in_thread("quick", lambda: "done") == "done"
        assert not any(one.done() for one in hanging)
        go_on.set()
        await asyncio.wait(hanging, timeout=PATIENCE_S)

    try:
        asyncio.run(live())
    finally:
        go_on.set()


def test_a_thread_bears_the_name_of_its_work_and_no_longer() -> None:
    def name() -> tuple[str, str]:
        return threading.current_thread().name, threading.current_thread().name

    async def live() -> None:
        assert await in_thread("lease", name) == ("lease", "lease")

    asyncio.run(live())
    assert "lease" not in {thread.name for thread in threading.enumerate()}
