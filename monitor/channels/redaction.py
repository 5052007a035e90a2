"""What a service answered, fit for an error, a log and the store."""

import base64
from collections.abc import Iterable

from monitor.model.sanitize import sanitize

_LONGEST = 200


def redact(words: bytes | str, secrets: Iterable[str] = ()) -> str:
    """Return the service's words on one line: short, neutral, and without the secrets.

    A service may say back what it was sent, so the secrets are looked for before anything is
    cut.
    """
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    line = " ".join(sanitize(text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def login_secrets(username: str | None, password: str | None) -> tuple[str, ...]:
    """Return what nobody must read of a login: the password, and as SMTP says it (RFC 4954).

    Some servers answer what they do not understand with the whole line that they heard.
    """
    if not password:
        return ()
    credentials = (f"\0{username}\0{password}", password)
    return (*(base64.b64encode(one.encode()).decode() for one in credentials), password)
