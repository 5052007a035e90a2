"""Stem English words: cut off the endings of grammar."""

from functools import lru_cache

# Longest first; each needs so many letters before it that no short word is cut to nothing.
_ENDINGS = (
    "ibilities", "abilities", "izations", "isations", "fulness", "ization", "isation", "ability",
    "ibility", "ations", "ements", "nesses", "ation", "ative", "ement", "ences", "ances", "ities",
    "ingly", "ments", "ators", "ical", "ness", "ment", "ions", "ives", "ence", "ance", "ator",
    "able", "ible", "ized", "ised", "izes", "ises", "ated", "ates", "edly", "ally", "ing", "ity",
    "ion", "ive", "ies", "ied", "ize", "ise", "ate", "ers", "ors", "ous", "ant", "ent", "als",
    "ic", "al", "er", "or", "es", "ed", "ly", "ty", "y", "e", "s",
)  # fmt: skip
_LEAST = 4
_BRITISH = (("aem", "em"), ("oed", "ed"), ("oes", "es"), ("aes", "es"), ("aed", "ed"),
            ("diarrhoe", "diarrhe"), ("tumour", "tumor"), ("behaviour", "behavior"),
            ("leuk", "leuc"))  # fmt: skip
# Pairs that no ending tells.
_SAME = {
    "decea": "death", "die": "death", "dead": "death", "died": "death", "dies": "death",
    "deaths": "death", "respon": "respond", "relap": "recur",
    "bled": "bleed", "recurr": "recur", "concentr": "level", "levels": "level",
    "healthy": "health", "safe": "safety", "painful": "pain", "pains": "pain",
    "effic": "effect", "analogu": "analog", "weights": "weight",
}  # fmt: skip


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return the stem of a lower-case word; a word with a digit, or a short one, is its own."""
    if len(word) < _LEAST or not word.isalpha():
        return word
    for british, american in _BRITISH:
        word = word.replace(british, american)
    # Twice, for endings on endings: "tolerabilities" and "tolerated" both end as "toler".
    for _ in range(2):
        word = _strip_ending(word)
    return _SAME.get(word, word)


def _strip_ending(word: str) -> str:
    if word.endswith("ss"):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST:
            return word[: -len(ending)]
    return word[:-1] if word.endswith("s") and len(word) > _LEAST - 1 else word
