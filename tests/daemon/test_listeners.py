"""The web listeners cannot hurt the daemon: a real one, with real clients at its sockets."""

import contextlib
import http.client
import json
import os
import resource
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from monitor.app import App
from monitor.app.metrics import Metrics
from monitor.daemon.health import DaemonState
from monitor.daemon.listener_faults import CALM_S, SETTLE_S, ListenerFaults
from monitor.daemon.listeners import OPERATORS, READERS, Listener, listeners_of
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.settings import Settings, StoreSettings, WebSettings
from monitor.web.routes import HealthResult, HealthSource, application
from monitor.web.server import Application
from tests.daemon.processes import Running, configure, eventually, folder_source
from tests.daemon.test_delivering import EVERYTHING, got, put
from tests.deliver.configured import folder_channel
from tests.ingest.world import NCT
from tests.web.serving import LOOPBACK, answering, ask, ask_json

DESCRIPTORS = 1024
SILENT = 1100


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Let this process, the clients, have more descriptors than the daemon."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * SILENT:
        pytest.skip(f"this system allows no more than {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * SILENT, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def limit_descriptors(daemon: Running, limit: int) -> None:
    """Set how many descriptors the daemon may have."""
    _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (limit, hard))


def descriptors(daemon: Running) -> int:
    """Return how many descriptors the daemon has."""
    return len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))


def place(url: str) -> tuple[str, int]:
    """Return host and port of a URL."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def with_operator(folder: Path, url: str, inbox: Path, *web: str) -> Path:
    """Configure a drop box, a channel for all changes and one for the operator."""
    for name in (inbox, folder / "box", folder / "ops"):
        name.mkdir(exist_ok=True)
    channels = folder_channel(folder, "box") + folder_channel(folder, "ops")
    more = f'[delivery]\noperator = "ops"\nwelcome = false\n{channels}\n{EVERYTHING}'
    source = folder_source("inbox", inbox) + "\nsettle_s = 0"
    file = configure(folder, url, source, more=more)
    text = file.read_text("utf-8")
    file.write_text(text.replace("[http]", "\n".join([*web, "[http]"]), 1), "utf-8")
    return file


@pytest.mark.usefixtures("many_descriptors")
def test_silent_connections_end_nothing_and_health_is_answered_meanwhile(
    tmp_path: Path, sqlite_url: str
) -> None:
    inbox = tmp_path / "inbox"
    config = with_operator(tmp_path, sqlite_url, inbox)
    put(inbox, "a.json", "2026-01-05", 100)
    with Running(config) as daemon:
        daemon.wait_for("pass finished", stored=1)
        limit_descriptors(daemon, DESCRIPTORS)
        address = place(daemon.url)
        with contextlib.ExitStack() as clients:
            for _ in range(SILENT):
                clients.enter_context(socket.create_connection(address, timeout=30))
            assert ask_json(address, "/healthz")[0] == 200
            assert descriptors(daemon) < DESCRIPTORS / 2
            put(inbox, "b.json", "2026-02-02", 101)
            eventually(lambda: got(tmp_path / "box"), what="the alert")
            assert ask_json(address, "/healthz")[1]["web"] == {}
        assert ask_json(address, "/readyz")[0] == 200
        assert not daemon.entries("daemon broken")
        assert len(daemon.written) < 20_000
        assert daemon.stop() == 0


def test_without_descriptors_it_pauses_says_so_once_and_recovers(
    tmp_path: Path, sqlite_url: str
) -> None:
    config = with_operator(tmp_path, sqlite_url, tmp_path / "inbox")
    with Running(config) as daemon:
        daemon.wait_for("pass finished")
        address = place(daemon.url)
        limit_descriptors(daemon, 3)
        with socket.create_connection(address, timeout=30) as client:
            daemon.wait_for("web fault")
            before = cpu_seconds(daemon)
            time.sleep(1.5)  # as long as it does not spin
            assert cpu_seconds(daemon) - before < 1.0
            assert daemon.alive
            limit_descriptors(daemon, DESCRIPTORS)
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n")
            assert client.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        (fault,) = daemon.entries("web fault")
        assert fault["reason"] == "no connection can be taken: Too many open files"
        assert ask_json(address, "/healthz")[1]["web"] == {OPERATORS: fault["reason"]}
        assert daemon.stop() == 0


def cpu_seconds(daemon: Running) -> float:
    """Return the processor time that the daemon has used."""
    fields = Path(f"/proc/{daemon.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_starts_without_an_address_that_is_taken_and_takes_it_once_it_is_free(
    tmp_path: Path, sqlite_url: str
) -> None:
    config = with_operator(tmp_path, sqlite_url, tmp_path / "inbox")
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        text = config.read_text("utf-8").replace(f"{LOOPBACK}:0", f"{LOOPBACK}:{port}")
        config.write_text(text, "utf-8")
        with Running(config) as daemon:
            line = daemon.wait_for("port taken")
            assert f"cannot listen on {LOOPBACK}:{port}" in line["reason"]
            assert daemon.wait_for("daemon started")["listen"] is None
            daemon.wait_for("pass finished")
            taken.close()
            daemon.wait_for("listening", listen=f"http://{LOOPBACK}:{port}")
            assert eventually(lambda: answers((LOOPBACK, port)))
            assert daemon.stop() == 0


def answers(address: tuple[str, int]) -> bool:
    """Return whether /healthz is answered with 200."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        return ask(address, "/healthz")[0] == 200
    return False


