"""Finding a part of a name, whatever its case and accents."""

import unicodedata
from functools import lru_cache


def contains(text: str, part: str) -> bool:
    """Tell whether ``part`` stands in the text: ``sjogren`` in ``Sjögren's Disease``."""
    return _folded(part) in _fold(text)


@lru_cache(maxsize=16)
def _folded(part: str) -> str:
    return _fold(part)


def _fold(text: str) -> str:
    if text.isascii():
        return text.casefold()
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
