"""Lines of output before it is known where they go: text with roles, no colors yet."""

from dataclasses import dataclass
from typing import Literal

from monitor.model.sanitize import sanitize_lines

TextRole = Literal[
    "plain",
    "title",  # what a block is about
    "label",
    "dim",
    "before",
    "after",
    "good",  # what is known to be good
    "removed",  # words that went; marked [-so-]
    "added",  # words that came; marked {+so+}
    "critical",
    "high",
    "medium",
    "low",
    "noise",
]

# Words that changed, where there are no colors: the marks of `git diff --word-diff`.
WORD_MARKS: dict[TextRole, tuple[str, str]] = {"removed": ("[-", "-]"), "added": ("{+", "+}")}


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text of one role. The text is as the registry gave it; the writer cleans it."""

    text: str
    role: TextRole = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: spans behind an indent; where it is wrapped, it goes on at ``hang``.

    ``row``: it is cut at a terminal's edge instead of wrapped, as a row of a table is.
    """

    spans: tuple[Span, ...] = ()
    indent: int = 0
    hang: int = 0
    row: bool = False

    def indented(self, by: int) -> "Line":
        """Return the line moved to the right."""
        return Line(self.spans, self.indent + by, self.hang + by, self.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a head; how wide the columns are is decided where it is written.

    A cell holds its whole text; None: there is nothing to say. ``note``: the last column is free
    text that, where there is no room for it, goes below its row instead of being cut.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    note: bool = False


TextBlock = Line | Table
"""What a screen writes: a line, or a table."""


def line(*parts: Span | str, indent: int = 0, hang: int | None = None) -> Line:
    """Return a line of spans and plain strings; ``hang`` is two beyond the indent."""
    spans = tuple(part if isinstance(part, Span) else Span(part) for part in parts)
    return Line(spans, indent, indent + 2 if hang is None else hang)


BLANK = Line()


def note_lines(note: str | None) -> list[Line]:
    """Return a note as it precedes an answer; nothing where there is none."""
    return [line(note), BLANK] if note else []


def plain(line: Line) -> str:
    """Return a line's text with its marks."""
    parts = []
    for span in line.spans:
        before, after = WORD_MARKS.get(span.role, ("", ""))
        parts.append(f"{before}{span.text}{after}")
    return "".join(parts).strip()


def plain_text(text: str) -> str:
    """Return a whole text, every line neutral, at most one blank line in a row."""
    lines: list[str] = []
    for one in sanitize_lines(text.strip()):
        if one or (lines and lines[-1]):
            lines.append(one)
    return "\n".join(lines) + "\n"
