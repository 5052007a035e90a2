"""Where output goes: a terminal (colors, wrapped to its width) or a pipe (plain, whole lines).

rich is loaded for a terminal only: a pipe should not wait for it.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

import orjson

from monitor.model.sanitize import sanitize
from monitor.render.columns import csv_text, table_lines
from monitor.render.lines import WORD_MARKS, Line, Span, Table, TextBlock, TextRole

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STYLES: dict[TextRole, str] = {
    "title": "bold",
    "label": "cyan",
    "dim": "dim",
    "before": "dim",
    "after": "bold",
    "good": "green",
    "removed": "dim strike",
    "added": "bold underline",
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "blue",
    "noise": "dim",
}
_NARROWEST = 40
# Valid in JSON text as they are, but a terminal would obey them.
_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(slots=True, kw_only=True)
class Screen:
    """Writes lines, tables, CSV and JSON to a stream; every text is sanitized on its way.

    ``color``: styles are sent. Words that went and came are marked ``[-so-]{+so+}`` with them
    too, so that they differ where the text is copied to. ``width``: columns to wrap
    to; None: lines stay whole.
    """

    stream: TextIO
    color: bool = False
    width: int | None = None
    _console: "Console | None" = field(default=None, init=False)

    @classmethod
    def of(
        cls, stream: TextIO, *, color: bool | None = None, environ: Mapping[str, str]
    ) -> "Screen":
        """Return the screen of a stream.

        ``color`` None: NO_COLOR, then FORCE_COLOR, then whether it is a terminal decides.
        """
        terminal = stream.isatty()
        # A pipe is wrapped by nobody: programs cut it by lines.
        columns = shutil.get_terminal_size().columns if terminal else None
        return cls(
            stream=stream,
            color=wants_color(color, environ, terminal=terminal),
            width=columns and max(columns, _NARROWEST),
        )

    def show(self, blocks: Iterable[TextBlock]) -> None:
        """Write the lines, and tables in the room that there is."""
        for one in blocks:
            # How wide columns are depends on the terminal, which only the screen knows.
            if isinstance(one, Table):
                self.show(table_lines(one, self.width))
            elif not one.spans:
                self.stream.write("\n")
            elif self.color or self.width is not None:
                self._print_rich(one)
            else:
                text = "".join(self._piece(span) for span in one.spans)
                self.stream.write(f"{' ' * one.indent}{text}".rstrip() + "\n")

    def csv(self, blocks: Iterable[TextBlock]) -> None:
        """Write the tables alone, as CSV in UTF-8 whatever the locale says."""
        text = "".join(csv_text(one) for one in blocks if isinstance(one, Table))
        if (buffer := getattr(self.stream, "buffer", None)) is None:
            self.stream.write(text)
        else:
            self.stream.flush()
            # Past the text layer: on Windows, or under LANG=C, it would write another encoding.
            buffer.write(text.encode())

    def json(self, value: Any) -> None:
        """Write a value as indented JSON; what would steer a terminal is escaped."""
        self.stream.write(_json_text(value, orjson.OPT_INDENT_2) + "\n")

    def json_lines(self, values: Iterable[Any]) -> None:
        """Write values as JSON, each on one line."""
        for value in values:
            self.stream.write(_json_text(value) + "\n")

    def _print_rich(self, one: Line) -> None:
        text = self._text(one)
        if self.width is None:
            pieces = [text]
        elif one.row:
            text.truncate(max(1, self.width - one.indent), overflow="ellipsis")
            pieces = [text]
        else:
            pieces = list(self._wrapped(text, self.width - one.indent, self.width - one.hang))
        for at, piece in enumerate(pieces):
            piece.rstrip()
            self.stream.write(" " * (one.hang if at else one.indent))
            self._rich().print(piece, soft_wrap=True)

    def _wrapped(self, text: "Text", first: int, others: int) -> Iterator["Text"]:
        """Yield the text as lines: the first has other room than those that hang below it."""
        first, others = (max(_NARROWEST // 2, room) for room in (first, others))
        begin = text.wrap(self._rich(), first, overflow="fold")[0]
        begin.rstrip()
        yield begin
        # The first line has less room than the others: rich wraps all lines of a text alike.
        rest = text[len(begin) :]
        rest = rest[len(rest) - len(rest.plain.lstrip()) :]
        if rest:
            yield from rest.wrap(self._rich(), others, overflow="fold")

    def _text(self, one: Line) -> "Text":
        from rich.text import Text  # noqa: PLC0415 - a pipe needs none

        text = Text(no_wrap=self.width is None)
        for span in one.spans:
            text.append(self._piece(span), _STYLES.get(span.role) if self.color else None)
        return text

    def _piece(self, span: Span) -> str:
        """Return a span's clean text, words that went and came marked."""
        before, after = WORD_MARKS.get(span.role, ("", ""))
        return f"{before}{sanitize(span.text)}{after}"

    def _rich(self) -> "Console":
        if self._console is None:
            from rich.console import Console  # noqa: PLC0415 - likewise

            self._console = Console(
                file=self.stream,
                force_terminal=self.color,
                no_color=not self.color,
                # The sixteen colors that every terminal's own theme makes legible.
                color_system="standard" if self.color else None,
                width=self.width or 10_000,
                # rich would read "[bold]" in a title, and ":smile:".
                markup=False,
                emoji=False,
                highlight=False,
                soft_wrap=True,
            )
        return self._console


def _json_text(value: Any, option: int | None = None) -> str:
    text = orjson.dumps(value, option=option).decode()
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def wants_color(choice: bool | None, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether styles are to be sent: as asked, else as the environment says.

    Source: no-color.org (NO_COLOR, whatever it holds unless empty); FORCE_COLOR likewise.
    """
    if choice is not None:
        return choice
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"
