"""Every conversation of a channel ends in time, whatever the other side does, and in few bytes."""

import io
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.channels import addresses, smtp
from monitor.channels.bounded import AbandonedSendError, BoundedChannel, TooManyHangingError
from monitor.channels.email import EmailChannel
from monitor.channels.slack import SlackChannel
from monitor.channels.webhook import WebhookChannel
from monitor.deadlines.threads import AbandonedThreads
from monitor.errors import DeliveryError
from tests.channels.examples import bounded, message
from tests.channels.mailbox import ScriptedServer
from tests.channels.making import (
    apprise_channel,
    console_channel,
    email_channel,
    folder_channel,
    slack_channel,
    webhook_channel,
)
from tests.channels.receiver import Receiver
from tests.sources.http.loopback import Connection, Loopback, reply, send

TOTAL_S = 0.5
LATE = "the conversation was not over within 0.5 s (delivery.total_timeout_s); it was ended"
# What a slow machine may add to the deadline; a server that is not cut off never ends.
SOON_S = 20.0
HELLO = ["220 mail.example.org", "250 mail.example.org"]


class Bytes(Loopback):
    """Says bytes on each connection, whatever it hears."""

    def __init__(
        self, say: Callable[[Connection], None], *, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(tls=tls)
        self.sent = 0
        self._say = say

    def converse(self, connection: Connection) -> None:
        """Say it."""
        self._say(connection)


def drip(connection: Connection) -> None:
    connection.drip(b"220-and so on\r\n")


def mail(place: str, **settings: Any) -> EmailChannel:
    return email_channel(server=place, **{"timeout_s": 10.0, **settings})


def failure(channel: BoundedChannel) -> DeliveryError:
    """Return how a message fails, and check that it takes little more than its deadline."""
    began = time.monotonic()
    with channel.connect() as connection, pytest.raises(DeliveryError) as caught:
        connection.send(message())
    assert time.monotonic() - began < SOON_S
    assert not caught.value.permanent
    assert channel.abandoned.count == 0
    return caught.value


# --- mail -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="greeting"),
        pytest.param(HELLO[:1], id="ehlo"),
        pytest.param(HELLO, id="sender"),
        pytest.param([*HELLO, "250 ok"], id="recipient"),
        pytest.param([*HELLO, "250 ok", "250 ok"], id="data"),
        pytest.param([*HELLO, "250 ok", "250 ok", "354 go on"], id="after the mail"),
    ],
)
def test_a_mail_server_that_drips_is_cut_off_wherever_it_begins(lines: list[str]) -> None:
    with ScriptedServer(lines, last=drip) as server:
        assert str(failure(bounded(mail(server.host), total_s=TOTAL_S))) == LATE


def test_a_mail_server_that_drips_its_farewell_holds_nobody() -> None:
    taken = [*HELLO, "250 ok", "250 ok", "354 go on", "250 queued"]
    with ScriptedServer(taken, last=drip) as server:
        channel = bounded(mail(server.host), total_s=30)
        began = time.monotonic()
        with channel.connect() as connection:
            assert connection.send(message()) == "250 queued"
        assert time.monotonic() - began < SOON_S
        assert channel.abandoned.count == 0


@pytest.mark.usefixtures("trusted")
def test_a_mail_server_that_drips_inside_tls_is_cut_off(tls: ssl.SSLContext) -> None:
    with Bytes(drip, tls=tls) as server:
        assert str(failure(bounded(mail(server.host, security="tls"), total_s=TOTAL_S))) == LATE


# The beginning of a record of 16 KB: OpenSSL waits for all of it.
RECORD = b"\x16\x03\x03\x40\x00" + bytes(0x4000)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_handshake_that_drips_is_cut_off(security: str) -> None:
    def shake(connection: Connection) -> None:
        if security == "starttls":
            for line in (b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n"):
                connection.send(line)
                connection.receive()
        connection.drip(RECORD)

    with Bytes(shake) as server:
        assert str(failure(bounded(mail(server.host, security=security), total_s=TOTAL_S))) == LATE


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        pytest.param(b"220-welcome to the endless banner\r\n", "said more than 8 KB", id="lines"),
        pytest.param(b"220-" + b"x" * 8_000 + b"\r\n", "said more than 8 KB", id="long lines"),
        pytest.param(b"x" * 4_096, "Line too long", id="one line"),
    ],
)
def test_of_an_endless_banner_little_is_read(piece: bytes, words: str) -> None:
    sent = 0

    def flood(connection: Connection) -> None:
        nonlocal sent
        while True:
            connection.send(piece * 10)
            sent += 10 * len(piece)

    with Bytes(flood) as server:
        channel = mail(server.host, answer_limit_kb=8)
        with channel.connect() as connection:
            with pytest.raises(DeliveryError, match=words) as caught:
                connection.send(message())
            limit = connection._line.limit  # noqa: SLF001 - how much was read shows nowhere else
            assert limit.received <= limit.limit + io.DEFAULT_BUFFER_SIZE
    assert not caught.value.permanent
    assert sent < 64 << 20  # what fits into the system's buffers


def test_the_limit_holds_for_each_mail_not_for_the_session() -> None:
    answers = ["250 " + "x" * 900] * 4
    lines = [*HELLO, *answers[:2], "354 go", answers[0], *answers[:2], "354 go", answers[0]]
    with ScriptedServer([*lines, "221 bye"]) as server:
        channel = bounded(mail(server.host, answer_limit_kb=4), total_s=30)
        with channel.connect() as connection:
            for number in range(2):
                assert connection.send(message(number)).startswith("250 xxx")
        assert server.connections == 1


# --- posts ------------------------------------------------------------------------------------


