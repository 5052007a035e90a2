"""Lines as plain text: changed words marked ``[-so-]`` and ``{+so+}``."""

from monitor.render.lines import Line
from monitor.render.sanitize import sanitize_lines

# The marks of `git diff --word-diff`.
_MARKS = {"removed": ("[-", "-]"), "added": ("{+", "+}")}


def plain(line: Line) -> str:
    """Return a line's text with its marks."""
    parts = []
    for span in line.spans:
        before, after = _MARKS.get(span.role, ("", ""))
        parts.append(f"{before}{span.text}{after}")
    return "".join(parts).strip()


def plain_text(text: str) -> str:
    """Return a whole text, every line neutral, at most one blank line in a row."""
    lines: list[str] = []
    for one in sanitize_lines(text.strip()):
        if one or (lines and lines[-1]):
            lines.append(one)
    return "\n".join(lines) + "\n"
