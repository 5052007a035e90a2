"""The places around an origin: the document that holds a piece, its file, its archive.

``batch`` finds by them which entries of the quarantine are settled: when something of
``a.zip!b.json`` is read, an entry about the whole of it is out of date.
"""

import re

# As ``monitor.sources.read_progress.Reading`` writes them: a line, an item of a list, a document.
_WITHIN = re.compile(r"(?:#[0-9]+|:[0-9]+|\[[0-9]+\])\Z")
_ENTRY = "!"


def places(origin: str) -> list[str]:
    """Return the origin and what is around it: ``a.zip!b.json[3]``, ``a.zip!b.json``, ``a.zip``."""
    found = [origin]
    while True:
        inner = found[-1]
        outer = _WITHIN.sub("", inner)
        if outer == inner:
            outer = inner.rpartition(_ENTRY)[0]
        if not outer:
            return found
        found.append(outer)
