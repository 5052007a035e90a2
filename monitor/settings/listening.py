"""Where a server is to listen: ``HOST:PORT``."""

import re
from ipaddress import IPv6Address

_HOST_AND_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*))):([0-9]{1,5})")
_LARGEST_PORT = 65_535


def parse_listen_address(text: str) -> tuple[str, int] | None:
    """Return host and port, the brackets of an IPv6 host taken off; None for no text.

    Port 0 stands for any free one. ValueError when the text is no such place.
    """
    if not text.strip():
        return None
    found = _HOST_AND_PORT.fullmatch(text.strip())
    if found is None or int(found[3]) > _LARGEST_PORT:
        raise ValueError(text)
    if found[1] is not None:
        return str(IPv6Address(found[1])), int(found[3])
    return found[2], int(found[3])
