"""Words of what people write are found in what the registry writes."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.match.text_index import holds, phrase_of, searchable, sentences, term_of, words_of


def found(written: str, *texts: str) -> bool:
    term = term_of(written)
    return bool(term) and holds(searchable(texts), term)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("lupus", "Systemic Lupus Erythematosus"),
        ("SYSTEMIC lupus", "systemic lupus erythematosus"),
        ("lupus-erythematosus", "Lupus Erythematosus"),
        ("COVID 19", "COVID-19"),
        ("sjogren", "Sjögren's Syndrome"),
        ("Sjögren’s", "Sjogren's syndrome"),
        ("Meniere", "Ménière Disease"),
        ("Kobenhavn", "Rigshospitalet, København"),
        ("Lodz", "Medical University of Łódź"),
        ("strasse", "Straße"),
        ("keytruda", "Keytruda™ (pembrolizumab)"),
        ("keytruda", "KEYTRUDA® 25 mg"),
        ("diffuse", "Di\ufb00use"),
        ("lupus", "lu\u00adpus nephritis"),
        ("IL-6", "anti IL\u20116 therapy"),
        ("β-thalassaemia", "\u0392-Thalassaemia major"),
        ("lupus", "\uff2c\uff35\uff30\uff35\uff33"),
    ],
)
def test_case_accents_and_signs_do_not_count(phrase: str, text: str) -> None:
    assert found(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("lupus", "lupuslike syndrome"),
        ("lupus", "antilupus"),
        ("type 1", "Type 10 Diabetes"),
        ("beta", "β-thalassaemia"),
        ("lupus", ""),
        ("lupus.*", "lupus erythematosus x"[6:]),
    ],
)
def test_only_whole_words_are_found(phrase: str, text: str) -> None:
    assert not found(phrase, text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("systemic lupus", "Lupus Erythematosus, Systemic"),
        ("erythematosus lupus", "Lupus Erythematosus"),
        ("systemic erythematosus", "Systemic Lupus Erythematosus"),
        ("cancer breast", "Breast Cancer"),
        ("type 1 diabetes", "Diabetes Mellitus, Type 1"),
        ("B-cell lymphoma", "Lymphoma, B-Cell"),
        ("T cell lymphoma", "Lymphoma, T-Cell"),
        ("lung non-small cell", "Non-Small-Cell Lung Carcinoma"),
        ('"lupus erythematosus" systemic', "Systemic Lupus Erythematosus"),
        ("“lupus erythematosus” systemic", "Systemic Lupus Erythematosus"),
        ("tislelizumab/placebo", "Placebo or Tislelizumab"),
        ('lupus"', "lupus"),
        ("CAR-T", "chimeric antigen receptor T-cell therapy"),
        ("CAR T cell", "a dual Chimeric Antigen Receptor (CAR) T cell therapy"),
        ("CAR T cell", "CAR T-cell"),
        ("chimeric antigen receptor", "CD19/BCMA dual CAR-T"),
        ("chimeric antigen receptor T", "CD19 CAR T cells"),
        ("chimeric antigen receptor (CAR) T", "CD19 CAR T cells"),
        ("CAR", "CAR T"),
        ("CAR", "chimeric antigen receptors"),
    ],
)
def test_words_are_found_in_any_order(written: str, text: str) -> None:
    assert found(written, text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"systemic lupus"', "Lupus Erythematosus, Systemic"),
        ("type 1 diabetes", "Diabetes Mellitus, Type 2, for 1 year"),
        ("vitamin D deficiency", "Deficiency of vitamin A and dehydration; D"),
        ("non-small lung", "Small Lung Nodules, Non Malignant"),
        ("B-cell lymphoma", "Lymphoma of a cell; hepatitis B"),
        ("CAR T", "CAR-NK cells and T cells"),
        ("CAR T cell", "chimeric antigen receptor natural killer cell, after a T cell depletion"),
        ("chimeric antigen receptor", "Car seats and T shirts"),
        ("CAR-T", "cART in HIV"),
        ("colon cancer, 5 fluorouracil", "Colon Cancer: 5 Cycles of Fluorouracil"),
    ],
)
def test_what_belongs_together_is_found_together(written: str, text: str) -> None:
    assert not found(written, text)


@pytest.mark.parametrize(
    "texts",
    [("Breast Feeding", "Lung Cancer"), tuple(sentences(
        "We study breast feeding after chemotherapy. Lung cancer (stage 2) is excluded."
    ))],
)  # fmt: skip
def test_words_are_not_taken_from_several_texts(texts: tuple[str, ...]) -> None:
    assert not found("breast cancer", *texts)
    assert found("feeding breast", *texts)
    assert found("cancer lung", *texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is here. Two is there! Three?", ["One is here.", "Two is there!", "Three?"]),
        ("At St. Jude, e.g. Memphis, by Dr. Doe", ["At St. Jude, e.g. Memphis, by Dr. Doe"]),
        ("Given:\n\n* AZD0120\n* placebo\n\nweekly", ["Given:", "* AZD0120", "placebo", "weekly"]),
        ("5 mg (daily). Then\nno more", ["5 mg (daily).", "Then\nno more"]),
        ("", [""]),
    ],
)
def test_a_longer_text_has_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_phrase_does_not_reach_from_one_text_into_the_next() -> None:
    assert found("lupus nephritis", "SLE", "lupus nephritis")
    assert not found("lupus nephritis", "lupus", "nephritis")


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("エリテマトーデス", "全身性エリテマトーデス患者を対象とした試験"),
        ("糖尿病", "2型糖尿病"),
        ("系统性红斑狼疮", "治疗系统性红斑狼疮的研究"),
        ("เบาหวาน", "ผู้ป่วยเบาหวานชนิดที่"),
        ("루푸스", "전신 루푸스 환자"),
        ("दमा", "गंभीर दमा"),
    ],
)
def test_scripts_without_spaces_are_searched_anywhere_in_a_sentence(phrase: str, text: str) -> None:
    assert found(phrase, text)


def test_a_mark_that_makes_another_letter_counts() -> None:
    assert not found("かん", "がん")
    assert found(unicodedata.normalize("NFD", "がん"), "肺がんの患者")
    assert not found("病糖尿", "糖尿病")


@pytest.mark.parametrize("text", ["", "   ", "...", "-()[]", "™", "🧬", "\u200b", "\u0301", "・"])
def test_a_text_without_letters_and_digits_has_no_words(text: str) -> None:
    assert words_of(text) == []
    assert phrase_of(text) == ""
    assert searchable([text, text]) == ""


@given(st.text())
def test_however_a_text_is_composed_it_has_the_same_words(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        if "\u00ad" not in text and not set(text) & set("™℠"):
            assert words_of(unicodedata.normalize(form, text)) == words_of(text)


@given(st.text(), st.text(), st.text())
def test_a_phrase_is_found_where_it_stands_between_others(a: str, b: str, c: str) -> None:
    if phrase_of(b):
        assert phrase_of(b) in searchable([f"{a} {b} {c}"])


@given(st.lists(st.text(alphabet="ab .*+?()[]{}|^$\\", max_size=8), max_size=4))
def test_signs_of_patterns_mean_nothing(texts: list[str]) -> None:
    plain = [" ".join("".join(c if c in "ab" else " " for c in text).split()) for text in texts]
    assert searchable(texts) == searchable(plain)


def test_very_long_texts_are_read_in_no_more_than_their_length_takes() -> None:
    started = time.process_time()
    long = "é " * 500_000
    assert found("e e e", long)
    assert not found("e f", long + "(" * 500_000)
    assert time.process_time() - started < 30
