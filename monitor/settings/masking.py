"""URLs as messages may show them."""

import re

_SECRET_PARAMETER = re.compile(r"(?i)([?&][^=&#]*(?:pass|token|secret)[^=&#]*=)[^&#]*")


def mask_url(url: str) -> str:
    """Return the URL with its password, and passwords among its parameters, as ``***``.

    Rather too much than too little: in a URL that is not well-formed everything up to the last
    ``@`` counts as user and password, and what is no URL at all is ``***``. A path
    (``sqlite:///…``) has neither user nor password.
    """
    # Example: postgresql://ana:PASSWORD@db/trials is shown as postgresql://ana:***@db/trials.
    scheme, found, rest = url.partition("://")
    if not found:
        return "***"
    if not rest.startswith("/") and "@" in rest:
        credentials, _, place = rest.rpartition("@")
        user, colon, _ = credentials.partition(":")
        rest = f"{user}:***@{place}" if colon else f"{user}@{place}"
    return _SECRET_PARAMETER.sub(r"\1***", f"{scheme}://{rest}")
