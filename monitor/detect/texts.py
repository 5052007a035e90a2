r"""One normal form for the registry's text, so that another encoding is not another text.

The same words reach us as Markdown with backslash escapes (``\>``), with entities (``&gt;``), as
HTML turned into Markdown, as a saved page, with other line breaks, list markers or Unicode
composition.
"""

import html
import html.entities
import re
import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from monitor.model.memoize import memoize

# "&amp;gt;" was escaped twice.
_ENTITY = re.compile(r"&(?:(?:amp|#38|#[xX]26);)*((?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|\w{2,31});)")
_ESCAPE = re.compile(r"\\+([!-/:-@\[-`{-~])")
# Characters that nobody sees: zero-width ones, marks of direction and of shape, soft hyphens.
_INVISIBLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x180B, 0x180E), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
)  # fmt: skip
_FULL_WIDTH = range(0xFF01, 0xFF5F)  # ASCII as wide as an ideograph
_ENCODING = (
    {sign: None for first, last in _INVISIBLE for sign in range(first, last + 1)}
    | {sign: chr(sign - 0xFEE0) for sign in _FULL_WIDTH}
    | {0xFF0C: ", ", 0xFF1B: "; ", 0x3001: ", ", 0x3002: ". "}
)
_ENCODED = re.compile(f"[{''.join(map(chr, _ENCODING))}]")  # translating every text takes longer
# "E. coli" at the start of a line is a name.
_LABEL = (
    r"\(?(?P<label>\d{1,3}(?:\.\d{1,2})*|[a-z]|[ivx]{2,4}|[IVX]{2,4}|[A-Z](?=\))"
    r"|[A-Z](?=\.\s+[^a-z\s]))[.)]"
)
_DASH = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
# "10.Patients" and "10.patients" have a label too; "2.5" and "i.e." have none.
_MARKER = re.compile(rf"(?:[*+•·◦▪●{_DASH}-]|o|{_LABEL})(?:\s+|$|(?<=\d[.)])(?=[A-Z]|[a-z]{{2}}))")
# "asthma,eczema" is "asthma, eczema"; a number keeps its commas.
_MARK = re.compile(r"[.,;:]+(?=\s|$)|[,;](?=[^\W\d_])")
_DEEPEST = 30  # lists within each other: what a hostile text nests deeper is dropped
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv",
          "xv", "xvi", "xvii", "xviii", "xix", "xx")  # fmt: skip
_TELLING_LENGTH = 12
_LINES_SINCE = 20  # of an item, after its label: more would make long texts quadratic
# Cyrillic letters that look Latin come from another keyboard: "Cough" with the one or the other C.
_CYRILLIC = (
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458"
)
# What one keyboard or editor writes for what another does; the rest Unicode itself knows (NFKC).
_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("‘’‚‛`´′ʼ", "'")  # noqa: RUF001 - lookalikes are the point
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys(_DASH, "-")
    | dict(zip(_CYRILLIC, "ABEKMHOPCTXSIJaeopcyxsij", strict=True))
    | dict.fromkeys("º˚", "°")
    | dict.fromkeys("®™")
    | {"≧": "≥", "⩾": "≥", "≦": "≤", "⩽": "≤", "×": "x"}
    | dict.fromkeys("⁄∕", "/")  # noqa: RUF001 - as above
    | dict.fromkeys("∼˜", "~")  # noqa: RUF001 - as above
    | {"½": " 1/2", "¼": " 1/4", "¾": " 3/4"}
    | {sign: f"^{digit}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
)
# "m^2" is "m2", but "10^2" is not "102".
_RAISED = re.compile(r"(?<=[^\W\d_])\^(?=\d)")
_AT_LEAST = re.compile(r"> ?=|= ?>")
_AT_MOST = re.compile(r"< ?=|= ?<")
_DASHES = re.compile(r"-{2,}")
# "follow-up" is "follow up", "PD-1" "PD 1", "12-week" "12week"; "1-5" is another number than "15".
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W_])")
_HYPHEN_OF_A_NUMBER = re.compile(r"(?<=\d)-(?=[^\W\d_])")
# "10 mg / kg" is "10mg/kg", "18 - 65" is "18-65", "> 5 %" is ">5%", "2 x 3" is "2x3".
# A sign keeps its number.
_LOOSE = re.compile(
    r" (?:(?=[/<>=≤≥])|(?<=[/<>=≤≥] )|(?<=\d )(?=[^\W\d_]|[%°])|(?<=\dx )(?=\d)|(?<=\d x )(?=\d)"
    r"|(?<=\d )- (?=\d))"
)
_TRADE = re.compile(r"(?<=[^\W_])\((?:r|tm)\)")  # "Thing(R)" is "Thing®"

_remember = memoize(entries=8_192, long_bytes=4 * 1024 * 1024)


