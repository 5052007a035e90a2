"""Loading the settings: choose the file, lay the environment over it, check every value."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from monitor.config.given import Given, read_environment, read_file
from monitor.config.keys import KEY_TYPES, SECRETS, Key
from monitor.config.settings import Settings
from monitor.errors import ConfigError

DEFAULT_FILE = Path("config/monitor.toml")
CONFIG_VARIABLE = "MONITOR_CONFIG"

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_SHOWN_CHARACTERS = 60


def load(path: Path | None = None, *, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the file with the environment's laid over them.

    The file is ``path``, else what MONITOR_CONFIG names, else config/monitor.toml where there
    is one; without a file the defaults hold. Over it lie ``MONITOR_<SECTION>__<KEY>``, and
    MONITOR_DATABASE_URL over those; each also as ``…_FILE``, which names a file that holds the
    value. ``${NAME}`` in a text of the file stands for the environment's NAME.

    ConfigError names the place, the key and what may be written there, and shows no secret.
    """
    file = _chosen_file(path, environ)
    given = {**(read_file(file) if file else {}), **read_environment(environ)}
    sections: dict[str, dict[str, Any]] = {}
    for (section, name), found in given.items():
        checked = _checked((section, name), found, environ)
        sections.setdefault(section, {})[name] = checked
    return msgspec.convert(sections, Settings)


def _chosen_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    if path is not None:
        return path
    named = environ.get(CONFIG_VARIABLE)
    if not named:
        return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if not Path(named).is_file():
        raise ConfigError(
            f"{CONFIG_VARIABLE} names {named}, which is no file; name one or unset it"
        )
    return Path(named)


def _checked(key: Key, given: Given, environ: Mapping[str, str]) -> Any:
    """Return the value in the key's type; numbers may be text where the environment gave them."""
    value, may_be_text = given.value, given.from_environment
    if isinstance(value, str) and not given.from_environment:
        value = _REFERENCE.sub(lambda found: _referred(found[1], given.place, environ), value)
        may_be_text = value != given.value
    try:
        return msgspec.convert(value, KEY_TYPES[key], strict=not may_be_text)
    except msgspec.ValidationError:
        _, meta = get_args(KEY_TYPES[key])
        # Not "from exc": msgspec's message can quote the value, which may be a secret.
        raise ConfigError(f"{_said(key, given)}; write {meta.description}") from None


def _referred(name: str, place: str, environ: Mapping[str, str]) -> str:
    if not environ.get(name):
        raise ConfigError(
            f"{place}: ${{{name}}} stands for the environment variable {name}, which is not set;"
            " set it, or write the value"
        )
    return environ[name]


def _said(key: Key, given: Given) -> str:
    """Name the place and, unless it is secret, what stands there (a reference unreplaced)."""
    if key in SECRETS or given.place.endswith("_FILE"):
        return f"{given.place} will not do"
    shown = repr(given.value)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = f"{shown[:_SHOWN_CHARACTERS]}…"
    return f"{given.place} = {shown} will not do"