def test_the_operator_hears_of_a_listener_that_fails_and_all_else_goes_on(
    tmp_path: Path, sqlite_url: str
) -> None:
    inbox = tmp_path / "inbox"
    config = with_operator(tmp_path, sqlite_url, inbox, 'public_listen = "192.0.2.1:8081"')
    put(inbox, "a.json", "2026-01-05", 100)
    with Running(config) as daemon:
        daemon.wait_for("pass finished", stored=1)
        lines = eventually(lambda: list((tmp_path / "ops").glob("*.json")), what="the notice")
        (began,) = json.loads(lines[0].read_text("utf-8"))["data"]["began"]
        assert began["what"] == "The readers' web listener fails"
        assert "cannot listen on 192.0.2.1:8081" in began["why"]
        assert "set [web] public_listen" in began["why"]
        put(inbox, "b.json", "2026-02-02", 101)
        eventually(lambda: got(tmp_path / "box"), what="the alert")
        assert daemon.page("/readyz")[0] == 200
        assert list(daemon.page("/healthz")[1]["web"]) == [READERS]
        assert len(daemon.entries("web fault")) == 1
        assert daemon.stop() == 0


def test_readers_have_a_listener_of_their_own_with_their_pages_alone(
    tmp_path: Path, sqlite_url: str
) -> None:
    inbox = tmp_path / "inbox"
    config = with_operator(tmp_path, sqlite_url, inbox, f'public_listen = "{LOOPBACK}:0"')
    public = 'public_url = "https://monitor.example.org"'
    config.write_text(config.read_text("utf-8").replace("[delivery]", f"[delivery]\n{public}"))
    put(inbox, "a.json", "2026-01-05", 100)
    with Running(config) as daemon:
        daemon.wait_for("pass finished", stored=1)
        put(inbox, "b.json", "2026-02-02", 101)
        eventually(lambda: got(tmp_path / "box"), what="the alert")
        started = daemon.wait_for("daemon started")
        operators, readers = place(started["listen"]), place(started["public_listen"])
        page = f"/trials/{NCT}/changes/2"
        assert ask(readers, page)[0] == 200
        assert ask(operators, page)[0] == 404
        assert ask(readers, "/unsubscribe/a/b", "POST")[0] == 404
        for path in ("/healthz", "/readyz", "/metrics", "/docs", "//healthz", "/%68ealthz"):
            status, _, body = ask(readers, path)
            assert status == 404
            assert b"healthz" not in body, "strangers learn nothing of it"
        for path in ("/healthz", "/readyz", "/metrics"):
            assert ask(operators, path)[0] == 200
        assert daemon.stop() == 0


def test_a_daemon_whose_own_loop_hangs_says_that_it_is_not_alive(sqlite_url: str) -> None:
    daemon = DaemonState(
        app=App(settings=Settings(store=StoreSettings(url=sqlite_url))),
        holder="h", started_at=datetime.now(UTC), work=ThreadTasks(), role="leader",
    )  # fmt: skip
    daemon.beat_at -= 100  # nobody moves it any more
    web = WebSettings(listen=f"{LOOPBACK}:0")
    daemon.app = App(settings=replace(daemon.app.settings, web=web))
    both = listeners_of(daemon, Metrics(now=lambda: datetime.now(UTC)), stale_s=20)
    both.start()
    try:
        status, facts = ask_json(place(str(both.urls[OPERATORS])), "/healthz")
        assert status == 503
        assert facts["reason"].startswith("no heartbeat for 10")
    finally:
        both.stop(within_s=30)


