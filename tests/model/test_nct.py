"""NCT IDs as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.model.nct import is_nct_id, normalise_nct_id, registry_reads_id

ARABIC_EIGHT = "\N{ARABIC-INDIC DIGIT EIGHT}"


@given(st.integers(1, 99_999_999), st.sampled_from(["NCT", "nct", "Nct"]))
def test_case_space_and_zeros_left_out_do_not_matter(number: int, letters: str) -> None:
    exact = f"NCT{number:08d}"
    assert normalise_nct_id(f" {letters}{number}\n") == exact
    assert normalise_nct_id(f"{letters}{number:08d}") == exact
    assert is_nct_id(exact)


@given(st.integers(1, 99_999_999), st.integers(1, 9))
def test_where_a_zero_is_written_there_are_eight_digits(number: int, zeros: int) -> None:
    written = f"NCT{'0' * zeros}{number}"
    assert registry_reads_id(written)
    if len(written) != len("NCT06377228"):
        with pytest.raises(UsageError):
            normalise_nct_id(written)


@pytest.mark.parametrize("text", ["NCT6377228", "nct06377228 "])
def test_the_registrys_spelling_comes_out(text: str) -> None:
    assert normalise_nct_id(text) == "NCT06377228"


@pytest.mark.parametrize("text", ["NCT0637722", "NCT063772288", "NCT006377228", "NCT163772288"])
def test_a_digit_too_few_or_too_many_makes_no_other_trial(text: str) -> None:
    with pytest.raises(UsageError, match="NCT06377228"):
        normalise_nct_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "NCT", "NCT0", "NCT00000000", "NCT000000", "NCT123456789", "6377228", "NCT 6377228",
     "NCT0637722O", "NCT-06377228", "ISRCTN15375673", "NCT06377228; DROP TABLE",
     f"NCT0637722{ARABIC_EIGHT}"],
)  # fmt: skip
def test_anything_else_is_told_what_a_valid_id_looks_like(text: str) -> None:
    with pytest.raises(UsageError, match="NCT06377228"):
        normalise_nct_id(text)


def test_a_number_of_zero_is_told_as_what_it_is() -> None:
    with pytest.raises(UsageError) as error:
        normalise_nct_id("nct00000000")
    assert "its number is zero" in str(error.value)
    assert "eight digits" not in str(error.value)


def test_a_long_mistake_is_shown_cut() -> None:
    with pytest.raises(UsageError) as error:
        normalise_nct_id("x" * 10_000)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("value", ["nct06377228", "NCT6377228", "NCT06377228 ", None, 6377228,
                                   f"NCT0637722{ARABIC_EIGHT}"])  # fmt: skip
def test_only_the_exact_spelling_is_an_id(value: object) -> None:
    assert not is_nct_id(value)
