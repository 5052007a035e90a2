"""What a service answered, fit for an error, a log and the store."""

from collections.abc import Iterable

from monitor.model.neutral import neutral

_LONGEST = 200


def told(words: bytes | str, secrets: Iterable[str] = ()) -> str:
    """Return the service's words on one line: short, neutral, and without the secrets.

    A service may say back what it was sent, so the secrets are looked for before anything is
    cut.
    """
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    line = " ".join(neutral(text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