# Comparing every character of one text with each of another is quadratic. The registry's own
# limits are 255 for names and 999 for what describes an outcome or arm.
LONGEST_COMPARED = 4_000


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of a text in its normal form: its indentation, its marker, its words."""

    indent: int
    marker: str
    words: str


@_remember
def plain(text: str) -> str:
    r"""Return the words of a text: composed, unescaped, on one line, without list markers.

    ``"1. FVC \\< 70%\n2. …"`` and ``"* FVC < 70% …"`` have the same words. A number that no
    list counts up to is a word.
    """
    if "\n" in text:
        return " ".join(line.words for line in lines(text))
    return " ".join(_decode(text).split())


def lines(text: str) -> Iterator[TextLine]:
    """Yield the lines of a text that say anything.

    Markers may be nested ("* 1. FVC"); the first tells what list the line is in.
    """
    numbering = _Numbering()
    since: deque[str] = deque(maxlen=_LINES_SINCE)
    for line in _decode(text).splitlines():
        start = end = len(line) - len(line.lstrip())
        while marker := _MARKER.match(line, end):
            label = marker["label"]
            if label and not numbering.counts(label, " ".join(since)):
                break
            if label:
                since.clear()
            end = marker.end()
        words = " ".join(line[end:].split())
        since.append(words)
        if words:
            yield TextLine(len(line[:start].expandtabs()), line[start:end].strip(), words)


@dataclass(frozen=True, slots=True)
class _LabelReading:
    """One reading of a label: "i" is the ninth letter and the first Roman number."""

    style: str
    rank: int
    label_before: str


@dataclass(slots=True)
class _Numbering:
    """The lists of one text that are still open, outermost first.

    "1.", "2." and "b)" after "a)" count the items of a list and say nothing. "18) to 65 years"
    below "Age:" is an age: nothing before it counts up to it.
    """

    open: list[_LabelReading] = field(default_factory=list)

    def counts(self, label: str, since: str) -> bool:
        """Return whether a label, met next in the text, begins a list or goes on with one.

        ``since`` is the text after the label met before: an item that a list lacks may stand
        in the midst of a line there.
        """
        readings = _readings(label)
        for place in readings:
            for depth in reversed(range(len(self.open))):
                if (self.open[depth].style, self.open[depth].rank) == (place.style, place.rank - 1):
                    self.open[depth:] = [place]
                    return True
        first = next((place for place in readings if place.rank <= 1), None)
        self.open = [*self.open[-_DEEPEST:], *([first] if first else readings[:1])]
        return first is not None or any(_occurs_in(since, place) for place in readings)


def _readings(label: str) -> list[_LabelReading]:
    head, point, last = label.rpartition(".")
    if last.isdecimal():
        rank = int(last)
        return [_LabelReading(f"{head}{point}1", rank, f"{head}{point}{rank - 1}")]
    name, capital = label.lower(), label.isupper()
    found = []
    if len(name) == 1:
        found.append(
            _LabelReading("A" if capital else "a", ord(name) - ord("a") + 1, chr(ord(label) - 1))
        )
    if name in _ROMAN:
        rank = _ROMAN.index(name) + 1
        found.append(_LabelReading("I" if capital else "i", rank, _ROMAN[rank - 2]))
    return found


def _occurs_in(text: str, place: _LabelReading) -> bool:
    return re.search(rf"(?<!\w)(?<!\d\.){re.escape(place.label_before)}[.)]", text) is not None


def _decode(text: str) -> str:
    bare = text if text.isascii() else _visible(text)
    if "\\" in bare:
        bare = _ESCAPE.sub(r"\1", bare)
    if "&" in bare:
        bare = _visible(_ENTITY.sub(_decode_entity, bare))
    return unicodedata.normalize("NFC", bare)


def _visible(text: str) -> str:
    """Return a text without characters that nobody sees, in one width."""
    return text.translate(_ENCODING) if _ENCODED.search(text) else text


def _decode_entity(entity: re.Match[str]) -> str:
    name = entity[1]
    known = name[0] == "#" or name in html.entities.html5
    return html.unescape(f"&{name}") if known else f"&{name}"


def same_text(one: str, other: str) -> bool:
    """Return whether two texts have the same words in the same order."""
    return one == other or plain(one) == plain(other)


@_remember
def wording(text: str) -> str:
    """Return a text's words without letter case, typography and the marks between them.

    Numbers keep their points, commas and signs. "Known asthma, or eczema." and "known asthma or
    eczema" are worded alike, so are ">= 10 mg / kg" and "≥10mg/kg"; the text is in its normal
    form.
    """
    words = _MARK.sub(" ", fold_text(text))
    if "(r)" in words or "(tm)" in words:
        words = _TRADE.sub("", words)
    words = _AT_MOST.sub("≤", _AT_LEAST.sub("≥", words))
    words = _DASHES.sub("-", _RAISED.sub("", words))
    return _LOOSE.sub(_tight, " ".join(words.split())).replace("+/-", "±")


def fold_text(text: str) -> str:
    """Return a text in lower case and in one typography, its marks and spaces as they are."""
    typed = text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_TYPOGRAPHY))
    return typed.casefold().replace("`", "'")


def same_words(one: str, other: str) -> bool:
    """Return whether two texts differ at most in letter case, typography and marks.

    The one judgement of that, for every text of a record: such a difference is no news. A hyphen
    within a name or word is such a mark.
    """
    return _without_hyphens(wording(plain(one))) == _without_hyphens(wording(plain(other)))


def _without_hyphens(text: str) -> str:
    """Return a text, as ``wording`` has it, with spaces for the hyphens of words."""
    if "-" not in text:
        return text
    return _HYPHEN_OF_A_NUMBER.sub("", _HYPHEN.sub(" ", text))


def _tight(loose: re.Match[str]) -> str:
    return loose[0].strip()


def continues(one: str, other: str) -> bool:
    """Return whether one text is the other with more words after it; a word or two prove nothing.

    "Objective response rate" and "Objective response rate (ORR) by week 24". Both texts are in
    their normal form.
    """
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _TELLING_LENGTH or " " not in shorter or not longer.startswith(shorter):
        return False
    return not longer[len(shorter) : len(shorter) + 1].isalnum()


def likeness(one: str, other: str, *, longest: int = LONGEST_COMPARED) -> float:
    """Return in percent how alike the characters of two texts are, up to the ``longest``-th."""
    return fuzz.ratio(one[:longest], other[:longest])


def same_value(one: object, other: object) -> bool:
    """Return whether two scalars say the same; ``True`` is not ``1``, ``1.0`` is ``1``."""
    if isinstance(one, str) and isinstance(other, str):
        return same_text(one, other)
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return one == other
