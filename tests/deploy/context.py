"""Which files a build context holds, as .dockerignore says.

Source of the rules: Docker's "Build context" page. Patterns begin at the root of the context; the
last one that fits decides; ``!`` takes back; a folder's pattern means all that is below it.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

Rules = list[tuple[bool, re.Pattern[str]]]
_SPELT = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def context_files(project: Path) -> list[Path]:
    """Return the files of a context, relative to the project, sorted."""
    rules = read_rules((project / ".dockerignore").read_text("utf-8"))
    paths = (
        Path(folder, name).relative_to(project)
        for folder, _, names in os.walk(project)
        for name in names
    )
    return sorted(path for path in paths if not is_ignored(path.as_posix(), rules))


def read_rules(text: str) -> Rules:
    """Return for each pattern whether it takes files back, and what it fits."""
    return list(_rules(text))


def is_ignored(path: str, rules: Rules) -> bool:
    """Return whether the last rule that fits a path, or a folder above it, leaves it out."""
    fitting = [takes_back for takes_back, pattern in rules if pattern.fullmatch(path)]
    return bool(fitting) and not fitting[-1]


def _rules(text: str) -> Iterator[tuple[bool, re.Pattern[str]]]:
    for line in text.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            pieces = re.split(r"(\*\*/?|\*|\?)", pattern.removeprefix("!").strip("/"))
            regex = "".join(_SPELT.get(piece, re.escape(piece)) for piece in pieces)
            yield pattern.startswith("!"), re.compile(f"{regex}(?:/.*)?")
