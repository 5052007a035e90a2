r"""Words of a text, so that what people write finds what the registry writes.

Case and accents do not count (``Sjogren`` is ``Sjögren``, ``β`` stays ``β``), and neither do
compatibility forms (``ﬁ``, full-width letters) or trademark signs. A word is a run of ``\w``.
Scripts that put no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) have a
word at each character: so a name is found wherever it stands inside a sentence.

Texts are kept as their words with one blank around each, and several texts with a line break
between them. Then a phrase is found by a plain search for a string: the blanks at its ends are the
word boundaries, and it never reaches from one text into the next. Nothing that people write is
ever read as a pattern.
"""

import re
import unicodedata
from collections.abc import Iterable

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
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


def words_of(text: str) -> list[str]:
    """Return the words of a text, as they are compared, in its order."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    apart = unicodedata.normalize("NFKD", text.translate(_SIGNS)).casefold()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", apart)).translate(_LETTERS)
    return _WORD.findall(unicodedata.normalize("NFC", bare))


def phrase_of(text: str) -> str:
    """Return a text as a phrase that can be searched for; "" when it has no word."""
    words = words_of(text)
    return f" {' '.join(words)} " if words else ""


def searchable(texts: Iterable[str]) -> str:
    """Return texts as one string in which phrases are searched; "" when there is no word."""
    return "\n".join(filter(None, map(phrase_of, texts)))
