"""Lines of output before it is known where they go: text with roles, no colours yet."""

from dataclasses import dataclass
from typing import Literal

Role = Literal[
    "plain",
    "title",  # what a block is about
    "label",
    "dim",
    "before",
    "after",
    "removed",  # words that went; marked [-so-] where there is no colour
    "added",  # words that came; marked {+so+} where there is no colour
    "critical",
    "high",
    "medium",
    "low",
    "noise",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text of one role. The text is as the registry gave it; the writer cleans it.

    ``width``: a cell of a column. It is padded to that many letters, and on a terminal cut to
    them.
    """

    text: str
    role: Role = "plain"
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line: spans behind an indent; where it is wrapped, it goes on at ``hang``.

    ``row``: a row of a table, which on a terminal is cut at the edge instead of wrapped.
    """

    spans: tuple[Span, ...] = ()
    indent: int = 0
    hang: int = 0
    row: bool = False

    def indented(self, by: int) -> "Line":
        """Return the line moved to the right."""
        return Line(self.spans, self.indent + by, self.hang + by, self.row)


def line(*parts: Span | str, indent: int = 0, hang: int | None = None) -> Line:
    """Return a line of spans and plain strings; ``hang`` is two beyond the indent."""
    spans = tuple(part if isinstance(part, Span) else Span(part) for part in parts)
    return Line(spans, indent, indent + 2 if hang is None else hang)


BLANK = Line()


def noted(note: str | None) -> list[Line]:
    """Return a note as it stands before an answer; nothing where there is none."""
    return [line(note), BLANK] if note else []
