"""The search for trials: their words in an index, and what it is asked.

SQLite has FTS5 without the texts, which are in the snapshots already: a trial's row is its NCT ID's
number, and what leaves the index is named word for word. PostgreSQL has a text search vector, whose
lexemes begin with a capital that stands for the column. Both know which words stand in which
column, not where (docs/decisions/2026-12-01-facts-and-search.md).
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import UserDefinedType

from monitor.model.nct import nct_id_of, nct_number
from monitor.model.search import SEARCH_COLUMNS, Search, SearchClause, SearchDocument, SearchTerm
from monitor.store.db import upsert

_WORD = re.compile(r"\w+", re.ASCII)
_MOST_BYTES = 900_000
"""Of a vector: PostgreSQL takes a megabyte. The longest real record has a tenth of that."""


class _Vector(UserDefinedType[str]):
    """PostgreSQL's text search vector; its own type would load that dialect for everybody."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the name of the type."""
        return "TSVECTOR"


_SQLITE = sa.Table(
    "trial_search",
    sa.MetaData(),
    sa.Column("rowid", sa.Integer, primary_key=True),
    *(sa.Column(name, sa.Text) for name in (*SEARCH_COLUMNS, "every")),
    sa.Column("trial_search", sa.Text),  # what is to be done, or the question
)
_POSTGRES = sa.Table(
    "trial_search",
    sa.MetaData(),
    sa.Column("nct_id", sa.Text, primary_key=True),
    sa.Column("words", _Vector, nullable=False),
)
_EVERY = "1"
_PREFIXES = {name: chr(ord("A") + place) for place, name in enumerate(SEARCH_COLUMNS)}
_EVERY_LEXEME = "Z"

# --- what is written ------------------------------------------------------------------------

_COLUMNS: dict[str, Any] = {name: bindparam(f"b_{name}") for name in SEARCH_COLUMNS}
_PUT_SQLITE = sa.insert(_SQLITE).values(
    rowid=bindparam("b_rowid"), every=sa.literal_column(f"'{_EVERY}'"), **_COLUMNS
)
_TAKE_OUT = sa.insert(_SQLITE).values(
    trial_search=sa.literal_column("'delete'"),
    rowid=bindparam("b_rowid"),
    every=sa.literal_column(f"'{_EVERY}'"),
    **_COLUMNS,
)
_PUT_POSTGRES = upsert(_POSTGRES).values(
    nct_id=bindparam("b_nct_id"), words=sa.cast(bindparam("b_words", type_=sa.Text), _Vector)
)

EMPTY = {
    "sqlite": sa.insert(_SQLITE).values(trial_search=sa.literal_column("'delete-all'")),
    "postgresql": sa.delete(_POSTGRES),
}
"""What takes all trials out of the index."""

Values = dict[str, Any]
Change = tuple[str, SearchDocument, SearchDocument | None]
"""An NCT ID, its words, and those that the index has of it (None: none)."""


def changes(dialect: str, documents: Iterable[Change]) -> list[tuple[sa.Insert, list[Values]]]:
    """Return the statements, with their rows, that bring trials' words into the index."""
    if dialect != "sqlite":
        return [(_PUT_POSTGRES, [_postgres_row(nct_id, new) for nct_id, new, _ in documents])]
    documents = list(documents)
    gone = [_sqlite_row(nct_id, old) for nct_id, _, old in documents if old is not None]
    return [
        (_TAKE_OUT, gone),
        (_PUT_SQLITE, [_sqlite_row(nct_id, new) for nct_id, new, _ in documents]),
    ]


def _sqlite_row(nct_id: str, document: SearchDocument) -> Values:
    texts = zip(_COLUMNS, document.texts, strict=True)
    return {"b_rowid": nct_number(nct_id)} | {f"b_{name}": text for name, text in texts}


def _postgres_row(nct_id: str, document: SearchDocument) -> Values:
    lexemes = [_EVERY_LEXEME]
    for prefix, text in zip(_PREFIXES.values(), document.texts, strict=True):
        lexemes.extend(prefix + word for word in dict.fromkeys(_WORD.findall(text.lower())))
    words = " ".join(lexemes)
    if len(words) > _MOST_BYTES:
        words = words[:_MOST_BYTES].rpartition(" ")[0]
    return {"b_nct_id": nct_id, "b_words": words}


# --- what is asked --------------------------------------------------------------------------


def question(dialect: str, search: Search) -> str:
    """Return what is asked of the index, in the database's own language."""
    parts = [_clause(dialect, clause) for clause in search.clauses]
    unwanted = [_clause(dialect, clause) for clause in search.excluded]
    if dialect == "sqlite":
        wanted = " AND ".join(parts) or f'every : "{_EVERY}"'
        return f"({wanted}) NOT ({' OR '.join(unwanted)})" if unwanted else wanted
    return " & ".join([*(parts or [_EVERY_LEXEME]), *(f"!{one}" for one in unwanted)])


def _clause(dialect: str, clause: SearchClause) -> str:
    if dialect == "sqlite":
        columns = " ".join(clause.columns)
        return f"{{{columns}}} : ({' OR '.join(map(_sqlite_term, clause.terms)) or _NOTHING})"
    terms = [
        _postgres_term(_PREFIXES[column], term)
        for term in clause.terms
        for column in clause.columns
    ]
    return f"({' | '.join(terms) or _NOTHING})"


_NOTHING = "0nothing0"


def _sqlite_term(term: SearchTerm) -> str:
    return "(" + " AND ".join(f'"{word}"' for word in term.words) + ")"


def _postgres_term(prefix: str, term: SearchTerm) -> str:
    return "(" + " & ".join(prefix + word for word in term.words) + ")"


@cache
def matching(dialect: str) -> tuple[sa.Select[Any], ColumnElement[bool]]:
    """Return the query for all trials that match ``:question``, and the condition of one.

    The query's rows are trials' keys: ``nct_id_of_key`` reads them.
    """
    asked = bindparam("question", type_=sa.Text)
    if dialect == "sqlite":
        condition = _SQLITE.c.trial_search.op("MATCH", is_comparison=True)(asked)
        return sa.select(_SQLITE.c.rowid).where(condition), condition
    condition = _POSTGRES.c.words.op("@@", is_comparison=True)(sa.cast(asked, _Query))
    return sa.select(_POSTGRES.c.nct_id).where(condition), condition


class _Query(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the name of the type."""
        return "TSQUERY"


def key_column(dialect: str) -> ColumnElement[Any]:
    """Return the column of a trial's key in the index."""
    return _SQLITE.c.rowid if dialect == "sqlite" else _POSTGRES.c.nct_id


def key_of(dialect: str, nct_id: str) -> Any:
    """Return a trial's key in the index."""
    return nct_number(nct_id) if dialect == "sqlite" else nct_id


def nct_id_of_key(key: Any) -> str:
    """Return the NCT ID that a key stands for."""
    return key if isinstance(key, str) else nct_id_of(key)
