"""What the search knows of a record, and is asked for a filter, against what a filter matches."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.match.documents import matches, search_document, search_of
from monitor.match.filters import compile_filter
from monitor.model.record import TrialRecord
from monitor.model.search import (
    SEARCH_COLUMNS,
    SEARCH_VERSION,
    Search,
    SearchClause,
    SearchDocument,
)
from monitor.model.subscriptions import Filter
from tests.match.examples import NCT, record
from tests.records import record as as_record
from tests.records import sample


def finds(document: SearchDocument, search: Search) -> bool:
    """Return whether an index that knows the words of each column finds a document."""
    texts = zip(SEARCH_COLUMNS, document.texts, strict=True)
    words = {name: set(re.findall(r"\w+", text.lower(), re.ASCII)) for name, text in texts}

    def has(clause: SearchClause) -> bool:
        known = set().union(*(words[column] for column in clause.columns))
        return any(known.issuperset(term.words) for term in clause.terms)

    return all(map(has, search.clauses)) and not any(map(has, search.excluded))


def agree(one: TrialRecord, wish: Filter) -> None:
    """Assert that what is matched is found, and what is found by an exact search matched."""
    compiled = compile_filter(wish)
    search = search_of(compiled)
    found = search is None or finds(search_document(one), search)
    matched = matches(compiled, one)
    assert found or not matched
    if search is not None and search.is_exact:
        assert found == matched


_SOME = """lupus systemic "systemic lupus" sjogren Sjögren's erythematosus malmo université étoile
    societe anifrolumab 300 mg TULIP-9 tulip phase-2 interferon placebo people keyword keyword-only
    turkey türkiye guinea "new guinea" papua karolinska hospital university ankara recruiting
    NCT09000001 saphnelo disease the of half car-t 抗体 … ™"""
WORDS = st.sampled_from(_SOME.split())
VALUES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
KEYS = st.sampled_from(
    ["condition", "intervention", "sponsor", "country", "title", "keyword", "facility", "city",
     "text"]
)  # fmt: skip
WHOLE = st.sampled_from(
    [("phase", "phase 1"), ("phase", "PHASE4"), ("status", "not yet recruiting"),
     ("status", "COMPLETED"), ("study_type", "interventional"), ("source", "files")]
)  # fmt: skip
CLAUSES = st.dictionaries(KEYS, st.lists(VALUES, min_size=1, max_size=2).map(tuple), max_size=2)
PAIRS = st.lists(WHOLE, max_size=1).map(lambda pairs: {key: (value,) for key, value in pairs})
FILTERS = st.builds(
    lambda wanted, whole, excluded: Filter(wanted=wanted | whole, excluded=excluded),
    CLAUSES, PAIRS, CLAUSES | PAIRS,
)  # fmt: skip


@given(FILTERS)
def test_the_search_finds_what_a_filter_matches(wish: Filter) -> None:
    agree(record(), wish)


TEXTS = st.text(
    st.sampled_from("aAcCrRtTsS1_- .™ßéøłβ抗体ﬁⅣ²ıƀ\u0301\u00ad") | st.characters(), max_size=12
)


@given(st.lists(TEXTS, max_size=3), TEXTS, KEYS)
def test_whatever_is_written_is_found(texts: list[str], value: str, key: str) -> None:
    document = {
        "protocolSection": {
            "identificationModule": {"briefTitle": "\n".join(texts)},
            "conditionsModule": {"conditions": texts, "keywords": texts},
            "contactsLocationsModule": {
                "locations": [{"facility": one, "country": one, "city": one} for one in texts]
            },
        }
    }
    one = TrialRecord(nct_id=NCT, document=document)
    for wanted in (value, *texts):
        agree(one, Filter(wanted={key: (wanted,)}))
        agree(one, Filter(wanted={"text": ("a",)}, excluded={key: (wanted,)}))


def test_real_records_are_found_by_their_own_words(shared_data: Path) -> None:
    for one in map(as_record, sample(shared_data, 150)):
        for key, texts in (
            ("condition", one.conditions[:2]),
            ("sponsor", [one.lead_sponsor or ""]),
            ("text", [one.title or "", one.nct_id]),
        ):
            for text in filter(None, texts):
                agree(one, Filter(wanted={key: (text,)}))
                assert matches(compile_filter(Filter(wanted={key: (text,)})), one)


@pytest.mark.parametrize(
    ("wish", "is_exact"),
    [
        pytest.param(Filter(wanted={"condition": ("lupus",)}), True, id="one word"),
        pytest.param(Filter(wanted={"condition": ("systemic lupus",)}), False, id="two words"),
        pytest.param(Filter(wanted={"country": ("Sri Lanka",)}), True, id="a country of two words"),
        pytest.param(
            Filter(wanted={"text": ("a",)}, excluded={"title": ("b c",)}), False, id="not both"
        ),
    ],
)
def test_one_word_is_decided_by_the_index_alone(wish: Filter, is_exact: bool) -> None:
    search = search_of(compile_filter(wish))
    assert search is not None
    assert search.is_exact is is_exact


def test_what_no_record_states_is_not_asked_of_the_index() -> None:
    assert search_of(compile_filter(Filter(wanted={"source": ("files",)}))) is None
    assert search_of(compile_filter(Filter(excluded={"title": ("a b",)}))) is None


def test_a_document_changes_with_its_words_alone() -> None:
    assert search_document(record()).digest == search_document(record()).digest
    assert search_document(record()).digest != SearchDocument(("",) * 13).digest


WORDS_BY_VERSION = {1: "06e758f0c508"}


def test_other_words_of_a_record_have_another_search_version() -> None:
    """An index that an earlier program filled is filled anew only where the number is another."""
    columns = zip(SEARCH_COLUMNS, search_document(record()).texts, strict=True)
    digest = sha256(repr(list(columns)).encode()).hexdigest()[:12]
    assert WORDS_BY_VERSION.get(SEARCH_VERSION) == digest, (
        "records have other words or columns in the search: raise SEARCH_VERSION, and keep its "
        f"digest {digest} here (only the digest where the example alone has changed)"
    )
