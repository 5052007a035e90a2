"""Where output goes decides about colours and line ends."""

import io
import json
import re
from typing import Any

import pytest

from monitor.render.lines import BLANK, Line, Span, line
from monitor.render.screen import Screen, wants_color

HOSTILE = "\x1b[2J[red]x[/red] :smile: \x07\u202e"
SGR = re.compile(r"\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(*lines: Line, color: bool, width: int | None) -> str:
    """Return what a screen writes."""
    stream = io.StringIO()
    Screen(stream=stream, color=color, width=width).show(lines)
    return stream.getvalue()


def test_a_pipe_gets_whole_lines_without_colours() -> None:
    text = "word " * 100 + "end"
    found = shown(line(Span(text, "critical"), indent=2), BLANK, color=False, width=None)
    assert found == f"  {text}\n\n"


def test_without_colour_changed_words_are_marked() -> None:
    spans = ("a ", Span("old", "removed"), Span("new", "added"), " b")
    assert shown(line(*spans), color=False, width=None) == "a [-old-]{+new+} b\n"


def test_with_color_changed_words_are_styled_and_marked_too() -> None:
    spans = ("a ", Span("old", "removed"), Span("new", "added"), " b")
    found = shown(line(*spans), color=True, width=None)
    assert SGR.sub("", found) == "a [-old-]{+new+} b\n"
    assert "\x1b[2;9m[-old-]" in found
    assert "\x1b[1;4m{+new+}" in found


@pytest.mark.parametrize("color", [True, False])
@pytest.mark.parametrize("width", [None, 80])
def test_hostile_text_is_shown_and_never_obeyed(color: bool, width: int | None) -> None:
    found = shown(line(Span(HOSTILE, "title")), color=color, width=width)
    assert SGR.sub("", found) == "␛[2J[red]x[/red] :smile: ␇<U+202E>\n"


@pytest.mark.parametrize("color", [True, False])
def test_the_first_line_uses_the_room_that_the_others_hang_in(color: bool) -> None:
    lines = line(Span("store".ljust(20), "label"), "can be written to, " * 3, hang=20)
    rows = SGR.sub("", shown(lines, color=color, width=60)).splitlines()
    assert rows == [
        "store               can be written to, can be written to,",
        "                    can be written to,",
    ]


def test_a_terminal_gets_lines_of_its_width_that_go_on_under_their_text() -> None:
    found = shown(line(Span("HIGH", "high"), " word" * 30, indent=2, hang=6), color=True, width=60)
    rows = SGR.sub("", found).splitlines()
    assert len(rows) > 2
    assert all(len(row) <= 60 for row in rows)
    assert rows[0].startswith("  HIGH word")
    assert all(row.startswith("      word") for row in rows[1:])
    assert " ".join(" ".join(rows).split()) == "HIGH" + " word" * 30


def test_a_word_longer_than_the_terminal_is_folded_not_lost() -> None:
    found = shown(line("x" * 150), color=False, width=60)
    assert found.count("x") == 150
    assert all(len(row) <= 60 for row in found.splitlines())


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "wanted"),
    [
        (None, {}, True, True),
        (None, {}, False, False),
        (None, {"TERM": "dumb"}, True, False),
        (None, {"NO_COLOR": "1"}, True, False),
        (None, {"NO_COLOR": ""}, True, True),
        (None, {"FORCE_COLOR": "1"}, False, True),
        (None, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        (True, {"NO_COLOR": "1"}, False, True),
        (False, {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_the_choice_then_the_environment_then_the_stream_decides_about_colours(
    choice: bool | None, environ: dict[str, str], terminal: bool, wanted: bool
) -> None:
    assert wants_color(choice, environ, terminal=terminal) is wanted
    stream = Terminal() if terminal else io.StringIO()
    assert Screen.of(stream, color=choice, environ=environ).color is wanted


def test_only_a_terminal_has_a_width() -> None:
    assert Screen.of(io.StringIO(), environ={}).width is None
    assert (Screen.of(Terminal(), environ={}).width or 0) >= 40


@pytest.mark.parametrize("value", [{"a": HOSTILE}, ["\x9b2J\u2028\u2066"], "日本 → Sjögren", None])
def test_json_says_the_same_and_steers_nothing(value: Any) -> None:
    stream = io.StringIO()
    Screen(stream=stream).json(value)
    assert json.loads(stream.getvalue()) == value
    assert not set(stream.getvalue()) & set("\x1b\x07\x9b\u202e\u2028\u2066")
    assert "日本" not in str(value) or "日本" in stream.getvalue()
