"""Tables as lines: columns as wide as there is room for; and tables as CSV."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence

from monitor.model.sanitize import sanitize, without_formula
from monitor.render.lines import Line, Span, Table, TextRole

_GAP = "  "  # between two columns
_NOTHING = "-"
_NARROWEST = 4  # columns that a column is left with, whatever the room
_NOTE_INDENT = 4
_SHORT = 20  # columns that a time, an ID or a state takes: cut, it says nothing
_LEGIBLE = 12  # columns that each longer text must be left with for that
# The roles of a row's first cell and of the others; in the head they are the same.
_ROLES: dict[bool, tuple[TextRole, TextRole]] = {
    True: ("title", "title"),
    False: ("label", "plain"),
}

Cells = list[list[str]]


def table_lines(table: Table, width: int | None) -> Iterator[Line]:
    """Yield a head and rows in aligned columns.

    ``width``: columns of the terminal; None: nothing is cut (a pipe). Columns that are narrower
    than a fair share of the room keep their width, the others share what is left. Short columns,
    of times and IDs, are whole wherever longer ones stay legible.
    """
    # Sanitized before measuring: what is shown for an escape is wider than the escape.
    cells = [[sanitize(_NOTHING if cell is None else cell) for cell in row] for row in table.rows]
    cells.insert(0, [sanitize(name) for name in table.head])
    notes: list[str] = []
    if width is not None and table.note and _lacks_room(cells, width):
        notes = [row.pop() for row in cells]
    widths = _fit_widths(
        [max(map(display_width, column)) for column in zip(*cells, strict=True)], width
    )
    for number, row in enumerate(cells):
        yield _row(row, widths, is_head=number == 0, is_cut=width is not None)
        if number and notes and notes[number] != _NOTHING:
            yield Line((Span(notes[number]),), _NOTE_INDENT, _NOTE_INDENT)


def csv_text(table: Table) -> str:
    """Return a table as CSV with its head; no cell is a formula to a spreadsheet.

    A cell that would be one gets a single quote before it. Nothing to say is an empty cell.
    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.head)
    writer.writerows([without_formula(sanitize(cell or "")) for cell in row] for row in table.rows)
    return stream.getvalue()


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese letters two, accents none."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    # "W" wide and "F" full-width; of "A", ambiguous, terminals show one column by default.
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _lacks_room(cells: Cells, width: int) -> bool:
    """Return whether the last column would be cut: what to do often stands at the end of a note."""
    *others, last = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    room = width - sum(others) - len(_GAP) * len(others)
    return room < last


def _fit_widths(natural: Sequence[int], width: int | None) -> list[int]:
    """Return how wide columns become: as they are, or where that is too wide, within ``width``."""
    widths = list(natural)
    if width is None:
        return widths
    room = width - len(_GAP) * (len(widths) - 1)
    # What a narrow column leaves of its share goes to the wider ones.
    narrow_first = sorted(range(len(widths)), key=widths.__getitem__)
    long = [one for one in widths if one > _SHORT]
    # Half an NCT ID is no ID; half a title still is a title.
    is_legible = room - sum(widths) + sum(long) >= _LEGIBLE * len(long) > 0
    for done, at in enumerate(narrow_first):
        share = max(_NARROWEST, room // (len(widths) - done))
        if is_legible and widths[at] <= _SHORT:
            share = widths[at]
        widths[at] = min(widths[at], share)
        room -= widths[at]
    return widths


def _row(row: Sequence[str], widths: Sequence[int], *, is_head: bool, is_cut: bool) -> Line:
    first, rest = _ROLES[is_head]
    last = len(row) - 1
    spans = []
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        text = _cut(cell, width) if is_cut else cell
        padding = "" if at == last else " " * (width - display_width(text)) + _GAP
        spans.append(Span(text + padding, rest if at else first))
    return Line(tuple(spans), row=True)


def _cut(text: str, width: int) -> str:
    """Return a text of at most so many columns; ``…`` marks what is left out."""
    if display_width(text) <= width:
        return text
    end, room = 0, width - 1
    # By columns, not characters: a Chinese one takes two.
    while (room := room - _character_width(text[end])) >= 0:
        end += 1
    return f"{text[:end]}…"
