r"""Words of a text, so that what people write finds what the registry writes.

Case and accents do not count (``Sjogren`` is ``Sjögren``, ``β`` stays ``β``), and neither do
compatibility forms (``ﬁ``, full-width letters) or trademark signs. A word is a run of ``\w``.
Scripts that put no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) have a
word at each character: so a name is found wherever it stands inside a sentence.

Texts are kept as their words with one space around each, and several texts with a line break
between them. Then a phrase is found by a plain search for a string: the spaces at its ends are the
word boundaries, and it never reaches from one text into the next. Nothing that people write is
ever read as a pattern.

What people write is a *term*: phrases that must all be in one text, in any order, so that
``systemic lupus`` finds ``Lupus Erythematosus, Systemic``. What is in double quotes or joined by a
hyphen is one phrase, and a single letter or a number belongs to the word before it (``type 1``,
``CAR T``, ``vitamin D``), where a clause begins with it to the one behind (``5 fluorouracil``): by
itself it would be found everywhere.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
# "chimeric antigen receptor", with the abbreviation behind it or not, and the abbreviation where a
# cell follows it: both are searched as the same words, so that either finds the other.
_WRITTEN_OUT = re.compile(r"chimeric[\s-]+antigen[\s-]+receptors?(?:\W+CARs?\b)?", re.IGNORECASE)
_RECEPTOR = re.compile(
    r" (?:chimeric antigen receptors?(?: cars?)?"
    r"|cars?(?= (?:t|tcr|nk|nkt|m|macrophages?|tregs?) )) "
)
_RECEPTOR_WORDS = " chimeric antigen receptor car "
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|„([^“”]*)[“”]')
# Between the parts of a term; a hyphen, an apostrophe or a dot is inside one.
_PART = re.compile(r"[^\s,;:/()\[\]{}|&+]+")
_SENTENCE_END = re.compile(
    r"(?<=\w{3}[.!?])\s+(?=[\W_]*[A-Z0-9])|(?<=\w[)\]][.!?])\s+|(?<=[。！？])|\n\s*\n|\n\s*[*•-]\s"  # noqa: RUF001
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_ASCII_WORD = re.compile(r"\w+", re.ASCII)
# Marks that stand on a letter; those of other scripts are letters in their own right.
_ACCENTS = re.compile("[\u0300-\u036f]")
# Signs that NFKD would make letters of, and characters that say where a word may be broken.
_SIGNS = str.maketrans({
    "™": " ", "℠": " ", "\u00ad": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "",
})  # fmt: skip
# Letters that NFKD leaves as they are; U+0131 is the dotless i.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"}
)


Term = tuple[str, ...]
"""Phrases, as ``phrase_of`` writes them, the longest first: terms of the same phrases are equal."""

_SHORT = 80


def words_of(text: str) -> list[str]:
    """Return the words of a text, as they are compared, in its order."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    # Nothing that follows reaches over white space, and most of a text beyond ASCII is in it.
    found: list[str] = []
    for part in text.split():
        if part.isascii():
            found += _ASCII_WORD.findall(part.lower())
        else:
            found += _short_words(part) if len(part) <= _SHORT else _words(part)
    return found


@lru_cache(maxsize=8_192)
def _short_words(text: str) -> tuple[str, ...]:
    return tuple(_words(text))


def _words(text: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", text.translate(_SIGNS)).casefold()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", apart)).translate(_LETTERS)
    return _WORD.findall(unicodedata.normalize("NFC", bare))


def phrase_of(text: str) -> str:
    """Return a text as a phrase that can be searched for; "" when it has no word."""
    return _short_phrase(text) if len(text) <= _SHORT else _phrase(text)


@lru_cache(maxsize=8_192)  # countries, conditions, MeSH terms, sponsors: many trials have the same
def _short_phrase(text: str) -> str:
    return _phrase(text)


def _phrase(text: str) -> str:
    words = words_of(text)
    if not words:
        return ""
    phrase = f" {' '.join(words)} "
    if " car" in phrase or " chimeric " in phrase:
        return _RECEPTOR.sub(_RECEPTOR_WORDS, phrase)
    return phrase


def term_of(text: str) -> Term:
    """Return the phrases that a text must hold for what was written; () when it has no word."""
    phrases: list[str] = []
    at = 0
    for quoted in _QUOTED.finditer(text):
        phrases += _phrases(text[at : quoted.start()])
        phrases.append(phrase_of("".join(filter(None, quoted.groups()))))
        at = quoted.end()
    phrases += _phrases(text[at:])
    found = set(filter(None, phrases))
    return tuple(sorted(found, key=lambda phrase: (-len(phrase), phrase)))


def is_quoted(text: str) -> bool:
    """Return whether all of a text is in quotation marks."""
    return _QUOTED.fullmatch(text.strip()) is not None


def _phrases(text: str) -> list[str]:
    """Return the phrases of what stands outside quotation marks."""
    text = _WRITTEN_OUT.sub("chimeric-antigen-receptor", text)
    parts: list[str] = []
    first = end = 0  # the clause's first part; where the last part ends in the text
    for found in _PART.finditer(text):
        part = found[0]
        if text[end : found.start()].strip():
            first = len(parts)
        end = found.end()
        own = parts[first:]
        # "5 fluorouracil": a number that begins a clause goes with the word behind it.
        if own and (_is_short(part) or (len(own) == 1 and _is_short(own[0]))):
            parts[-1] += f" {part}"
        elif words_of(part):
            parts.append(part)
    return [phrase_of(part) for part in parts]


def _is_short(part: str) -> bool:
    """Return whether a part is a single letter or a number."""
    words = words_of(part)
    return len(words) == 1 and (words[0].isdigit() or (len(words[0]) == 1 and words[0].isascii()))


def holds(text: str, term: Term) -> bool:
    """Return whether one of the texts that ``searchable`` joined holds all phrases of a term."""
    longest, rest = term[0], term[1:]
    if not rest:
        return longest in text
    at = text.find(longest)
    while at >= 0:
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        one = text[start : end if end >= 0 else None]
        for phrase in rest:
            if phrase not in one:
                break
        else:
            return True
        at = text.find(longest, end) if end >= 0 else -1
    return False


def sentences(text: str) -> list[str]:
    """Return the sentences of a longer text; what is not surely an end does not end one."""
    return _SENTENCE_END.split(text)


def searchable(texts: Iterable[str]) -> str:
    """Return texts as one string in which phrases are searched; "" when there is no word."""
    return "\n".join(filter(None, map(phrase_of, texts)))
