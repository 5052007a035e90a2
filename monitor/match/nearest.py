"""Suggest the nearest value for one that no trial has, as `monitor status` shows it."""

from collections.abc import Iterable, Mapping

from rapidfuzz import fuzz, process

from monitor.match.text_index import words_of

# In percent: "pembrolizumap" is 92 like "pembrolizumab".
_LIKE = 80.0
_CHOICES = 10


def nearest(value: str, counts: Mapping[str, int]) -> tuple[str, int] | None:
    """Return the value most like the given one, with its count; None when none is alike.

    ``counts``: by value, as it is written. Letter case and accents do not count; of equally like
    ones the one that is there most often is taken.
    """
    words = " ".join(words_of(value))
    folded = {text: " ".join(words_of(text)) for text in counts}
    found = process.extract(words, folded, scorer=_likeness, limit=_CHOICES, score_cutoff=_LIKE)
    best = max(found, key=lambda one: (round(one[1]), counts[one[2]], one[2]), default=None)
    return None if best is None else (best[2], counts[best[2]])


def correct_spelling(value: str, counts: Mapping[str, int]) -> str | None:
    """Return a value with each unknown word in its nearest known spelling.

    ``counts``: by word, as ``words_of`` writes it. None where nothing is misspelled, or a word is
    like none.
    """
    words = words_of(value)
    found = [one if one in counts else _nearest_word(one, counts) for one in words]
    return None if found == words or None in found else " ".join(filter(None, found))


def _nearest_word(word: str, counts: Mapping[str, int]) -> str | None:
    found = process.extract(
        word, list(counts), scorer=fuzz.ratio, limit=_CHOICES, score_cutoff=_LIKE
    )
    best = max(found, key=lambda one: (round(one[1]), counts[one[0]], one[0]), default=None)
    return None if best is None else best[0]


def _likeness(one: str, other: str, *, score_cutoff: float | None = None, **_: object) -> float:
    """Return from 0 to 100 how like two texts are, or the first is to words of the second."""
    whole = fuzz.ratio(one, other)
    # Slightly less than the whole: "breast cancer" for "brest cancer", not "breast cancer stage
    # IV".
    parts = max(_windows(one, other), default=0.0) * 0.95
    best = max(whole, parts)
    return best if score_cutoff is None or best >= score_cutoff else 0.0


def _windows(one: str, other: str) -> Iterable[float]:
    words, width = other.split(), len(one.split())
    return (
        fuzz.ratio(one, " ".join(words[at : at + width]))
        for at in range(len(words) - width + 1)
        if width < len(words)
    )
