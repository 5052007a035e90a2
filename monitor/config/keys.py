"""The keys that exist, read off the structs, and what somebody may have meant."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import fields

from monitor.config.settings import Section, Settings
from monitor.errors import ConfigError

Key = tuple[str, str]  # section and name
Spelling = Callable[[Key], str]

SECTIONS: Mapping[str, type[Section]] = {found.name: found.type for found in fields(Settings)}
KEY_TYPES: Mapping[Key, Any] = {
    (section, found.name): found.type
    for section, struct in SECTIONS.items()
    for found in fields(struct)
}
# Their values never stand in an error, not even wrong ones.
SECRETS: frozenset[Key] = frozenset({("store", "url")})

LEAST_LIKENESS = 0.6


def require_section(section: str, *, place: str) -> None:
    """Pass when there is such a section, else raise a ConfigError that names the nearest."""
    if section not in SECTIONS:
        near = difflib.get_close_matches(section, SECTIONS, n=1, cutoff=LEAST_LIKENESS)
        fix = f"did you mean [{near[0]}]?" if near else f"there are {_listed(SECTIONS)}"
        raise ConfigError(f"{place}: there is no section [{section}]; {fix}")


def require_key(key: Key, *, place: str, spelling: Spelling) -> None:
    """Pass when there is such a key, else raise a ConfigError that names the nearest.

    ``spelling`` writes a key as it is written at that place.
    """
    if key in KEY_TYPES:
        return
    section, name = key
    near = max(KEY_TYPES, key=lambda known: _likeness(name, known[1]))
    if _likeness(name, near[1]) >= LEAST_LIKENESS:
        fix = f"did you mean {spelling(near)}?"
    else:
        known_here = [known for known in KEY_TYPES if known[0] == section] or KEY_TYPES
        fix = f"there are {', '.join(spelling(known) for known in known_here)}"
    raise ConfigError(f"{place}: there is no such key; {fix}")


def _likeness(name: str, known: str) -> float:
    """Return 0 to 1; a word of the name (``timeout`` of ``busy_timeout_s``) is like it too."""
    if name in known.split("_") or (name and known.startswith(name)):
        return 0.9 + (name == known) / 10
    return difflib.SequenceMatcher(None, name, known).ratio()


def _listed(sections: Mapping[str, object]) -> str:
    return ", ".join(f"[{section}]" for section in sections)
