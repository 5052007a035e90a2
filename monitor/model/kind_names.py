"""Kinds of change events, and groups of them, by the names that people write."""

import difflib
from collections.abc import Iterable

from monitor.model.changes import FORMER_KINDS, GROUPS, ChangeKind

_LONGEST_SHOWN = 40  # characters of a wrong name: it may be a whole pasted line


def kinds_of(words: Iterable[str]) -> frozenset[ChangeKind]:
    """Return the kinds that are named, each by its own name or by its group's.

    Names are read in any case, with ``_``, ``-`` or blanks between their words. No words: no
    kinds. ValueError names the nearest ones.
    """
    return frozenset(kind for word in words for kind in _kinds(word))


def kind_or_group(word: str) -> str:
    """Return the name of a kind or a group as it is spelled here; ValueError as ``kinds_of``."""
    name = "_".join(word.replace("-", " ").replace("_", " ").lower().split())
    # Configurations and scripts of earlier versions stay valid.
    name = FORMER_KINDS.get(name, name)
    if name not in GROUPS and name not in set(ChangeKind):
        raise ValueError(_unknown(word, name))
    return name


def _kinds(word: str) -> frozenset[ChangeKind]:
    name = kind_or_group(word)
    return GROUPS[name] if name in GROUPS else frozenset({ChangeKind(name)})


def _unknown(word: str, name: str) -> str:
    near = difflib.get_close_matches(name[:_LONGEST_SHOWN], [*GROUPS, *ChangeKind], n=2, cutoff=0.6)
    fix = f"did you mean {' or '.join(near)}?" if near else f"the groups are {', '.join(GROUPS)}"
    return f"there is no kind and no group of changes {word[:_LONGEST_SHOWN]!r}; {fix}"
