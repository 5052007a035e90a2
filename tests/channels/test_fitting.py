"""Texts cut to what a service takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.truncation import clip, size, truncate

LINES = st.lists(st.text(st.characters(exclude_characters="\n"), max_size=400), max_size=60)


@given(LINES, st.integers(1, 3000))
def test_a_text_never_is_longer_than_its_room(lines: list[str], room: int) -> None:
    text = "\n".join(lines)
    cut = truncate(text, room)
    assert size(cut) <= room
    assert (cut == text) == (size(text) <= room) or "…" in text


@pytest.mark.parametrize("room", [1, 2, 20, 160, 299])
def test_where_there_is_hardly_any_room_the_beginning_stays(room: int) -> None:
    text = "NCT06733935: enrollment target 144 → 240\n" * 20
    assert truncate(text, room) == clip(text, room)
    assert text.startswith(clip(text, room)[:-1])
