"""The name under which the monitor asks, by its settings."""

from monitor import __version__
from monitor.settings import HttpSettings
from monitor.settings.sections import Transport

__all__ = ["MEGABYTE", "HttpSettings", "Transport", "user_agent"]

MEGABYTE = 1 << 20


def user_agent(settings: HttpSettings, library: str) -> str:
    """Return the user agent: the monitor, the contact, the HTTP library's own name.

    ``library`` is what the library calls itself ("python-requests/2.34.2"). It stands at the end
    because the registry's edge refuses a name that does not fit the client's TLS.
    """
    if settings.user_agent:
        return settings.user_agent
    words = [f"trial-monitor/{__version__}"]
    if settings.contact:
        words.append(f"(+{settings.contact})")
    return " ".join([*words, library])
