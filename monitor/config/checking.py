"""One value against its key's type: what comes out, and the error when it will not do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import msgspec

from monitor.config.durations import duration
from monitor.config.given import FILE_SUFFIX, Given, held_by
from monitor.errors import ConfigError, UsageError
from monitor.model.nct import normalise_nct_id

Refine = Callable[[Any], Any]
"""Returns the value as it is to be kept; FaultError or another ValueError when it will not do."""

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_SHOWN_CHARACTERS = 60


class FaultError(ValueError):
    """Why a value will not do, and the fix, where its key's description does not say it."""


def nct_ids(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return NCT IDs in the registry's spelling, each once; FaultError names what is none."""
    try:
        return tuple(dict.fromkeys(normalise_nct_id(one) for one in given))
    except UsageError as exc:
        raise FaultError(str(exc)) from exc


def checked(
    kind: Any,
    given: Given,
    environ: Mapping[str, str],
    *,
    secret: bool = False,
    refine: Refine | None = None,
) -> Any:
    """Return the value in the type ``kind``, which is Annotated with a Meta that describes it.

    ``${NAME}`` in a text of the file is replaced first; numbers may be text where the
    environment gave them. ConfigError names the place and what may be written there, and shows
    no value that is ``secret``.
    """
    kept, meta = get_args(kind)[:2]
    value = given.value if given.from_environment else resolved(given, environ)
    # Of the file's own texts only those that a reference made may mean a number.
    as_written = value == given.value
    strict = as_written and not given.from_environment
    hidden = secret or given.place.endswith(FILE_SUFFIX)
    try:
        if timedelta in (kept, *get_args(kept)):
            return duration(_converted(value, str))
        value = _converted(value, kind, strict=strict)
        return refine(value) if refine else value
    except ValueError as exc:  # msgspec's ValidationError is one
        # What a reference or a file stands for may be a secret, so only its own text is quoted.
        if isinstance(exc, FaultError) and as_written and not hidden:
            message = f"{given.place}: {exc}"
        else:
            message = f"{_said(given, hidden=hidden)}; write {meta.description}"
        # Not "from exc": msgspec's message can quote the value too.
        raise ConfigError(message) from None


def _converted(value: Any, kind: Any, *, strict: bool = True) -> Any:
    """Convert to a kind of setting: scalars and lists of them, no struct."""
    return msgspec.convert(value, kind, strict=strict)  # noqa: TID251


def resolved(given: Given, environ: Mapping[str, str]) -> Any:
    """Return the value with every reference in its texts replaced, lists and tables included.

    ConfigError for a variable that is not set.
    """
    value = given.value
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _referred(found[1], given.place, environ), value)
    if isinstance(value, list):
        return [resolved(replace(given, value=one), environ) for one in value]
    if isinstance(value, dict):
        return {
            name: resolved(replace(given, place=f"{given.place}.{name}", value=one), environ)
            for name, one in value.items()
        }
    return value


def _referred(name: str, place: str, environ: Mapping[str, str]) -> str:
    """Return what NAME holds, else the file that NAME_FILE names."""
    if environ.get(name):
        return environ[name]
    by_file = environ.get(name + FILE_SUFFIX)
    if by_file:
        return held_by(by_file, place=f"{place}: {name}{FILE_SUFFIX}")
    raise ConfigError(
        f"{place}: ${{{name}}} stands for the environment variable {name}, which is not set;"
        f" set it or {name}{FILE_SUFFIX}, or write the value"
    )


def _said(given: Given, *, hidden: bool) -> str:
    """Name the place and, unless it is hidden, what stands there (a reference unreplaced)."""
    if hidden:
        return f"{given.place} will not do"
    shown = repr(given.value)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = f"{shown[:_SHOWN_CHARACTERS]}…"
    return f"{given.place} = {shown} will not do"