def slack(url: str, **settings: Any) -> SlackChannel:
    return slack_channel(name="way", url=f"{url}/hook", **settings)


def webhook(url: str, **settings: Any) -> WebhookChannel:
    return webhook_channel(name="way", url=f"{url}/hook", allow_private=True, **settings)


HOOKS = [pytest.param(slack, id="slack"), pytest.param(webhook, id="webhook")]


@pytest.mark.parametrize("make", HOOKS)
@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 1"], ids=["nothing", "half a status"])
def test_a_service_that_drips_its_status_is_cut_off(make: Any, start: bytes) -> None:
    with Receiver(send(start, then=lambda connection: connection.drip(b"1"))) as server:
        assert str(failure(bounded(make(server.url, timeout_s=10), total_s=TOTAL_S))) == LATE


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("make", HOOKS)
def test_a_service_that_drips_inside_tls_is_cut_off(make: Any, tls: ssl.SSLContext) -> None:
    with Receiver(send(then=lambda connection: connection.drip(b"1")), tls=tls) as server:
        assert str(failure(bounded(make(server.url, timeout_s=10), total_s=TOTAL_S))) == LATE


@pytest.mark.parametrize("make", HOOKS)
def test_a_service_that_drips_its_handshake_is_cut_off(make: Any) -> None:
    with Bytes(lambda connection: connection.drip(RECORD)) as server:
        url = server.url.replace("http:", "https:")
        assert str(failure(bounded(make(url, timeout_s=10), total_s=TOTAL_S))) == LATE


@pytest.mark.parametrize("make", HOOKS)
@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="continue"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 60_000, id="headers"),
    ],
)
def test_of_an_endless_answer_little_is_read(make: Any, piece: bytes) -> None:
    def flood(connection: Connection) -> None:
        while True:
            connection.send(piece)

    with Receiver(send(then=flood)) as server:
        caught = failure(bounded(make(server.url, answer_limit_kb=8), total_s=30))
    assert "more than 8 KB came before the answer's body" in str(caught)


# --- what cannot be ended -----------------------------------------------------------------------


@contextmanager
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the name service hang until the event is set."""
    event = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        del host, port
        event.wait(60)
        raise OSError("no such host")

    monkeypatch.setattr(smtp, "resolve", resolve)
    monkeypatch.setattr(addresses, "resolve", resolve)
    try:
        yield event
    finally:
        event.set()


def left(channel: BoundedChannel) -> AbandonedSendError:
    with channel.connect() as connection, pytest.raises(AbandonedSendError) as caught:
        connection.send(message())
    return caught.value


def speaking() -> int:
    """Count the threads that speak by the channel."""
    return sum(one.name == "speak by mail" for one in threading.enumerate())


def gone(abandoned: AbandonedThreads) -> bool:
    end = time.monotonic() + 30
    while abandoned.count and time.monotonic() < end:
        time.sleep(0.005)
    return not abandoned.count


def test_a_name_service_that_hangs_is_left_and_four_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end = time.monotonic() + 30
    while speaking() and time.monotonic() < end:  # those of other tests are just ending
        time.sleep(0.005)
    channel = bounded(mail("smtp.example.org:25"), total_s=0.05)
    with hung(monkeypatch):
        lasts = [left(channel).is_last for _ in range(4)]
        assert lasts == [False, False, False, True]
        assert speaking() == 4
        with channel.connect() as connection:
            for _ in range(3):
                with pytest.raises(TooManyHangingError, match="4 conversations that were left"):
                    connection.send(message())
        with pytest.raises(TooManyHangingError):
            channel.reach()
        assert speaking() == 4
    assert gone(channel.abandoned)


def test_a_console_that_nobody_drains_is_left_and_written_to_later() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    filled = 0
    try:
        while True:
            filled += os.write(writing, b"x" * 65_536)
    except BlockingIOError:
        os.set_blocking(writing, True)
    stream = io.TextIOWrapper(io.FileIO(writing, "w"), encoding="utf-8", write_through=True)
    channel = bounded(console_channel(stream), total_s=0.1)
    caught = left(channel)
    assert "could not be ended; it was left" in str(caught)
    while filled:
        filled -= len(os.read(reading, filled))
    assert caught.late.result(30) == "written"
    assert b"144" in os.read(reading, 65_536)
    assert gone(channel.abandoned)
    stream.detach().close()
    os.close(reading)


def test_a_folder_that_hangs_is_left_and_its_file_is_there_later(tmp_path: Path) -> None:
    """A pipe in the way of the new file stands for a server of files that is gone."""
    folder = folder_channel(path=tmp_path, formats=("json",))
    with folder.connect() as connection:
        stem = connection._stem(message())  # noqa: SLF001 - where it will write
    pipe = tmp_path / f".{stem}.json.{os.getpid()}.new"
    os.mkfifo(pipe)
    channel = bounded(folder, total_s=0.1)
    caught = left(channel)
    assert channel.abandoned.count == 1
    with pipe.open("rb") as opened:
        assert opened.read()
        with pytest.raises(DeliveryError, match="the folder: Invalid argument"):
            caught.late.result(30)  # a pipe is not synced to a disk
    assert gone(channel.abandoned)


def test_a_service_of_apprise_that_answers_late_is_left_and_its_answer_comes_late() -> None:
    answer = threading.Event()

    def wait(connection: Connection) -> None:
        answer.wait(60)
        reply(b"ok")(connection, server.requests[0])

    with Receiver(send(then=wait)) as server:
        url = f"json://{server.host}/hook?rto=60"
        channel = bounded(apprise_channel(url), total_s=TOTAL_S)
        caught = left(channel)
        assert channel.abandoned.count == 1
        answer.set()
        assert caught.late.result(30) == "JSON"
        assert gone(channel.abandoned)
