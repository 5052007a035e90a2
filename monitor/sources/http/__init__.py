"""HTTP for the sources: settings in, answers or SourceErrors out.

Importing this loads none of the HTTP libraries; the first request does.
"""

from monitor.settings import HttpSettings
from monitor.settings.sections import Transport
from monitor.sources.http.client import Client, OnRequest, OnRetry, RequestLog, RetryLog
from monitor.sources.http.errors import (
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
from monitor.sources.http.pacing import HISTORY_PACE, HOSTS, Hosts, RateLimit, RequestPace
from monitor.sources.http.response import Headers, HttpResponse
from monitor.sources.http.session import user_agent

__all__ = [
    "HISTORY_PACE",
    "HOSTS",
    "BrokenTransferError",
    "BusyError",
    "Client",
    "Headers",
    "HostClosedError",
    "Hosts",
    "HtmlAnswerError",
    "HttpResponse",
    "HttpSettings",
    "HttpStatusError",
    "OnRequest",
    "OnRetry",
    "RateLimit",
    "RequestLog",
    "RequestPace",
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
