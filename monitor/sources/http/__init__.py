"""HTTP for the sources: settings in, answers or SourceErrors out.

Importing this loads none of the HTTP libraries; the first request does.
"""

from monitor.settings import HttpSettings
from monitor.settings.sections import Transport
from monitor.sources.http.answer import Answer, Headers
from monitor.sources.http.client import Client, OnRequest, OnRetry, RequestLog, RetryLog
from monitor.sources.http.faults import (
    BrokenTransferError,
    BusyError,
    HostClosedError,
    HtmlAnswerError,
    HttpStatusError,
    RetryableError,
    StoppedError,
    TimedOutError,
    TlsError,
    TooLargeError,
    UnreachableError,
)
from monitor.sources.http.pace import HISTORY_PACE, HOSTS, Hosts, Pace, RateLimit
from monitor.sources.http.session import user_agent

__all__ = [
    "HISTORY_PACE",
    "HOSTS",
    "Answer",
    "BrokenTransferError",
    "BusyError",
    "Client",
    "Headers",
    "HostClosedError",
    "Hosts",
    "HtmlAnswerError",
    "HttpSettings",
    "HttpStatusError",
    "OnRequest",
    "OnRetry",
    "Pace",
    "RateLimit",
    "RequestLog",
    "RetryLog",
    "RetryableError",
    "StoppedError",
    "TimedOutError",
    "TlsError",
    "TooLargeError",
    "Transport",
    "UnreachableError",
    "user_agent",
]
