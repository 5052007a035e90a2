"""The daemon's web listeners: each in a thread of its own, where nothing hurts the rest."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from monitor.app.logs import get_logger
from monitor.app.metrics import Metrics
from monitor.daemon.health import DaemonState, HealthChecks
from monitor.daemon.listener_faults import ListenerFaults
from monitor.model.incidents import Incident
from monitor.settings import WebSettings
from monitor.web.pages.operator import operator_routes
from monitor.web.routes import application, site_application
from monitor.web.server import Application, ListenError, PortTakenError, WebServer
from monitor.web.site import Site, site_routes
from monitor.web.store_calls import StoreCalls

OPERATORS = "operator's web listener"
READERS = "readers' web listener"
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0


class Listener:
    """Serves one address until it is stopped, whatever goes wrong meanwhile.

    ``name``: how log and operator know it; ``key``: the setting that says where it is.
    ``application`` makes what answers; it is called in the thread, each time that serving begins.
    The address is taken when the listener is made, and tried again where it cannot be had;
    ``stands_by`` tells whether the process in whose stead this one stands by may hold it.
    """

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        application: Callable[[], Application],
        *,
        key: str,
        limits: WebSettings,
        stands_by: Callable[[], bool],
    ) -> None:
        self.name = name
        self.faults = ListenerFaults(name)
        self._address = address
        self._application = application
        self._key = key
        self._limits = limits
        self._stands_by = stands_by
        self._ended = threading.Event()
        # A page that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._live, name=f"web {name}", daemon=True)
        self._server: WebServer | None = None
        try:
            self._server = self._listen()
        except ListenError as exc:
            self._note(exc)

    @property
    def url(self) -> str | None:
        """Where it answers; None as long as the address cannot be had."""
        server = self._server
        return None if server is None else server.url

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end what is being answered, and then itself."""
        self._ended.set()
        server = self._server
        if server is not None:
            server.stop()

    def join(self, within_s: float) -> None:
        """Wait for its end, for so long at most."""
        self._thread.join(within_s)

    # --- in its thread ---------------------------------------------------------------------

    def _live(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                # An event loop of its own
                # (docs/decisions/2026-11-30-web-listeners-in-threads.md).
                asyncio.run(self._serve())
                if not self._ended.is_set():
                    self.faults.note_down("it ended by itself")
            # uvicorn calls `sys.exit` when it cannot start.
            except (Exception, SystemExit) as exc:  # noqa: BLE001 - a mistake in the web part
                self._note(exc)
            self._server = None
            if self.faults.is_waiting or time.monotonic() - began > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            self._ended.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _serve(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._unhandled)
        server = self._server
        if server is None:
            self._server = server = self._listen()
            get_logger().info("listening", listener=self.name, listen=server.url)
        if self._ended.is_set():  # stopped before there was a server to stop
            server.close()
            return
        self.faults.note_up()
        await server.serve()

    def _listen(self) -> WebServer:
        server = WebServer(
            self._address,
            self._application(),
            limits=self._limits,
            on_fault=self.faults.note,
            remedy=f'set [web] {self._key} to another address, or to "" for none',
        )
        self._address = server.address  # of port 0 the one that was given
        return server

    def _note(self, error: BaseException) -> None:
        if isinstance(error, PortTakenError):
            self.faults.note_waiting(str(error), is_expected=self._stands_by())
        elif isinstance(error, ListenError):
            self.faults.note_down(str(error))
        else:
            self.faults.note_down(f"it broke down: {type(error).__name__}", error)

    def _unhandled(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.faults.note(str(context["message"]), context.get("exception"))


class Listeners:
    """All listeners of a daemon together."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = tuple(listeners)

    @property
    def urls(self) -> dict[str, str | None]:
        """Where each one answers, by name; None as long as its address cannot be had."""
        return {one.name: one.url for one in self._listeners}

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong with those that do not work as they should, by name."""
        found = {one.name: one.faults.current for one in self._listeners}
        return {name: reason for name, reason in found.items() if reason is not None}

    def incidents(self) -> list[Incident]:
        """Return what the operator is to hear of them."""
        return [
            Incident(
                key=f"web:{name}",
                began=f"the {name} fails",
                over=f"the {name} works again",
                detail=f"{reason}. Passes and deliveries go on; it is tried again by itself",
            )
            for name, reason in self.faults.items()
        ]

    def start(self) -> None:
        """Begin to answer."""
        for one in self._listeners:
            one.start()

    def stop(self, *, within_s: float) -> None:
        """End them in good order, within that time; to be called in a thread."""
        deadline = time.monotonic() + within_s
        # All are asked before one is waited for, so they end side by side.
        for one in self._listeners:
            one.stop()
        for one in self._listeners:
            one.join(max(0.0, deadline - time.monotonic()))


def listeners_of(state: DaemonState, metrics: Metrics, *, stale_s: float) -> Listeners:
    """Return the listeners that the settings name, their addresses taken where they can be had.

    Readers' pages are where the operator asks, too, unless they have a listener of their own.
    ``stale_s``: as of ``HealthChecks``.
    """
    web = state.app.settings.web

    def site(address: tuple[str, int] | None) -> Site:
        return (
            () if address is None else site_routes(StoreCalls(lambda: state.app), host=address[0])
        )

    def for_operator() -> Application:
        shared = site(web.address) if web.public_address is None else ()
        own = operator_routes(StoreCalls(lambda: state.app))
        answers = HealthChecks(state, metrics, stale_s=stale_s).health_source
        return application(answers, [*own, *shared])

    def for_readers() -> Application:
        return site_application(site(web.public_address))

    def listener(
        name: str, address: tuple[str, int], key: str, made: Callable[[], Application]
    ) -> Listener:
        return Listener(
            name, address, made, key=key, limits=web,
            stands_by=lambda: state.role == "standby",
        )  # fmt: skip

    found = []
    if web.address is not None:
        found.append(listener(OPERATORS, web.address, "listen", for_operator))
    if web.public_address is not None:
        found.append(listener(READERS, web.public_address, "public_listen", for_readers))
    return Listeners(found)
