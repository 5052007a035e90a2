"""Tables in the room that there is, and as CSV."""

import csv
import io

import pytest

from monitor.render.columns import csv_text, display_width, table_lines
from monitor.render.lines import Table
from monitor.render.screen import Screen

ERROR = "the server said 550 5.1.1 no such user here, and closed the connection"


def table(*rows: tuple[str | None, ...], note: bool = False) -> Table:
    """Return a table of three columns."""
    return Table(head=("ID", "To", "Last error"), rows=rows, note=note)


def shown(given: Table, width: int | None) -> list[str]:
    """Return the lines that a screen writes."""
    stream = io.StringIO()
    Screen(stream=stream, width=width).show([given])
    return stream.getvalue().splitlines()


def test_a_pipe_gets_whole_cells_in_aligned_columns() -> None:
    rows = shown(table(("1", "a" * 50, ERROR), ("12", "b", None)), None)
    assert rows == [
        f"ID  To{' ' * 48}  Last error",
        f"1   {'a' * 50}  {ERROR}",
        f"12  b{' ' * 49}  -",
    ]


def test_a_terminal_with_room_for_all_cuts_nothing() -> None:
    given = table(("1", "a" * 50, ERROR), ("12", "b", None))
    assert shown(given, 200) == shown(given, None)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_narrow_terminal_cuts_the_widest_columns_alike(width: int) -> None:
    head, first, _ = shown(table(("1", "a" * 90, "e" * 90), ("2", "b", "f")), width)
    assert len(first) <= width
    assert len(first) >= width - 1
    assert abs(first.count("a") - first.count("e")) <= 1
    assert head.index("Last error") == first.index("e")


def test_times_are_whole_where_longer_cells_stay_legible() -> None:
    head = ("ID", "State", "To", "Channel", "What", "Due (UTC)", "Tries")
    due = "2026-07-15 10:00"
    row = (
        "6",
        "sent",
        "ana <ana@example.org> " * 2,
        "team-slack",
        "welcome, 1 subscription",
        due,
        "1",
    )
    given = Table(head=head, rows=(row,))
    assert all(due in shown(given, width)[1] for width in (80, 100))
    assert [len(shown(given, width)[1]) <= width for width in (50, 80, 100)] == [True] * 3


def test_a_note_without_room_goes_whole_below_its_row() -> None:
    given = table(("1", "ana" * 10, ERROR), ("2", "ben", None), note=True)
    rows = shown(given, 60)
    assert rows[0].split() == ["ID", "To"]
    assert rows[1] == f"1   {'ana' * 10}"
    assert " ".join(" ".join(rows[2:-1]).split()) == ERROR
    assert all(row.startswith("    ") and len(row) <= 60 for row in rows[2:-1])
    assert rows[-1] == "2   ben"


def test_a_note_with_room_stays_in_its_row() -> None:
    given = table(("1", "ana", ERROR), note=True)
    assert shown(given, 120)[1] == f"1   ana  {ERROR}"
    assert not [row for row in shown(given, 60) if row.endswith("…")]


@pytest.mark.parametrize("width", [None, 40])
def test_letters_of_two_columns_and_accents_of_none_keep_columns_aligned(width: int | None) -> None:
    _, first, second = shown(table(("1", "日本の試験", "x"), ("2", "Sjo\u0308gren", "y")), width)
    assert display_width(first.partition("x")[0]) == display_width(second.partition("y")[0])


def test_a_cell_of_wide_letters_is_cut_to_its_columns() -> None:
    for row in shown(table(("1", "日" * 60, "本" * 60)), 41):
        assert display_width(row) <= 41


def test_an_empty_table_is_its_head() -> None:
    assert shown(table(), 80) == shown(table(), None) == ["ID  To  Last error"]


def test_csv_holds_the_whole_cells() -> None:
    given = table(("1", 'a "b", c', ERROR), ("2", "日本 Sjögren", None))
    assert list(csv.reader(io.StringIO(csv_text(given)))) == [
        ["ID", "To", "Last error"],
        ["1", 'a "b", c', ERROR],
        ["2", "日本 Sjögren", ""],
    ]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "\r=1", "\n=1"],
)
def test_no_cell_of_csv_is_a_formula(cell: str) -> None:
    (_, row) = csv.reader(io.StringIO(csv_text(table(("1", cell, None)))))
    assert row[1].startswith("'")


@pytest.mark.parametrize("cell", ["-5", "+62.5", "-1,204", "1-2", "NCT06733935", "a = b"])
def test_numbers_and_plain_text_stand_in_csv_as_they_are(cell: str) -> None:
    (_, row) = csv.reader(io.StringIO(csv_text(table(("1", cell, None)))))
    assert row[1] == cell


def test_csv_steers_no_terminal() -> None:
    assert not set(csv_text(table(("\x1b[2J", "\x07", "\u202e")))) & set("\x1b\x07\u202e")


def test_a_screen_writes_csv_in_utf_8_whatever_the_locale_says() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="replace")
    Screen(stream=stream).csv([table(("1", "Sjögren", None))])
    assert raw.getvalue().decode() == "ID,To,Last error\n1,Sjögren,\n"


def test_lines_beside_tables_are_no_csv() -> None:
    assert [line.row for line in table_lines(table(("1", "a", "b")), 80)] == [True, True]
