"""From a key of a table to the secret that it gives: as a text or by a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.config.checking import resolved
from monitor.config.given import FILE_SUFFIX, Given
from monitor.config.secret import Secret
from monitor.errors import ConfigError

FILE_KEY_SUFFIX = FILE_SUFFIX.lower()


def secret_of(given: Given, environ: Mapping[str, str], *, description: str) -> Secret:
    """Return what a key of a table gives: a text, in which ``${NAME}`` may stand.

    ConfigError, which shows nothing of it, when that is no text.
    """
    _require_text(given, description)

    def look_up() -> str:
        text = str(resolved(given, environ)).strip()
        if not text:
            raise ConfigError(f"{given.place} is empty; write {description}")
        return text

    return Secret(look_up)


def secret_in_file(given: Given, environ: Mapping[str, str]) -> Secret:
    """Return what the file holds that a key of a table names, without white space around it."""
    description = "the path of a text file that holds the secret"
    _require_text(given, description)

    def look_up() -> str:
        file = Path(str(resolved(given, environ)))
        try:
            text = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError, ValueError) as exc:
            reason = getattr(exc, "strerror", None) or "not UTF-8"
            raise ConfigError(
                f"{given.place} names {file}, which cannot be read ({reason}); name a text file"
            ) from None  # a decoding error holds the bytes
        if not text:
            raise ConfigError(f"{given.place} names {file}, which is empty; write the secret there")
        return text

    return Secret(look_up)


def _require_text(given: Given, description: str) -> None:
    value: Any = given.value
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{given.place} will not do; write {description}")
