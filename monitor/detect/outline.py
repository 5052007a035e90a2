"""Split the criteria into an outline: each item with its section and the lines above it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from monitor.detect.headings import heading, is_title
from monitor.detect.run_ins import run_ins
from monitor.detect.texts import TextLine, lines
from monitor.model.memoize import memoize

# A line that announces others, as "At least one of the following:" does.
_OPENING = (":", "\uff1a", "following")
_MARKS = " .,;-"
_NOWHERE = -1


@dataclass(frozen=True, slots=True, order=True)
class Criterion:
    """One item of the criteria; ``section`` is inclusion, exclusion or empty.

    ``under`` are the lines that hold it, outermost first: bullets further out, and lines that
    announce others. ``heads``: it is the heading of others, no criterion itself.
    """

    section: str
    text: str
    under: tuple[str, ...] = ()
    heads: bool = False


def items(text: str) -> list[Criterion]:
    """Split a criteria text into its items, in order; headings set the section.

    Every line that holds words is an item; markers, numbers and white space do not count. A
    heading that says more than that it is one is an item too: no words are lost.
    """
    section = ""
    outline = _Outline()
    found: list[Criterion] = []
    for line in _lines(text):
        start = heading(line.words)
        if start is None:
            place = outline.place(line)
            found.append(Criterion(section, line.words, place, heads=is_title(line.words)))
            continue
        section = start.section
        if start.words:
            found.append(Criterion(section, start.words, heads=start.holds))
        outline.begin(start.words if start.holds else "")
    return found


def _lines(text: str) -> Iterator[TextLine]:
    """Yield the lines of a text, those that run on in one line each by itself."""
    for line in lines(text):
        for marker, words in run_ins(line.marker, line.words):
            yield TextLine(line.indent, marker, words)


@dataclass(slots=True)
class _Open:
    """A line that may hold the next ones; ``nests`` once one was indented further."""

    indent: int
    style: str
    words: str
    opens: bool
    nests: bool = False


@dataclass(slots=True)
class _Outline:
    """The lines that are open, outermost first."""

    open: list[_Open] = field(default_factory=list)

    def begin(self, words: str) -> None:
        """Close all; a heading of these words, if any, holds what follows."""
        self.open = [_Open(_NOWHERE, "", words, opens=True)] if words else []

    def place(self, line: TextLine) -> tuple[str, ...]:
        """Return the lines that hold this one, and leave it open."""
        here = _Open(line.indent, _style(line.marker), line.words, _opens(line.words))
        while self.open and _closes(here, self.open[-1]):
            self.open.pop()
        if self.open:
            self.open[-1].nests |= self.open[-1].indent < here.indent
        under = tuple(above.words for above in self.open)
        self.open.append(here)
        return under


def _opens(words: str) -> bool:
    return words.rstrip(_MARKS).lower().endswith(_OPENING)


@memoize(entries=1_024, long_bytes=64 * 1024)
def _style(marker: str) -> str:
    """Return what the markers of one list have in common."""
    # "1." and "12." are one list, "1)" is another.
    return re.sub(r"\d+", "1", re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", marker)))


def _closes(here: _Open, above: _Open) -> bool:
    """Return whether a line closes the open blocks above it.

    Lists without indents are read by their colons: one holds what follows up to the next.
    """
    if above.indent != here.indent:
        # Indents are trusted first. What stands further in belongs to the line above it.
        return above.indent > here.indent
    if above.style != here.style:
        # "At least one of the following:" holds the bullets below it, though nothing is indented.
        return not above.opens
    return here.opens or above.nests or not above.opens