# --- faults of the server itself -----------------------------------------------------------


@contextlib.contextmanager
def running(listener: Listener) -> Iterator[Listener]:
    """Let a listener serve."""
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()
        listener.join(30)


def listener(made: Callable[[], Application] = lambda: application(answering())) -> Listener:
    """Return a listener on a free port; ``made`` makes its application."""
    return Listener(
        READERS, (LOOPBACK, 0), made,
        key="public_listen", limits=WebSettings(), stands_by=lambda: False,
    )  # fmt: skip


def break_socket(port: int) -> None:
    """Let this process's socket that listens on a port fail from now on."""
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if not entry.is_socket():
                continue
            with socket.socket(fileno=os.dup(int(entry.name))) as double:
                is_it = double.family == socket.AF_INET and double.getsockname()[1] == port
                if is_it and double.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    double.shutdown(socket.SHUT_RDWR)
                    return
    raise AssertionError(f"nothing listens on {port}")


def test_a_listener_whose_socket_breaks_begins_anew_on_the_same_port(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running(listener()) as one:
        address = place(str(one.url))
        assert eventually(lambda: answers(address))
        break_socket(address[1])
        assert eventually(lambda: one.faults.current)
        assert eventually(lambda: answers(address))
    assert capsys.readouterr().err.count("web fault") == 1


def test_a_mistake_in_the_server_s_own_code_is_told_and_tried_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made: list[int] = []

    def broken() -> Application:
        made.append(1)
        if len(made) in (2, 3):
            raise RuntimeError("a mistake")
        return application(answering())

    with running(listener(broken)) as one:
        address = place(str(one.url))
        assert eventually(lambda: answers(address))
        break_socket(address[1])
        assert eventually(lambda: len(made) >= 4 and answers(address))
        assert one.faults.current is not None
    text = capsys.readouterr().err
    assert text.count("it broke down: RuntimeError") == 1


def test_a_page_that_breaks_is_answered_logged_once_and_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def breaks() -> HealthResult:
        raise ValueError("a mistake in a page")

    def made() -> Application:
        good = answering()
        return application(
            HealthSource(health=breaks, readiness=good.readiness, metrics=good.metrics)
        )

    with running(listener(made)) as one:
        address = place(str(one.url))
        assert [ask(address, "/healthz")[0] for _ in range(20)] == [500] * 20
        assert ask(address, "/readyz")[0] == 200
        assert one.faults.current == "a page cannot be made: ValueError"
    text = capsys.readouterr().err
    assert text.count("web fault") == text.count("Traceback") == 1


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_a_fault_is_over_after_a_while_without_another() -> None:
    clock = Clock()
    faults = ListenerFaults(READERS, clock=clock)

    def after(seconds: float) -> str | None:
        clock.now += seconds
        return faults.current

    faults.note("one")
    assert after(CALM_S - 1) == "one"
    faults.note("two")
    assert after(CALM_S - 1) == "one"
    assert after(1) is None
    faults.note_down("three")
    assert after(10 * CALM_S) == "three", "as long as it does not serve again"
    faults.note_up()
    assert after(CALM_S - 1) == "three"
    assert after(1) is None


def test_an_address_that_another_process_holds_is_a_fault_after_a_while() -> None:
    clock = Clock()
    faults = ListenerFaults(READERS, clock=clock)

    def tried_for(seconds: float, *, stands_by: bool) -> str | None:
        for _ in range(int(seconds)):
            faults.note_waiting("taken", is_expected=stands_by)
            clock.now += 1
        return faults.current

    assert tried_for(100, stands_by=True) is None
    assert tried_for(SETTLE_S - 1, stands_by=False) is None
    assert tried_for(2, stands_by=False) == "taken"
    faults.note_up()
    assert faults.current is None


def test_kinds_of_faults_are_logged_once_each_and_few_of_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    faults = ListenerFaults(READERS)
    for kind in range(1000):
        faults.note(f"kind {kind}")
        faults.note("kind 0")
    assert capsys.readouterr().err.count("web fault") == 10
