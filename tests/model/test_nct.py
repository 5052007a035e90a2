"""NCT IDs as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.model.nct import is_nct_id, normalize_nct_id, registry_reads_id

ARABIC_EIGHT = "\N{ARABIC-INDIC DIGIT EIGHT}"


@given(st.integers(1, 99_999_999), st.sampled_from(["NCT", "nct", "Nct"]))
def test_case_space_and_zeros_left_out_do_not_matter(number: int, letters: str) -> None:
    exact = f"NCT{number:08d}"
    assert normalize_nct_id(f" {letters}{number}\n") == exact
    assert normalize_nct_id(f"{letters}{number:08d}") == exact
    assert is_nct_id(exact)


@given(st.integers(1, 99_999_999), st.integers(0, 9))
def test_any_number_of_leading_zeros_is_one_id_as_for_the_registry(number: int, zeros: int) -> None:
    written = f"NCT{'0' * zeros}{number}"
    assert registry_reads_id(written)
    assert normalize_nct_id(written) == f"NCT{number:08d}"


LINK = "https://clinicaltrials.gov"


@pytest.mark.parametrize(
    "pasted",
    [
        f"{LINK}/study/NCT00001715",
        f"{LINK}/study/nct1715?term=lupus&rank=2#contacts",
        f"{LINK}/ct2/show/NCT00001715",
        f"{LINK}/api/v2/studies/NCT00001715",
        f"{LINK}/study/NCT00001715?id=NCT00001715",
        f"{LINK}/search?id=%22NCT00001715%22",
        f"<{LINK}/study/NCT00001715>.",
        "clinicaltrials.gov/study/NCT00001715/",
        f"[NCT00001715]({LINK}/study/NCT00001715)",
        '"NCT00001715"',
        "'NCT00001715'",
        '="NCT00001715"',
        "\N{LEFT DOUBLE QUOTATION MARK}NCT00001715\N{RIGHT DOUBLE QUOTATION MARK}",
        "(NCT00001715),",
        "\N{ZERO WIDTH NO-BREAK SPACE}NCT0000\N{ZERO WIDTH SPACE}1715\N{NO-BREAK SPACE}",
        "".join(chr(ord(sign) + 0xFEE0) for sign in "NCT00001715"),
    ],
    ids=range(16),
)
def test_a_pasted_link_and_a_quoted_cell_are_the_id_that_they_hold(pasted: str) -> None:
    assert normalize_nct_id(pasted) == "NCT00001715"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NCT0637722O", "did you mean NCT06377220?"),
        ("NCTO637722l", "did you mean NCT06377221?"),
        ("NCT 06377228", "did you mean NCT06377228?"),
        ("NCT-06377228", "did you mean NCT06377228?"),
        ("NTC06377228", "did you mean NCT06377228?"),
        ("6377228", "did you mean NCT06377228?"),
        ("ClinicalTrials.gov Identifier: NCT06377228", "did you mean NCT06377228?"),
        ("NCT00000102/NCT00000104", "it holds 2, NCT00000102 and NCT00000104; give one"),
        ("NCT1/NCT2/NCT3", "it holds 3, NCT00000001 and NCT00000002 and others; give one"),
        ("NCT163772288", "eight digits, for example NCT06377228"),
        ("EUCT-2023", "eight digits, for example NCT06377228"),
        (f"{LINK}/study/", "eight digits, for example NCT06377228"),
        ("oil", "eight digits, for example NCT06377228"),
    ],
)
def test_what_is_no_id_is_told_the_nearest_reading(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        normalize_nct_id(text)
    assert str(error.value).startswith(f"{text!r} is not an NCT ID: ")
    assert str(error.value).endswith(said)


@pytest.mark.parametrize("text", ["NCT6377228", "nct06377228 "])
def test_the_registrys_spelling_comes_out(text: str) -> None:
    assert normalize_nct_id(text) == "NCT06377228"


@pytest.mark.parametrize("text", ["NCT163772288", "NCT0163772288"])
def test_a_digit_too_many_makes_no_other_trial(text: str) -> None:
    with pytest.raises(UsageError, match="NCT06377228"):
        normalize_nct_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "NCT", "NCT0", "NCT00000000", "NCT000000", "NCT123456789", "6377228", "NCT 6377228",
     "NCT-06377228", "ISRCTN15375673", "NCT06377228; DROP TABLE",
     f"NCT0637722{ARABIC_EIGHT}"],
)  # fmt: skip
def test_anything_else_is_told_what_a_valid_id_looks_like(text: str) -> None:
    with pytest.raises(UsageError, match="NCT06377228"):
        normalize_nct_id(text)


def test_a_number_of_zero_is_told_as_what_it_is() -> None:
    with pytest.raises(UsageError) as error:
        normalize_nct_id("nct00000000")
    assert "its number is zero" in str(error.value)
    assert "eight digits" not in str(error.value)


def test_a_long_mistake_is_shown_cut() -> None:
    with pytest.raises(UsageError) as error:
        normalize_nct_id("x" * 10_000)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("value", ["nct06377228", "NCT6377228", "NCT06377228 ", None, 6377228,
                                   f"NCT0637722{ARABIC_EIGHT}"])  # fmt: skip
def test_only_the_exact_spelling_is_an_id(value: object) -> None:
    assert not is_nct_id(value)
