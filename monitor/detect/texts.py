r"""One normal form for the registry's text, so that another encoding is not another text.

The same words reach us as Markdown with backslash escapes (``\>``), as HTML turned into
Markdown, as a saved page, with other line breaks, list markers or Unicode composition.
"""

import re
import unicodedata
from functools import lru_cache

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
# Markers may be nested ("* 1. FVC"). "E. coli" at the start of a line is a name.
_MARKER = re.compile(
    r"(?m)^(?:[^\S\n]*(?:[*•·◦▪–-]|\(?\d{1,3}(?:\.\d{1,2})*[.)]|\(?(?:[a-z]|[ivx]{2,4})[.)]"
    r"|\(?[A-Z]\)|[A-Z]\.(?=[^\S\n]+[^a-z\s])|o)(?:[^\S\n]+|$))+"
)
_MARK = re.compile(r"[.,;:]+(?=\s|$)")
_TELLING_LENGTH = 12


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    r"""Return the words of a text: composed, unescaped, on one line, without list markers.

    ``"1. FVC \\< 70%\n2. …"`` and ``"* FVC < 70% …"`` have the same words.
    """
    composed = unicodedata.normalize("NFC", text)
    if "\\" in composed:
        composed = _ESCAPE.sub(r"\1", composed)
    if "\n" in composed:
        composed = _MARKER.sub("", composed)
    return " ".join(composed.split())


def same_text(one: str, other: str) -> bool:
    """Tell whether two texts have the same words in the same order."""
    return one == other or plain(one) == plain(other)


def wording(text: str) -> str:
    """Return a text's words without letter case and without the marks between them.

    Numbers keep their points and commas. "Known asthma, or eczema." and "known asthma or
    eczema" are worded alike; the text is in its normal form.
    """
    return " ".join(_MARK.sub("", text).casefold().split())


def continues(one: str, other: str) -> bool:
    """Tell whether one text is the other with more words after it; a word or two prove nothing.

    "Objective response rate" and "Objective response rate (ORR) by week 24". Both texts are in
    their normal form.
    """
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _TELLING_LENGTH or " " not in shorter or not longer.startswith(shorter):
        return False
    return not longer[len(shorter) : len(shorter) + 1].isalnum()


def same_value(one: object, other: object) -> bool:
    """Tell whether two scalars say the same; ``True`` is not ``1``, ``1.0`` is ``1``."""
    if isinstance(one, str) and isinstance(other, str):
        return same_text(one, other)
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return one == other
