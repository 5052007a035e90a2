"""Errors of a request, from the connection to the status.

All of them are SourceErrors; their classes tell retries and metrics what went wrong.
"""

from monitor.errors import SourceError


class StoppedError(SourceError):
    """The monitor is shutting down."""

    def __init__(self) -> None:
        super().__init__("stopped")


class RetryableError(SourceError):
    """The same request may succeed a little later.

    ``retry_after_s`` is the pause that the server asked for.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnreachableError(RetryableError):
    """No connection: the name is not known, nobody listens, no route."""


class TimedOutError(RetryableError):
    """Connecting, the next bytes or the whole answer took longer than allowed."""


class BrokenTransferError(RetryableError):
    """The answer ended early or is not what its headers say."""


class TlsError(SourceError):
    """The server could not prove who it is, or TLS could not be agreed on."""


class TooLargeError(SourceError):
    """The answer is larger than the limit."""


class HtmlAnswerError(SourceError):
    """A page for people came with a status of success."""


class HttpStatusError(SourceError):
    """The server answered with a status that is no answer.

    ``excerpt`` is the beginning of a text/plain body, else "".
    """

    def __init__(self, message: str, *, status: int, excerpt: str) -> None:
        super().__init__(message)
        self.status = status
        self.excerpt = excerpt


class HostClosedError(HttpStatusError):
    """The host asked for a pause beyond the limit; nothing is sent before it is over."""


class BusyError(RetryableError, HttpStatusError):
    """The server answered 408, 429 or 5xx: not now."""

    def __init__(
        self, message: str, *, status: int, excerpt: str, retry_after_s: float | None
    ) -> None:
        HttpStatusError.__init__(self, message, status=status, excerpt=excerpt)
        self.retry_after_s = retry_after_s
