"""E-mail over SMTP: one connection for many messages."""

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import ClassVar

from monitor.channels.config_errors import config_error
from monitor.channels.mail import compose
from monitor.channels.redaction import login_secrets, redact
from monitor.channels.smtp import ConnectionLimits, WatchedSmtp
from monitor.deadlines.sockets import ByteLimitError
from monitor.errors import DeliveryError
from monitor.model.messages import Message, Rendering
from monitor.settings import DeliverySettings, EmailChannelSettings, Secret
from monitor.settings.hosts import read_address
from monitor.settings.sections import DELIVERY_DEFAULTS

# The server ends the session, whatever it was asked (RFC 5321, 3.8).
_CLOSING = 421
# They speak of the login (RFC 4954), not of the message: the operator can mend them.
_LOGIN = {530, 534, 535, 538}
_NO_SMTP = "what is no SMTP"


class EmailChannel:
    """Mails to the addresses of the settings.

    The password is looked up when the channel is made: ConfigError where it is not there, or
    cannot be sent.
    """

    type: ClassVar[str] = "email"
    is_reachable: ClassVar[bool] = True
    renderings: ClassVar[frozenset[Rendering]] = frozenset({"text", "html"})

    def __init__(
        self, settings: EmailChannelSettings, delivery: DeliverySettings = DELIVERY_DEFAULTS
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self.targets = settings.targets
        self._delivery = delivery
        self._login: tuple[str, Secret] | None = None
        if settings.password is not None:
            password = settings.password.resolve()
            # smtplib encodes the login as ASCII; found here, this stops the start instead of
            # every message.
            if not f"{settings.username}{password.reveal()}".isascii():
                raise config_error(self.name, "password", "SMTP logins take ASCII characters only")
            self._login = (settings.username, password)

    @contextlib.contextmanager
    def connect(self) -> Iterator["SmtpConnection"]:
        """Yield a connection that is made by the first message and lasts for all of them."""
        connection = SmtpConnection(self.settings, self._delivery, self._login)
        try:
            yield connection
        finally:
            connection.close()


class SmtpConnection:
    """A session with the server, made when it is needed."""

    def __init__(
        self,
        settings: EmailChannelSettings,
        delivery: DeliverySettings,
        login: tuple[str, Secret] | None,
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._login = login
        self._private: tuple[str, ...] = ()
        self._smtp: smtplib.SMTP | None = None
        self._line = ConnectionLimits(delivery.answer_limit_bytes)
        self._sender = settings.mailbox
        self._host, self._port = settings.place

    def send(self, message: Message) -> str:
        """Send one mail to the message's target and return what the server said.

        DeliveryError: 5xx for the message or its address is permanent; 4xx, what concerns the
        connection or the login, and a connection lost half-way are not.
        """
        # A line end in an address would be a second SMTP command.
        if read_address(message.target) is None:
            raise DeliveryError("the message has no usable address", permanent=True)
        mail = compose(message, self._sender)
        self._line.renew()
        used = self._smtp is not None
        try:
            try:
                return self._transfer(self._open(), message.target, mail)
            except _BeforeTakenError:
                if not used:
                    raise
                # An idle connection was closed, before the server took anything of this mail.
                return self._transfer(self._open(), message.target, mail)
        except (smtplib.SMTPException, OSError) as exc:
            self._drop()
            raise self._to_delivery_error(exc) from None  # a server may have said a secret back

    def reach(self) -> str:
        """Make the session and return how far it went; DeliveryError when it cannot be made."""
        settings = self._settings
        self._line.renew()
        try:
            self._open()
        except (smtplib.SMTPException, OSError) as exc:
            raise self._to_delivery_error(exc) from None
        done = [f"{self._host}:{self._port} answers"]
        if settings.security != "none":
            done.append("its certificate is trusted")
        if self._login is not None:
            done.append("it took the login")
        return ", ".join(done)

    def cut(self) -> bool:
        """Shut the connection down under what is being said, from another thread."""
        self._line.handle.cut()
        return True

    def close(self) -> None:
        """End the session; the next message would make a new one."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if smtp.sock is not None:
                    smtp.sock.settimeout(min(self._delivery.timeout_s, 2.0))  # a farewell only
                smtp.quit()
            smtp.close()

    def _open(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp = self._connect()
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        smtp = WatchedSmtp(
            self._line,
            settings.place,
            hello=settings.hello or _own_name(),
            timeout_s=self._delivery.timeout_s,
            tls=self._trust() if settings.security == "tls" else None,
        )
        try:
            if settings.security == "starttls":
                smtp.start_tls(self._trust())
            if self._login is not None:
                username, password = self._login
                smtp.login(username, password.reveal())
            smtp.ehlo_or_helo_if_needed()
        # KeyboardInterrupt too: nobody else knows of this socket yet.
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _trust(self) -> ssl.SSLContext:
        """Return a context that checks certificates and names, by the system's authorities."""
        return ssl.create_default_context(cafile=self._settings.certificates or None)

    def _transfer(self, smtp: smtplib.SMTP, target: str, mail: bytes) -> str:
        """Make one transaction; after a refusal the session is ready for the next."""
        # What a server says goes into the log, where readers' addresses have no business.
        self._private = (target,) if self._settings.is_for_readers else ()
        try:
            code, words = self._envelope(smtp, target, len(mail))
            if _is_yes(code):
                code, words = smtp.data(mail)
        except smtplib.SMTPDataError as exc:
            code, words = exc.smtp_code, _as_bytes(exc.smtp_error)
        if _is_yes(code):
            return self._reply_text(code, words)
        # smtplib gives -1 for a line without a code: something other than SMTP listens there.
        if code < 200:
            raise smtplib.SMTPResponseException(-1, "")
        # The server hangs up after 421, so a RSET would meet a closed connection.
        if code == _CLOSING:
            self._drop()
        else:
            with contextlib.suppress(smtplib.SMTPServerDisconnected):
                smtp.rset()
        permanent = code >= 500 and code not in _LOGIN
        message = f"{self._host} answered {self._reply_text(code, words)}"
        raise DeliveryError(message, permanent=permanent)

    def _envelope(self, smtp: smtplib.SMTP, target: str, size: int) -> tuple[int, bytes]:
        # A server that announces SIZE refuses what is too large before it is transferred (RFC
        # 1870).
        options = [f"size={size}"] if smtp.has_extn("size") else []
        try:
            code, words = smtp.mail(self._sender.address, options)
            if _is_yes(code):
                code, words = smtp.rcpt(target)
        except smtplib.SMTPServerDisconnected as exc:
            self._drop()
            raise _BeforeTakenError(0, "") from exc
        if code == _CLOSING:
            self._drop()
            raise _BeforeTakenError(code, words)
        return code, words

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _reply_text(self, code: int, words: bytes | str) -> str:
        secrets = self._private
        if self._login is not None:
            secrets += login_secrets(self._login[0], self._login[1].reveal())
        return f"{code} {redact(words, secrets)}".rstrip()

    def _to_delivery_error(self, exc: Exception) -> DeliveryError:
        """Return what a failing connection means: nothing is wrong with the message."""
        # The order of these tests matters: an authentication error is a response error, an
        # untrusted certificate an SSLError, and both kinds of SSL error are OSErrors.
        if isinstance(exc, smtplib.SMTPAuthenticationError):
            reason = f"refused the login: {self._reply_text(exc.smtp_code, exc.smtp_error)}"
        elif isinstance(exc, smtplib.SMTPResponseException) and exc.smtp_code:
            known = exc.smtp_code > 0
            reason = (
                f"answered {self._reply_text(exc.smtp_code, exc.smtp_error) if known else _NO_SMTP}"
            )
        elif isinstance(exc, smtplib.SMTPNotSupportedError):
            reason = "does not offer what the settings ask for (STARTTLS, or a kind of login)"
        elif isinstance(exc, ssl.SSLCertVerificationError):
            reason = f"has a certificate that is not trusted: {exc.verify_message}"
        elif isinstance(exc, ssl.SSLError):
            reason = f"and TLS failed: {exc.reason}"
        elif _is_of(exc, ByteLimitError):
            limit = self._delivery.answer_limit_bytes
            reason = f"said more than {limit >> 10:,} KB (delivery.answer_limit_kb)"
        elif _is_of(exc, TimeoutError):
            reason = f"was silent for {self._delivery.timeout_s:g} s"
        elif isinstance(exc, smtplib.SMTPException | ConnectionResetError | BrokenPipeError):
            reason = "closed the connection"
        else:
            reason = f"cannot be reached: {getattr(exc, 'strerror', None) or 'unknown'}"
        return DeliveryError(f"{self._host} {reason}", permanent=False)


def _is_of(exc: BaseException | None, kind: type[OSError]) -> bool:
    """Return whether such an error is behind it: smtplib calls many a disconnection."""
    while exc is not None and not isinstance(exc, kind):
        exc = exc.__context__
    return exc is not None


def _is_yes(code: int) -> bool:
    return 200 <= code < 300


def _as_bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()


class _BeforeTakenError(smtplib.SMTPResponseException):
    """The session ended before the server was given the mail; code 0: without a word."""


def _own_name() -> str:
    """Return a name for EHLO without asking the name service, which may take its time."""
    # EHLO wants a full name or an address in brackets (RFC 5321, 4.1.1.1).
    own = socket.gethostname()
    return own if "." in own and own.isascii() else "[127.0.0.1]"
