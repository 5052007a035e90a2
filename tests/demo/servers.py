"""Where the demo's alerts arrive: a mail server and a hook, both on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.channels.mailbox import MailServer


@dataclass
class DemoMailbox:
    """Keeps every mail that it is given as a file."""

    folder: Path
    mails: list[Path] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        path = self.folder / f"{len(self.mails) + 1}.eml"
        content = envelope.content or b""
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.mails.append(path)
        return "250 OK"


@contextmanager
def mail_server(folder: Path) -> Iterator[tuple[str, DemoMailbox]]:
    """Yield HOST:PORT of a mail server, and its mailbox."""
    folder.mkdir()
    mailbox = DemoMailbox(folder)
    with MailServer(mailbox) as server:
        yield server.place, mailbox


@dataclass
class Hook:
    """What was posted."""

    payloads: list[dict[str, Any]] = field(default_factory=list)

    def texts(self) -> list[str]:
        """Return the messages as a chat would show them first."""
        return [str(payload.get("text", "")) for payload in self.payloads]


@contextmanager
def hook_server() -> Iterator[tuple[str, Hook]]:
    """Yield the URL of a hook that answers like Slack's, and what it is sent."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hook.payloads.append(json.loads(body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/demo", hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
