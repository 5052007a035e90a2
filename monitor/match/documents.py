"""Records as the search has them, and filters as it is asked: one narrowing for every database.

The index has the words under each key, not their positions. So it alone decides about a term of
one word, and about two words of a country's name, which are indexed as one; of any other term it
finds all records that match, and some that have the words apart. About those ``CompiledFilter``
decides, as it does for alerts.
"""

import re
from collections.abc import Iterable
from itertools import combinations, pairwise

from monitor.match.filter_fields import WHOLE_KEYS, FilterFields, is_same
from monitor.match.filters import Clause, CompiledFilter, Hits
from monitor.match.text_index import Term, words_of
from monitor.model.record import TrialRecord
from monitor.model.search import (
    LONGEST_WORD,
    SEARCH_COLUMNS,
    TEXT_COLUMNS,
    Search,
    SearchClause,
    SearchDocument,
    SearchTerm,
    ascii_word,
)

_LONGEST_NAME = 12
"""Words of a country's name that are looked at in pairs; real ones have up to seven."""

# What makes other words of a text's own: see ``text_index``.
_CAR = re.compile(r"car(?:s\b|\b)")
_REWRITTEN = frozenset({"car", "cars", "chimeric"})
_AS_THEY_ARE = frozenset(SEARCH_COLUMNS) - WHOLE_KEYS - {"country"}


def search_document(record: TrialRecord) -> SearchDocument:
    """Return the words that the search knows a trial by."""
    stated = FilterFields(record)
    return SearchDocument(tuple(_text(stated, column) for column in SEARCH_COLUMNS))


def search_documents(
    old: TrialRecord, new: TrialRecord
) -> tuple[SearchDocument, SearchDocument] | None:
    """Return the words of two records of one trial; None where both have the same.

    A column of which both say the same has one text in both.
    """
    moved = {column for column in SEARCH_COLUMNS if not is_same(old, new, column)}
    if not moved:
        return None
    document = search_document(new)
    stated = FilterFields(old)
    earlier = SearchDocument(
        tuple(
            _text(stated, column) if column in moved else text
            for column, text in zip(SEARCH_COLUMNS, document.texts, strict=True)
        )
    )
    return None if earlier == document else (earlier, document)


def _text(stated: FilterFields, column: str) -> str:
    if column == "country":
        return " ".join(_names(stated[column]))
    if column not in _AS_THEY_ARE:
        return _encode(stated[column])
    # Most texts have no word that would be written otherwise. The index takes those in ASCII as
    # they are, and of others their words, which are the same for all texts of a column together.
    text = stated.text_of(column)
    if text.isascii():
        if not _is_rewritten(text.lower()):
            return text
    elif _REWRITTEN.isdisjoint(words := words_of(text)):
        return " ".join(map(ascii_word, words))
    return _encode(stated[column])


def _is_rewritten(text: str) -> bool:
    return "chimeric" in text or ("car" in text and _CAR.search(text) is not None)


def _encode(searchable: str) -> str:
    if searchable.isascii():
        return searchable
    return " ".join(map(ascii_word, searchable.split()))


def _names(searchable: str) -> Iterable[str]:
    """Yield the words of countries' names, and those that one name has together, two as one."""
    for line in searchable.split("\n"):
        words = [ascii_word(word) for word in line.split()]
        yield from words
        yield from map(_phrase, pairwise(words))
        yield from map(_pair, combinations(words[:_LONGEST_NAME], 2))


def _phrase(words: tuple[str, str]) -> str:
    return "_".join(words)


def _pair(words: tuple[str, str]) -> str:
    return "__".join(sorted(words))


_NOTHING = Search((SearchClause(TEXT_COLUMNS[:1], ()),), (), is_exact=True)


def search_of(compiled: CompiledFilter) -> Search | None:
    """Return the search of a filter for the index; None where the index cannot help.

    That is so where the filter asks only for sources, or where it wants nothing and what it
    excludes takes a look at the record.
    """
    if not compiled.satisfiable:
        return _NOTHING
    wanted = [_clause(one) for one in compiled.wanted]
    excluded_clauses = [_clause(one) for one in compiled.excluded if one.terms]
    clauses = tuple(one for one in wanted if one.can_narrow)
    excluded = tuple(one for one in excluded_clauses if one.is_exact)
    if not clauses and not excluded:
        return None
    is_exact = all(one.is_exact for one in (*wanted, *excluded_clauses))
    return Search(clauses, excluded, is_exact)


def matches(compiled: CompiledFilter, record: TrialRecord, sources: Iterable[str] = ()) -> bool:
    """Return whether a filter matches a record, as it does where it is alerted of."""
    return compiled.hit(Hits(FilterFields(record, sources=sources))) is not None


def _clause(clause: Clause) -> SearchClause:
    if clause.key == "source":  # of which records say nothing
        return SearchClause((), ())
    columns = TEXT_COLUMNS if clause.key == "text" else (clause.key,)
    return SearchClause(columns, tuple(_term(clause.key, term) for term, _ in clause.terms))


def _term(key: str, term: Term) -> SearchTerm:
    words = [ascii_word(word) for phrase in term for word in phrase.split()]
    if key == "country" and len(words) > 1:
        # "south_korea" is one word of the index; "korea south" is looked for as the sorted
        # "korea__south".
        is_phrase = len(term) == 1
        if is_phrase or len(term) == len(words):
            pairs = map(_phrase, pairwise(words)) if is_phrase else map(_pair, pairwise(words))
            return SearchTerm(tuple(pairs), len(words) == 2)
    kept = tuple(dict.fromkeys(word for word in words if len(word) <= LONGEST_WORD))
    return SearchTerm(kept, len(words) == 1 and kept == tuple(words))
