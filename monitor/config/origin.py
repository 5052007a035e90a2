"""Where the settings come from: names of files, keys and variables, never a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.config.given import in_file, read_environment, read_file
from monitor.config.keys import SECTIONS
from monitor.config.load import chosen_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The file that is read (None: there is none), and who sets what.

    ``from_file``: the keys that the file sets to something else than their default
    (``[store] url``). ``tables``: how many ``[[…]]`` tables of each name it holds, at least one.
    ``from_environment``: the variables that lie over it.
    """

    file: Path | None
    from_file: tuple[str, ...]
    tables: Mapping[str, int]
    from_environment: tuple[str, ...]


def origin(path: Path | None = None, *, environ: Mapping[str, str]) -> Origin:
    """Return where ``load`` with the same arguments takes the settings from; the same errors."""
    file = chosen_file(path, environ)
    given, tables = read_file(file) if file else ({}, {})
    own = (
        in_file((section, name))
        for (section, name), found in given.items()
        if found.value != getattr(SECTIONS[section](), name)
    )
    variables = {found.place for found in read_environment(environ).values()}
    return Origin(
        file=file,
        from_file=tuple(own),
        tables={name: len(found) for name, found in tables.items() if found},
        from_environment=tuple(sorted(variables)),
    )
