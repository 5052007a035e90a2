"""The keys that exist, read from the structs, and suggestions for misspelled ones."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import fields

from monitor.errors import ConfigError
from monitor.settings import Settings
from monitor.settings.section import Section
from monitor.settings.suggest import LEAST_LIKENESS, likeness

SettingKey = tuple[str, str]  # section and name
Spelling = Callable[[SettingKey], str]

SOURCE, CHANNEL, SUBSCRIBER, SUBSCRIPTION = "source", "channel", "subscriber", "subscription"
# Not sections: [[source]] tables and the like, read by themselves.
LISTS = (SOURCE, CHANNEL, SUBSCRIBER, SUBSCRIPTION)
# A section whose keys are whatever people name: [synonyms], read by itself too.
SYNONYMS = "synonyms"
SECTIONS: Mapping[str, type[Section]] = {
    found.name: found.type
    for found in fields(Settings)
    if isinstance(found.type, type) and issubclass(found.type, Section)
}
KEY_TYPES: Mapping[SettingKey, Any] = {
    (section, found.name): found.type
    for section, struct in SECTIONS.items()
    for found in fields(struct)
}


def require_section(section: str, *, place: str, lists: bool = False) -> None:
    """Pass when there is such a section, else raise a ConfigError that names the nearest.

    ``lists``: it was written in two brackets.
    """
    if section in SECTIONS and not lists:
        return
    if section in {*SECTIONS, SYNONYMS}:
        raise ConfigError(f"{place}: [[{section}]] is not a list; write [{section}]")
    shown = f"[[{section}]]" if lists else f"[{section}]"
    near = difflib.get_close_matches(
        section, [*SECTIONS, SYNONYMS, *LISTS], n=1, cutoff=LEAST_LIKENESS
    )
    fix = f"did you mean {_header(near[0])}?" if near else f"there are {_all_sections()}"
    raise ConfigError(f"{place}: there is no section {shown}; {fix}")


def require_key(key: SettingKey, *, place: str, spelling: Spelling) -> None:
    """Pass when there is such a key, else raise a ConfigError that names the nearest.

    ``spelling`` writes a key as it is written at that place.
    """
    if key in KEY_TYPES:
        return
    section, name = key
    # Of all sections: the key may be under a wrong heading.
    near = max(KEY_TYPES, key=lambda known: likeness(name, known[1]))
    if likeness(name, near[1]) >= LEAST_LIKENESS:
        fix = f"did you mean {spelling(near)}?"
    else:
        known_here = [known for known in KEY_TYPES if known[0] == section] or KEY_TYPES
        fix = f"there are {', '.join(spelling(known) for known in known_here)}"
    raise ConfigError(f"{place}: there is no such key; {fix}")


def _header(section: str) -> str:
    return f"[[{section}]]" if section in LISTS else f"[{section}]"


def _all_sections() -> str:
    return ", ".join(_header(section) for section in [*SECTIONS, SYNONYMS, *LISTS])
