"""A real SMTP server on loopback, and one that says what a script says."""

import asyncio
import email
import ssl
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.policy import default
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.sources.http.loopback import Connection, Loopback

USER = b"monitor"
PASSWORD = b"planted-secret-of-smtp"


class Mailbox:
    """Keeps what it takes; refuses the recipients, and the mails, that it is told to."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.sessions: list[Session] = []
        self.refused: dict[str, str] = {}
        self.answers: list[str] = []
        self._mails: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient or say why not."""
        del server, options
        if address in self.refused:
            return self.refused[address]
        self.sessions.append(session)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail or say why not."""
        del server, session
        answer = self.answers.pop(0) if self.answers else "250 queued as 1"
        if answer.startswith("2"):
            self.envelopes.append(envelope)
        return answer

    @property
    def mails(self) -> list[EmailMessage]:
        """What came, read as a mail program does."""
        for envelope in self.envelopes[len(self._mails) :]:  # each once: tests ask again and again
            assert isinstance(envelope.content, bytes)
            mail = email.message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self._mails.append(mail)
        return list(self._mails)


class MailServer(Controller):
    """Serves a mailbox, or another handler, on a free port; a context manager."""

    def __init__(self, mailbox: object, **arguments: Any) -> None:
        super().__init__(mailbox, hostname="127.0.0.1", port=0, ready_timeout=60, **arguments)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def place(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def with_login(mailbox: Mailbox, tls: ssl.SSLContext) -> MailServer:
    """Return a server that takes mails over STARTTLS, from who knows the password."""
    return MailServer(
        mailbox,
        tls_context=tls,
        require_starttls=True,
        auth_required=True,
        authenticator=_authenticate,
    )


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    del server, session, envelope, mechanism
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=False)


class ScriptedServer(Loopback):
    """Says one line after the other on each connection, whatever it hears, then does ``last``.

    ``heard`` holds the lines of all connections.
    """

    def __init__(
        self, *lines: Sequence[str], last: Callable[[Connection], None] = Connection.hang_up
    ) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.connections = 0
        self._lines = lines
        self._last = last

    def converse(self, connection: Connection) -> None:
        """Play the part of this connection."""
        lines = self._lines[min(self.connections, len(self._lines) - 1)]
        self.connections += 1
        for number, line in enumerate(lines):
            if number:
                self._listen(connection, whole=lines[number - 1].startswith("354"))
            connection.send(line.encode() + b"\r\n")
        self._last(connection)

    def _listen(self, connection: Connection, *, whole: bool) -> None:
        end = b"\r\n.\r\n" if whole else b"\r\n"
        data = b""
        while not data.endswith(end):
            chunk = connection.receive()
            if not chunk:
                return
            data += chunk
        self.heard.append(data.decode("latin-1").strip())
