"""``monitor web``: the pages and the API without following or delivering anything."""

import asyncio
import gc
from collections.abc import Callable

from monitor.app import App
from monitor.app.logs import get_logger
from monitor.daemon.listeners import READERS
from monitor.daemon.signals import install_handlers
from monitor.memory import share_arenas
from monitor.web.routes import site_application
from monitor.web.server import WebServer
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls


def serve_site(app: App, address: tuple[str, int], *, on_listening: Callable[[str], None]) -> None:
    """Answer readers at an address until a signal asks to stop; ListenError where it is taken.

    ``on_listening`` is called with the URL once connections are accepted.
    """
    share_arenas()
    # What is loaded stays: looked through again and again it would cost more than most pages.
    gc.collect()
    gc.freeze()
    asyncio.run(_serve(app, address, on_listening))
    get_logger().info("stopped")


async def _serve(app: App, address: tuple[str, int], on_listening: Callable[[str], None]) -> None:
    site = site_routes(StoreCalls(lambda: app), host=address[0])
    server = WebServer(
        address, site_application(site), limits=app.settings.web, on_fault=_log_fault,
        remedy="give another one: --listen HOST:PORT, or [web] public_listen",
    )  # fmt: skip
    # Before the URL is announced: whoever started this may send a signal right after.
    install_handlers(stop=server.stop)
    get_logger().info("listening", listener=READERS, listen=server.url)
    on_listening(server.url)
    await server.serve()


def _log_fault(reason: str, error: BaseException | None) -> None:
    get_logger().error("listener fault", listener=READERS, reason=reason, exc_info=error)
