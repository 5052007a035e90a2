"""Suggests the known name that was probably meant."""

import difflib
from collections.abc import Iterable

# The cutoff that difflib uses by itself.
LEAST_LIKENESS = 0.6


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the known name that was probably meant, else with all of them."""
    names = list(known)
    near = nearest(name, names)
    return f"did you mean {near}?" if near else f"there are {', '.join(names)}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like this one; None when none is."""
    best = max(known, key=lambda one: likeness(name, one), default=None)
    return best if best is not None and likeness(name, best) >= LEAST_LIKENESS else None


def likeness(name: str, known: str) -> float:
    """Return 0 to 1; a word of the name (``timeout`` of ``busy_timeout_s``) is like it too."""
    if name in known.split("_") or (name and known.startswith(name)):
        # Ranks above every misspelling and below the exact name.
        return 0.9 + (name == known) / 10
    return difflib.SequenceMatcher(None, name, known).ratio()
