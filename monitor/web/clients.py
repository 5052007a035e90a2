"""Who asks: the address that a request comes from, past the proxies that are trusted."""

from ipaddress import ip_address

from starlette.requests import Request

from monitor.settings import WebSettings

_FORWARDED = "x-forwarded-for"


def client_host(request: Request, web: WebSettings) -> str:
    """Return the client's address, "" where it is not known.

    Of a proxy of ``trusted_proxies`` it is the one that the proxy saw: the last of
    ``X-Forwarded-For``, which alone no client can make up.
    """
    peer = request.client.host if request.client is not None else ""
    if not is_trusted(peer, web):
        return peer
    return request.headers.get(_FORWARDED, "").rpartition(",")[2].strip() or peer


def is_trusted(host: str, web: WebSettings) -> bool:
    """Return whether an address is a trusted proxy's."""
    try:
        # The zone of a link-local address (fe80::1%eth0) is no part of it.
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return any(address == ip_address(one) for one in web.trusted_proxies)
