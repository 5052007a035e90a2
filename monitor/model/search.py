"""The search document of a trial: its words, in columns; and the search that a filter becomes.

``match.documents`` makes both, ``store.search`` indexes and queries them.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

SEARCH_COLUMNS = (
    "title", "condition", "keyword", "intervention", "sponsor", "facility", "identifier",
    "summary", "city", "country", "phase", "status", "study_type",
)  # fmt: skip
"""Each the key of a filter, or a part of its ``text``."""
TEXT_COLUMNS = SEARCH_COLUMNS[:8]
"""What the key ``text`` covers."""

SEARCH_VERSION = 1
"""Raised with every change of what ``match.documents`` makes of a record."""


LONGEST_WORD = 200
"""Characters; longer ones are in no index."""

# As FTS5 and the index of PostgreSQL separate words; one translation instead of a pattern.
_APART = str.maketrans(
    {
        code: chr(code).lower() if chr(code).isalnum() or chr(code) == "_" else " "
        for code in range(128)
    }
)


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """A trial's words: a text for each of SEARCH_COLUMNS.

    Its words are runs of ASCII letters, digits and underscores, in any case; others are written as
    ``ascii_word`` writes them.
    """

    texts: tuple[str, ...]

    @property
    def words(self) -> tuple[frozenset[str], ...]:
        """Return the words of each text, in lower case."""
        return tuple(frozenset(text.translate(_APART).split()) for text in self.texts)

    @property
    def digest(self) -> bytes:
        """Return a hash of all words, and of how they are made: 32 bytes."""
        # A separator that no column holds: words must not move from one column to the next unseen.
        return sha256("\x1f".join((str(SEARCH_VERSION), *self.texts)).encode()).digest()


class SearchTerm(NamedTuple):
    """Words all of which a column of a trial must have; ``is_exact``: then the trial matches."""

    words: tuple[str, ...]
    is_exact: bool


class SearchClause(NamedTuple):
    """Any of some terms in any of some columns; without columns the index cannot decide it."""

    columns: tuple[str, ...]
    terms: tuple[SearchTerm, ...]

    @property
    def can_narrow(self) -> bool:
        """True when all that the clause means is among what the index finds."""
        return bool(self.columns) and all(term.words for term in self.terms)

    @property
    def is_exact(self) -> bool:
        """True when the index alone decides."""
        return self.can_narrow and all(term.is_exact for term in self.terms)


class Search(NamedTuple):
    """A query of the index: all clauses, and none of ``excluded``, which are exact ones.

    ``is_exact``: what it finds matches. Else it finds all that matches, and some others.
    """

    clauses: tuple[SearchClause, ...]
    excluded: tuple[SearchClause, ...]
    is_exact: bool

    @property
    def is_one_word(self) -> bool:
        """True when a trial is found by a single word."""
        words = [term.words for clause in self.clauses for term in clause.terms]
        return not self.excluded and [len(one) for one in words] == [1]


def ascii_word(word: str) -> str:
    """Return a word as the index has it: one in another script by its bytes, as hexadecimals."""
    # SQLite and PostgreSQL cut other scripts into words each in its own way.
    return word if word.isascii() else f"u{word.encode('utf-8', 'replace').hex()}"
