"""Translate errors of the HTTP libraries into SourceErrors with one clear sentence.

Both transports call it. The sentences name the host and the path, never the parameters or
credentials.
"""

import socket
import ssl
from collections.abc import Iterator

from monitor.errors import SourceError
from monitor.sources.http.address import Target
from monitor.sources.http.errors import (
    BrokenTransferError,
    TimedOutError,
    TlsError,
    UnreachableError,
)

_DETAIL_CHARS = 160


def connect_error(exc: BaseException, target: Target) -> SourceError:
    """Return why there is no connection, from the innermost error of the library's."""
    wrapped = list(causes(exc))
    for cause in wrapped:
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
            break  # hung up during the handshake: that may pass
        if isinstance(cause, ssl.SSLError):
            return TlsError(f"TLS with {target.host} failed: {_tls_reason(cause)}")
        # Found at the bottom: the library's own text is that of a connection that failed, and sends
        # people to look at the network where DNS is at fault.
        if isinstance(cause, socket.gaierror):
            name = target.host.rpartition(":")[0] or target.host
            reason = cause.strerror or "not known"
            return UnreachableError(f"the name {name} cannot be resolved: {reason}")
    return UnreachableError(f"{target.host} cannot be reached: {_reason(wrapped)}")


def broken_transfer(exc: BaseException, target: Target) -> BrokenTransferError:
    """Return the error of a response that ended early."""
    reason = _reason(list(causes(exc)))
    return BrokenTransferError(f"the answer of {target.host} to {target.path} broke off: {reason}")


def connect_timeout(target: Target, seconds: float) -> TimedOutError:
    """Return the error of a connection that was not accepted in time."""
    return TimedOutError(f"{target.host} took no connection within {seconds:g} s")


def read_timeout(target: Target, seconds: float) -> TimedOutError:
    """Return the error of a server that went silent."""
    return TimedOutError(f"{target.host} sent nothing for {seconds:g} s, asked for {target.path}")


def invalid_request(exc: BaseException, target: Target) -> SourceError:
    """Return the error of a request that cannot be encoded."""
    reason = _reason(list(causes(exc)))
    return SourceError(f"{target.host} cannot be asked for {target.path}: {reason}")


def causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it wraps, the deepest last.

    requests and urllib3 carry the cause as ``reason`` or as an argument.
    """
    # Causes can form a circle (`raise a from b` within `except a`).
    seen: set[int] = set()
    step: object = exc
    while isinstance(step, BaseException) and id(step) not in seen:
        seen.add(id(step))
        yield step
        inner = [getattr(step, "reason", None), step.__cause__, step.__context__, *step.args]
        step = next((x for x in inner if isinstance(x, BaseException) and id(x) not in seen), None)


def _tls_reason(exc: ssl.SSLError) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {exc.verify_message}"
    return (exc.reason or str(exc)).replace("_", " ").lower()


def _reason(wrapped: list[BaseException]) -> str:
    """Return the words of the system's error, else those of the deepest one."""
    for cause in reversed(wrapped):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    words = " ".join(str(wrapped[-1]).split())[:_DETAIL_CHARS].rstrip(".")
    return words or type(wrapped[-1]).__name__
