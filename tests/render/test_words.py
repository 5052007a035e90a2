"""Words that changed inside a text."""

import time

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.words import Segment
from monitor.render.lines import Span
from monitor.render.words import marked_words, word_spans

texts = st.lists(
    st.sampled_from(["the", "dose", "5", "mg", ".", "\n", " ", ", ", "weeks", "60%", "Ä"]),
    max_size=30,
).map(" ".join)


def plain(segments: tuple[Segment, ...]) -> str:
    """Write segments as a pipe shows them."""
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(marks[op].format(text) for op, text in segments)


@given(texts, texts)
def test_kept_and_removed_words_are_the_old_text_kept_and_added_ones_the_new(
    before: str, after: str
) -> None:
    segments = marked_words(before, after)
    assert "".join(text for op, text in segments if op != "added") == before
    assert "".join(text for op, text in segments if op != "removed") == after


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_compared(before: str, after: str) -> None:
    segments = marked_words(before, after)
    assert "".join(text for op, text in segments if op != "added") == before
    assert "".join(text for op, text in segments if op != "removed") == after


def test_a_changed_word_is_marked_and_the_rest_stays() -> None:
    segments = marked_words("About 200 patients enroll.", "About 100 patients enroll.")
    assert plain(segments) == "About [-200-]{+100+} patients enroll."


def test_words_replaced_in_a_row_are_one_replacement() -> None:
    segments = marked_words("closed: slow accrual here", "closed: safety findings here")
    assert plain(segments) == "closed: [-slow accrual-]{+safety findings+} here"


def test_a_sentence_that_was_added_is_marked_alone() -> None:
    segments = marked_words("One stays. Three stays.", "One stays. Two came. Three stays.")
    assert plain(segments) == "One stays. {+Two came. +}Three stays."


def test_long_unchanged_passages_are_cut_to_their_edges() -> None:
    words = " ".join(f"w{number}" for number in range(100))
    spans = word_spans(marked_words(f"{words} old {words}", f"{words} new {words}"), context=2)
    assert "".join(span.text for span in spans) == "… w98 w99 oldnew w0 w1 …"
    assert Span("old", "removed") in spans
    assert Span("new", "added") in spans


def test_short_passages_stay_whole() -> None:
    spans = word_spans(marked_words("a b old c", "a b new c"), context=4)
    assert "".join(span.text for span in spans) == "a b oldnew c"


def test_so_many_changes_are_shown_and_a_gap_tells_of_more() -> None:
    before = "x1 same y1 same z1 same"
    after = "x2 same y2 same z2 same"
    spans = word_spans(marked_words(before, after), context=3, changes=2)
    assert [span.text for span in spans if span.role == "added"] == ["x2", "y2"]
    assert spans[-1] == Span("…", "dim")


def test_line_breaks_become_blanks() -> None:
    spans = word_spans(marked_words("one\n\n* two old", "one\n\n* two new"), context=9)
    assert "\n" not in "".join(span.text for span in spans)


def test_two_long_texts_without_a_word_in_common_take_no_time() -> None:
    before = " ".join(f"old{number}" for number in range(20_000))
    after = " ".join(f"new{number}" for number in range(20_000))
    start = time.perf_counter()
    assert [op for op, _ in marked_words(before, after)] == ["removed", "added"]
    assert time.perf_counter() - start < 2
