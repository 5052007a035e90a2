"""Numbers and letters at the start of a line: a place in a list, or words of the text.

"1.", "2." and "b)" after "a)" count the items of a list and say nothing. "18) to 65 years" below
"Age:" is an age: nothing before it counts up to it.
"""

import re
from dataclasses import dataclass, field

_DEEPEST = 30  # lists within each other: what a hostile text opens beyond is let go
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv",
          "xv", "xvi", "xvii", "xviii", "xix", "xx")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """One reading of a label: "i" is the ninth letter and the first Roman number."""

    style: str
    rank: int
    label_before: str


@dataclass(slots=True)
class Numbering:
    """The lists of one text that are still open, outermost first."""

    open: list[_Place] = field(default_factory=list)

    def counts(self, label: str, since: str) -> bool:
        """Tell whether a label, met next in the text, begins a list or goes on with one.

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
        return first is not None or any(_stands_in(since, place) for place in readings)


def _readings(label: str) -> list[_Place]:
    head, point, last = label.rpartition(".")
    if last.isdecimal():
        rank = int(last)
        return [_Place(f"{head}{point}1", rank, f"{head}{point}{rank - 1}")]
    name, capital = label.lower(), label.isupper()
    found = []
    if len(name) == 1:
        found.append(_Place("A" if capital else "a", ord(name) - ord("a") + 1, chr(ord(label) - 1)))
    if name in _ROMAN:
        rank = _ROMAN.index(name) + 1
        found.append(_Place("I" if capital else "i", rank, _ROMAN[rank - 2]))
    return found


def _stands_in(text: str, place: _Place) -> bool:
    return re.search(rf"(?<!\w)(?<!\d\.){re.escape(place.label_before)}[.)]", text) is not None
