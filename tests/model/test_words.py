"""Which words of a text changed."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.text_diff import MAX_MATCHES, text_diff

TEXTS = st.text(max_size=60) | st.lists(
    st.sampled_from(["the", "dose", "5.5", "mg", ".", "\n", " ", "≥", "weeks"]), max_size=25
).map(" ".join)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_put_together_again(before: str, after: str) -> None:
    found = text_diff(before, after)
    assert "".join(text for op, text in found if op != "added") == before
    assert "".join(text for op, text in found if op != "removed") == after
    assert all(text for _, text in found)
    assert all(one[0] != other[0] for one, other in pairwise(found))


@given(TEXTS)
def test_a_text_keeps_all_of_itself(text: str) -> None:
    assert text_diff(text, text) == ((("same", text),) if text else ())


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("Age 18 years", "Age 65 years", [("removed", "18"), ("added", "65")]),
        ("BMI above 30.5", "BMI above 30.9", [("removed", "30.5"), ("added", "30.9")]),
        ("1,000 cells", "1,500 cells", [("removed", "1,000"), ("added", "1,500")]),
        ("asthma", "severe asthma", [("added", "severe"), ("added", " ")]),
        ("no asthma", "no severe asthma", [("added", " severe")]),
        ("Age > 18", "Age < 18", [("removed", ">"), ("added", "<")]),
    ],
)
def test_just_the_words_that_changed_are_told(
    before: str, after: str, changed: list[tuple[str, str]]
) -> None:
    found = [segment for segment in text_diff(before, after) if segment[0] != "same"]
    assert "".join(text for op, text in found if op == "added") == "".join(
        text for op, text in changed if op == "added"
    )
    assert "".join(text for op, text in found if op == "removed") == "".join(
        text for op, text in changed if op == "removed"
    )


def test_long_texts_of_few_words_are_not_taken_apart() -> None:
    before, after = "a " + "x " * 1_500, "b " + "y x " * 1_500
    started = time.process_time()
    found = text_diff(before, after)
    assert time.process_time() - started < 5
    assert [op for op, _ in found] == ["removed", "added", "same"]
    assert MAX_MATCHES < 1_500 * 1_500


def test_an_edit_in_a_very_long_text_is_told_by_its_word() -> None:
    text = "the dose of the drug " * 20_000
    found = text_diff(text, text[:50_000] + "new " + text[50_000:])
    assert sum(len(part) for op, part in found if op != "same") < 20
