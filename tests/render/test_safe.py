"""Registry text cannot steer a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.sanitize import sanitize, sanitize_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("safe\rover", "safe over"),
        ("\x9b2J", "<U+009B>2J"),
        ("\x7f\x00\x08", "␡␀␈"),
        ("a\u202eb\u2066c\u200fd", "a<U+202E>b<U+2066>c<U+200F>d"),
        ("one\ntwo\tthree\u2028four", "one two three four"),
        ("\U000e0041", "<U+E0041>"),
        ("file-\udcff", "file-<U+DCFF>"),
        ("Sjögren 日本 العربية [bold] 👩\u200d⚕️", "Sjögren 日本 العربية [bold] 👩\u200d⚕️"),
    ],
)
def test_what_steers_is_shown_and_letters_stay(text: str, shown: str) -> None:
    assert sanitize(text) == shown


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    for notification in sanitize(text):
        assert unicodedata.category(notification) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(notification) not in {
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        }  # fmt: skip


@given(st.text())
def test_neutral_text_stays_as_it_is(text: str) -> None:
    assert sanitize(sanitize(text)) == sanitize(text)


@given(st.text())
def test_lines_are_neutral_too(text: str) -> None:
    for line in sanitize_lines(text):
        assert line == sanitize(line)


def test_a_text_keeps_its_lines_and_their_indents() -> None:
    assert sanitize_lines("one\r\n  * two  \n\nthree\x1b") == ["one", "  * two", "", "three␛"]
