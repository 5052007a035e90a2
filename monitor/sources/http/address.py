"""Build the target of a request from a base URL, a path and parameters.

The first step of ``client``; every URL that is requested or shown comes from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from monitor.errors import ConfigError, SourceError

Params = Mapping[str, str] | Sequence[tuple[str, str]]
Pairs = tuple[tuple[str, str], ...]

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The target of a request: its URL, and ``host`` and ``path`` for messages and limits.

    ``host`` carries the port where it is not the scheme's own.
    """

    url: str
    host: str
    path: str


class ServerAddress:
    """Where a server is; ConfigError when the URL is none that can be asked."""

    def __init__(self, base_url: str) -> None:
        fault = _fault(base_url)
        if fault is not None:
            message = f"base_url {fault}: it is like https://clinicaltrials.gov"
            raise ConfigError(message)
        self._base = base_url.strip().rstrip("/")

    def target(self, path_or_url: str, params: Params | None) -> tuple[Target, Pairs]:
        """Return what to ask for, and the parameters one by one.

        A path goes behind the base URL. SourceError for a full URL that cannot be asked.
        """
        if not path_or_url.startswith(("http://", "https://")):
            path_or_url = f"{self._base}/{path_or_url.lstrip('/')}"
        elif (fault := _fault(path_or_url)) is not None:
            message = f"a URL {fault} cannot be asked"
            raise SourceError(message)
        pairs = _pairs(params)
        parts = urlsplit(path_or_url)
        # Both transports send these very bytes: nothing is left for them to encode.
        # `quote`, not the `quote_plus` of forms: a "+" for a space is a plus sign to some servers.
        query = "&".join(part for part in (parts.query, urlencode(pairs, quote_via=quote)) if part)
        url = parts._replace(query=query, fragment="").geturl()
        return Target(url=url, host=_host(parts), path=parts.path or "/"), pairs


def _pairs(params: Params | None) -> Pairs:
    if params is None:
        return ()
    return tuple(params.items()) if isinstance(params, Mapping) else tuple(params)


def _fault(url: str) -> str | None:
    """Say what is wrong with the URL, without telling a password in it."""
    try:
        parts = urlsplit(url.strip())
        # Looked at because it is checked only then: "https://host:99999" is split without a word.
        _ = parts.port
    except ValueError:
        return "that is malformed"
    if parts.scheme not in _PORTS or not parts.hostname:
        return "without http:// or https:// and a host"
    # Security: a password in a URL would be in every message and log line that names it.
    if parts.username is not None:
        return "with a user name or password"
    return None


def _host(parts: SplitResult) -> str:
    # "clinicaltrials.gov." is the same host, and must not get a rate limit of its own.
    host = (parts.hostname or "").rstrip(".")
    shown = f"[{host}]" if ":" in host else host
    own = parts.port in (None, _PORTS[parts.scheme])
    return shown if own else f"{shown}:{parts.port}"
