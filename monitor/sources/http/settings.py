"""What can be set about HTTP, and the name under which the monitor asks."""

from dataclasses import dataclass
from typing import Literal

from monitor import __version__
from monitor.errors import ConfigError

Transport = Literal["httpx2", "requests"]

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings:
    """How long a request is tried again.

    ``attempts`` counts the first one. The pauses double from ``wait_initial_s`` up to
    ``wait_max_s``, each with up to ``wait_jitter_s`` more. A server that asks for a longer pause
    than ``retry_after_max_s`` is not waited for. ``total_s`` bounds attempts and pauses together;
    the time spent on waiting for the rate limit does not count.
    """

    attempts: int = 6
    wait_initial_s: float = 2.0
    wait_max_s: float = 60.0
    wait_jitter_s: float = 2.0
    retry_after_max_s: float = 120.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """How the monitor asks over HTTP.

    ``contact`` is a mail address or a page; it goes into the user agent. ``user_agent`` replaces
    the whole user agent, for either transport. ``read_timeout_s`` is the longest silence,
    ``total_timeout_s`` the longest attempt from connecting to the last byte.
    ``answer_limit_mb`` counts megabytes of 1,048,576 bytes, decompressed. ``http2`` concerns
    ``httpx2`` alone; requests speaks HTTP/1.1.
    """

    contact: str | None = None
    requests_per_minute: int = 40
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    total_timeout_s: float = 300.0
    answer_limit_mb: int = 256
    retries: RetrySettings = RetrySettings()
    user_agent: str | None = None
    transport: Transport = "httpx2"
    http2: bool = True


def user_agent(settings: HttpSettings, library: str) -> str:
    """Return the user agent: the monitor, the contact, the HTTP library's own name.

    ``library`` is what the library calls itself ("python-requests/2.34.2"). It stands at the end
    because the registry's edge refuses a name that does not fit the client's TLS. ConfigError
    when the result cannot stand in a header.
    """
    if settings.user_agent is not None:
        return _checked("user_agent", settings.user_agent)
    words = [f"trial-monitor/{__version__}"]
    if settings.contact:
        words.append(f"(+{_checked('contact', settings.contact)})")
    return " ".join([*words, library])


def _checked(key: str, value: str) -> str:
    text = value.strip()
    if not text or not text.isascii() or not text.isprintable():
        message = (
            f"http.{key} goes into a header: it takes printable ASCII characters, not {value!r}"
        )
        raise ConfigError(message)
    return text
