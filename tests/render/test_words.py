"""Words that changed inside a text, on one line."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.text_diff import text_diff
from monitor.render.events import word_spans
from monitor.render.lines import Span

texts = st.lists(
    st.sampled_from(["the", "dose", "5", "mg", ".", "\n", "  ", ", ", "weeks", "60%", "Ä"]),
    max_size=60,
).map(" ".join)


def words(spans: tuple[Span, ...], *roles: str) -> list[str]:
    """Return the words of the spans of these roles, the white space between them aside."""
    return "".join(span.text for span in spans if span.role in roles).split()


@given(texts, texts)
def test_with_enough_around_them_nothing_is_lost(before: str, after: str) -> None:
    spans = word_spans(text_diff(before, after), context=1000)
    assert "".join(words(spans, "plain", "removed")) == "".join(before.split())
    assert "".join(words(spans, "plain", "added")) == "".join(after.split())


@given(texts, texts, st.integers(0, 5))
def test_every_changed_word_is_shown_whatever_is_cut(before: str, after: str, context: int) -> None:
    segments = text_diff(before, after)
    spans = word_spans(segments, context=context)
    for op in ("removed", "added"):
        changed = "".join("".join(text for name, text in segments if name == op).split())
        assert "".join(words(spans, op)) == changed


def test_long_unchanged_passages_are_cut_to_their_edges() -> None:
    many = " ".join(f"w{number}" for number in range(100))
    spans = word_spans(text_diff(f"{many} old {many}", f"{many} new {many}"), context=2)
    assert "".join(span.text for span in spans) == "… w98 w99 oldnew w0 w1 …"
    assert Span("old", "removed") in spans
    assert Span("new", "added") in spans


def test_short_passages_stay_whole() -> None:
    spans = word_spans(text_diff("a b old c", "a b new c"), context=4)
    assert "".join(span.text for span in spans) == "a b oldnew c"


def test_so_many_changes_are_shown_and_a_gap_tells_of_more() -> None:
    before = "x1 same y1 same z1 same"
    after = "x2 same y2 same z2 same"
    spans = word_spans(text_diff(before, after), context=3, changes=2)
    assert [span.text for span in spans if span.role == "added"] == ["x2", "y2"]
    assert spans[-1] == Span("…", "dim")


def test_line_breaks_become_blanks() -> None:
    spans = word_spans(text_diff("one\n\n* two old", "one\n\n* two new"), context=9)
    assert "\n" not in "".join(span.text for span in spans)
