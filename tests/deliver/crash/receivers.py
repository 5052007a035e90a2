"""A mail server and a web server that fail at random, note what they take, and can kill."""

import asyncio
import email
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.channels.mailbox import MailServer

UID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}(?:[.][0-9]+)?")


@dataclass(frozen=True, slots=True)
class CrashReceipt:
    """A message that a server has taken; ``lost``: and did not say so. ``kills``: before it."""

    channel: str
    uid: str
    content: bytes
    lost: bool = False
    kills: int = 0


@dataclass(slots=True)
class Trap:
    """Kills when so many more messages were taken: before the answer to the last, or after it."""

    kill: Callable[[], None]
    messages: int
    before_answer: bool
    sprung: threading.Event = field(default_factory=threading.Event)

    def spring(self) -> None:
        """Kill, once."""
        if not self.sprung.is_set():
            self.kill()
            self.sprung.set()


class Receivers:
    """Both servers on free ports; a context manager.

    ``lost``: by channel, answers that were never given to messages that had been taken.
    ``kills``: how many there were so far.
    """

    def __init__(self, seed: int) -> None:
        self.receipts: list[CrashReceipt] = []
        self.faults: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.kills = 0
        self._random = Random(seed)  # noqa: S311 - a fixed series
        self._lock = threading.Lock()
        self._trap: Trap | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        mail = self._stack.enter_context(MailServer(_Mail(self)))
        self.mail_place = mail.place
        web = ThreadingHTTPServer(("127.0.0.1", 0), type("Web", (_Web,), {"receivers": self}))
        web.daemon_threads = True
        serving = threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        self._stack.callback(web.server_close)
        self._stack.callback(serving.join)
        self._stack.callback(web.shutdown)
        self.url = f"http://127.0.0.1:{web.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def arm(self, trap: Trap | None) -> None:
        """Set a trap in place of the one before."""
        with self._lock:
            self._trap = trap

    def fault(self, channel: str, **chances: float) -> str | None:
        """Draw what goes wrong with a message; None: nothing does."""
        with self._lock:
            drawn = self._random.random()
            for name, jitter in chances.items():
                drawn -= jitter
                if drawn < 0:
                    self.faults[f"{channel} {name}"] += 1
                    return name
        return None

    def take(self, channel: str, content: bytes, uid: bytes, *, lost: bool) -> Trap | None:
        """Note a message; return the trap that it springs after the answer, if it does."""
        with self._lock:
            self.receipts.append(CrashReceipt(channel, uid.decode(), content, lost, self.kills))
            self.lost[channel] += lost
            trap = self._trap
            if trap is None:
                return None
            trap.messages -= 1
            if trap.messages > 0:
                return None
            self._trap = None
        if trap.before_answer:
            trap.spring()
            return None
        return trap


class _Mail:
    """The handler of the mail server."""

    def __init__(self, receivers: Receivers) -> None:
        self._receivers = receivers

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or not yet."""
        del server, session, options
        if self._receivers.fault("mail", greylisted=0.05):
            return "451 not yet"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail, or fail before it or after it."""
        del session
        fault = self._receivers.fault("mail", busy=0.05, closing=0.02, lost=0.01)
        if fault == "busy":
            return "451 too busy"
        if fault == "closing":
            return "421 closing"
        assert isinstance(envelope.content, bytes)
        uid = UID.search(email.message_from_bytes(envelope.content)["Message-ID"].encode())
        assert uid is not None
        trap = self._receivers.take("mail", envelope.content, uid[0], lost=fault == "lost")
        if fault == "lost":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if trap is not None:
            asyncio.get_running_loop().call_later(0.001, trap.spring)
        return "250 taken"


class _Web(BaseHTTPRequestHandler):
    """Stands for Slack (/slack) and for a webhook (/hook)."""

    receivers: Receivers

    def do_POST(self) -> None:
        """Take a message, or fail before it or after it."""
        channel = self.path.removeprefix("/")
        size = int(self.headers["Content-Length"])
        content = self.rfile.read(size)
        if len(content) < size:  # who sent it was killed meanwhile: it was not taken
            return
        fault = self.receivers.fault(channel, down=0.05, limited=0.02, closed=0.03, lost=0.01)
        if fault == "down":
            self._answer(503)
        elif fault == "limited":
            self._answer(429, ("Retry-After", "1"))
        elif fault != "closed":
            self._take(channel, content, lost=fault == "lost")

    def _take(self, channel: str, content: bytes, *, lost: bool) -> None:
        uid = UID.fullmatch(self.headers["webhook-id"].encode())
        assert uid is not None
        trap = self.receivers.take(channel, content, uid[0], lost=lost)
        if not lost:
            self._answer(200)
        if trap is not None:
            trap.spring()

    def _answer(self, status: int, *headers: tuple[str, str]) -> None:
        with suppress(OSError):  # who asked may have been killed
            self.send_response(status)
            for header in (*headers, ("Content-Length", "2")):
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
