"""One value against its key's type: what comes out, and the error when it is invalid."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args, get_origin

import msgspec

from monitor.config.raw_values import FILE_SUFFIX, RawValue, read_value_file
from monitor.errors import ConfigError
from monitor.settings.secret import Secret
from monitor.settings.section import HIDDEN, Check, InvalidValueError
from monitor.settings.times import parse_duration

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_SHOWN_CHARACTERS = 60


def validate(kind: Any, given: RawValue, environ: Mapping[str, str]) -> Any:
    """Return the value in a key's type ``kind``, Annotated as ``Section`` says.

    ``${NAME}`` in a text of the file is replaced first; numbers may be text where the
    environment gave them, and a single value is taken as a list of one. ConfigError names the place
    and what may be written there, and shows no value that is hidden.
    """
    base, meta, *marks = get_args(kind)
    given = alone_as_list(kind, given)
    value = given.value if given.from_environment else resolve_references(given, environ)
    # Of the file's own texts only those that a reference made may mean a number.
    as_written = value == given.value
    strict = as_written and not given.from_environment
    hidden = HIDDEN in marks or given.place.endswith(FILE_SUFFIX)
    try:
        if timedelta in (base, *get_args(base)):
            return parse_duration(_convert(value, str))
        value = _convert(value, kind, strict=strict)
        for mark in marks:
            if isinstance(mark, Check):
                value = mark.run(value)
    except ValueError as exc:  # msgspec's ValidationError is one
        # What a reference or a file stands for may be a secret, so only its own text is quoted.
        if isinstance(exc, InvalidValueError) and as_written and not hidden:
            message = f"{given.place}: {exc}"
        else:
            message = f"{_describe(given, hidden=hidden)}: expected {meta.description}"
        # Not "from exc": msgspec's message can quote the value too.
        raise ConfigError(message) from None
    return value


def alone_as_list(kind: Any, given: RawValue) -> RawValue:
    """Return a text or a table as a list of one where the key takes a list."""
    is_list = get_origin(get_args(kind)[0]) is tuple
    return replace(given, value=[given.value]) if is_list and _is_one(given.value) else given


def _is_one(value: Any) -> bool:
    return isinstance(value, str | dict)


def _convert(value: Any, kind: Any, *, strict: bool = True) -> Any:
    """Convert to a kind of setting: scalars and lists of them, no struct."""
    return msgspec.convert(value, kind, strict=strict)  # noqa: TID251


def resolve_references(given: RawValue, environ: Mapping[str, str]) -> Any:
    """Return the value with every reference in its texts replaced, lists and tables included.

    ConfigError for a variable that is not set.
    """
    value = given.value
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _look_up(found[1], given.place, environ), value)
    if isinstance(value, list):
        return [resolve_references(replace(given, value=one), environ) for one in value]
    if isinstance(value, dict):
        return {
            name: resolve_references(
                replace(given, place=f"{given.place}.{name}", value=one), environ
            )
            for name, one in value.items()
        }
    return value


def _look_up(name: str, place: str, environ: Mapping[str, str]) -> str:
    """Return what NAME holds, else the file that NAME_FILE names."""
    if environ.get(name):
        return environ[name]
    by_file = environ.get(name + FILE_SUFFIX)
    if by_file:
        return read_value_file(by_file, place=f"{place}: {name}{FILE_SUFFIX}")
    raise ConfigError(
        f"{place}: ${{{name}}} stands for the environment variable {name}, which is not set;"
        f" set it or {name}{FILE_SUFFIX}, or write the value"
    )


def _describe(given: RawValue, *, hidden: bool) -> str:
    """Name the place and, unless it is hidden, what is there (a reference unreplaced)."""
    if hidden:
        return f"{given.place} is invalid"
    shown = repr(given.value)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = f"{shown[:_SHOWN_CHARACTERS]}…"
    return f"{given.place} = {shown} is invalid"


# --- secrets: looked up when they are used, never shown -------------------------------------------


def is_secret(kind: Any) -> bool:
    """Return whether a key's type is that of a secret, or of a list of them."""
    base = get_args(kind)[0]
    return Secret in (base, *get_args(base))


def secret(
    kind: Any, given: RawValue, environ: Mapping[str, str], *, by_file: bool
) -> Secret | tuple[Secret, ...]:
    """Return the secret, or the list of them, that a key of a table gives.

    It is a text, in which ``${NAME}`` may stand, or ``by_file`` the name of a file that holds it.
    ConfigError, which shows nothing of it, when that is no text.
    """
    base, meta = get_args(kind)[:2]
    many = get_origin(base) is tuple
    if by_file:
        found = _secret_in_file(given, environ)
    elif many and isinstance(given.value, list) and given.value:
        pieces = (replace(given, value=piece) for piece in given.value)
        return tuple(_secret_text(piece, environ, meta.description) for piece in pieces)
    else:
        found = _secret_text(given, environ, meta.description)
    return (found,) if many else found


def _secret_text(given: RawValue, environ: Mapping[str, str], description: str) -> Secret:
    _require_text(given, description)

    # Not looked up now: a command that sends nothing runs without the secret.
    def look_up() -> str:
        text = str(resolve_references(given, environ)).strip()
        if not text:
            raise ConfigError(f"{given.place} is empty; write {description}")
        return text

    return Secret(look_up)


def _secret_in_file(given: RawValue, environ: Mapping[str, str]) -> Secret:
    """Return what the named file holds, without white space around it."""
    _require_text(given, "the path of a text file that holds the secret")
    return Secret(
        lambda: read_value_file(
            str(resolve_references(given, environ)), place=given.place, what="secret"
        )
    )


def _require_text(given: RawValue, description: str) -> None:
    if not isinstance(given.value, str) or not given.value.strip():
        raise ConfigError(f"{given.place} is invalid: expected {description}")
