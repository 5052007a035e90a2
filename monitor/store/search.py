"""The search for trials: their words in an index, and the queries of it.

SQLite has FTS5 without the texts, which are in the snapshots already: a trial's row is its NCT ID's
number, and what leaves the index is named word for word. PostgreSQL indexes a text search vector
made of a text of lexemes, which begin with a capital that stands for the column. Both know which
words are in which column, not where (docs/decisions/2026-12-01-facts-and-search.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from zlib import crc32

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import UserDefinedType

from monitor.model.nct import nct_id_of, nct_number
from monitor.model.search import (
    LONGEST_WORD,
    SEARCH_COLUMNS,
    Search,
    SearchClause,
    SearchDocument,
    SearchTerm,
)
from monitor.store.db import Db, RowValues, upsert

_MOST_BYTES = 900_000
"""Of a vector: PostgreSQL takes a megabyte. The longest real record has a tenth of that."""
_LONGEST_LEXEME = 2_000
"""Bytes. PostgreSQL takes 2,046."""
_APART = 2_048
"""Bytes. PostgreSQL moves what makes a row longer than 2,000 out of it, so that many fit on a page;
the spaces behind shorter lexemes are compressed to nothing."""


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
    sa.Column("words", sa.Text, nullable=False),
)
_EVERY = "1"
_PREFIXES = {name: chr(ord("A") + place) for place, name in enumerate(SEARCH_COLUMNS)}
_EVERY_LEXEME = "Z"

# --- what is written ------------------------------------------------------------------------

_COLUMNS = [f"b_{name}" for name in (*SEARCH_COLUMNS, "every")]
_WRITE_SQLITE = sa.insert(_SQLITE).values(
    rowid=bindparam("b_rowid"),
    trial_search=bindparam("b_command"),
    **{name.removeprefix("b_"): bindparam(name) for name in _COLUMNS},
)
_PUT_POSTGRES = upsert(_POSTGRES)

EMPTY = {
    "sqlite": sa.insert(_SQLITE).values(trial_search=sa.literal_column("'delete-all'")),
    "postgresql": sa.delete(_POSTGRES),
}
"""What takes all trials out of the index."""

IndexChange = tuple[str, SearchDocument, SearchDocument | None]
"""An NCT ID, its words, and those that the index has of it (None: none)."""


def changes(dialect: str, documents: Iterable[IndexChange]) -> tuple[sa.Insert, list[RowValues]]:
    """Return the statement, with its rows, that brings trials' words into the index."""
    if dialect != "sqlite":
        return _PUT_POSTGRES, [_postgres_row(nct_id, new) for nct_id, new, _ in documents]
    # Of a row before the last one SQLite would write what it holds so far.
    in_order = sorted((nct_number(nct_id), new, old) for nct_id, new, old in documents)
    return _WRITE_SQLITE, [row for change in in_order for row in _sqlite_rows(*change)]


def _sqlite_rows(key: int, new: SearchDocument, old: SearchDocument | None) -> Iterator[RowValues]:
    """Yield what puts a trial in; of one that is there what takes out and puts in what moved."""
    if old is None:
        yield _sqlite_row(key, None, (*new.texts, _EVERY))
        return
    before, after = old.words, new.words
    # FTS5 without contents cannot look up what it holds: to take a row out one has to name its
    # words. Only what moved is named: a trial whose status changed need not be taken apart word by
    # word.
    moved = frozenset().union(*(one ^ other for one, other in zip(before, after, strict=True)))
    for command, words in (("delete", before), (None, after)) if moved else ():
        yield _sqlite_row(key, command, (*(" ".join(one & moved) for one in words), ""))


def _sqlite_row(key: int, command: str | None, texts: Sequence[str]) -> RowValues:
    return {"b_rowid": key, "b_command": command, **dict(zip(_COLUMNS, texts, strict=True))}


def _postgres_row(nct_id: str, document: SearchDocument) -> RowValues:
    return {"nct_id": nct_id, "words": lexemes(document)}


def lexemes(document: SearchDocument) -> str:
    """Return what PostgreSQL's index has of a trial."""
    found = [_EVERY_LEXEME]
    for prefix, words in zip(_PREFIXES.values(), document.words, strict=True):
        found += [prefix + word for word in words if len(word) < _LONGEST_LEXEME]
    text = " ".join(found)
    # Cut at a space: half a word would be found by those who look for another one.
    if len(text) > _MOST_BYTES:
        text = text[:_MOST_BYTES].rpartition(" ")[0]
    return text.ljust(_APART)


# --- what is in it --------------------------------------------------------------------------

_SHOW_WORDS = sa.text(
    "CREATE VIRTUAL TABLE temp.indexed_words USING fts5vocab(main, trial_search, instance)"
)
_HIDE_WORDS = sa.text("DROP TABLE temp.indexed_words")
_INDEXED = sa.table("indexed_words", *map(sa.column, ("term", "doc", "col")))
_SQLITE_WORDS = sa.select(_INDEXED.c.term, _INDEXED.c.doc, _INDEXED.c.col)
_POSTGRES_WORDS = sa.select(_POSTGRES.c.nct_id, _POSTGRES.c.words)


def indexed_sums(db: Db) -> dict[str, int]:
    """Return, by NCT ID, a sum over the words that the index has of each trial, a row or none."""
    if db.dialect != "sqlite":
        rows = db.stream(_POSTGRES_WORDS)
        return {nct_id: _sum(words.split()) for nct_id, words in rows}
    found: dict[int, int] = {}
    db.run(_SHOW_WORDS)
    try:
        for term, key, column in db.stream(_SQLITE_WORDS):
            lexeme = _PREFIXES.get(column, _EVERY_LEXEME) + term
            found[key] = found.get(key, 0) + _sum([lexeme])
    finally:
        db.run(_HIDE_WORDS)
    return {nct_id_of(key): sum_ for key, sum_ in found.items()}


def sum_of(document: SearchDocument) -> int:
    """Return the sum that ``indexed_sums`` has where the index knows a trial by these words."""
    return _sum(lexemes(document).split())


def _sum(lexemes: Iterable[str]) -> int:
    return sum(
        crc32(lexeme.encode())
        for lexeme in lexemes
        if len(lexeme) <= LONGEST_WORD + 1 and not lexeme.startswith(_EVERY_LEXEME)
    )


# --- what is asked --------------------------------------------------------------------------


def question(dialect: str, search: Search) -> str:
    """Return the query of the index, in the database's own language."""
    parts = [_clause(dialect, clause) for clause in search.clauses]
    unwanted = [_clause(dialect, clause) for clause in search.excluded]
    if dialect == "sqlite":
        # FTS5 has no "all but": NOT needs something before it, which every row has.
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


# No filter's word: an empty list of terms is an error in both languages, and matches nothing here.
_NOTHING = "0nothing0"


def _sqlite_term(term: SearchTerm) -> str:
    # Quoted, or words like NOT and NEAR would be operators. No quotation mark is in a word.
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
    vector = sa.cast(_POSTGRES.c.words, _Vector)
    condition = vector.op("@@", is_comparison=True)(sa.cast(asked, _TsQueryType))
    return sa.select(_POSTGRES.c.nct_id).where(condition), condition


class _TsQueryType(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the name of the type."""
        return "TSQUERY"


@cache
def all_matching(dialect: str) -> sa.Select[Any]:
    """Return the query for the keys of up to ``:most`` trials that match, in one text.

    ``keys_of`` reads it: as rows they would take four times as long.
    """
    query, _ = matching(dialect)
    found = query.limit(bindparam("most", type_=sa.Integer)).subquery()
    together = sa.func.group_concat if dialect == "sqlite" else sa.func.string_agg
    return sa.select(together(found.c[0], sa.literal_column("','")))


_SCAN = sa.select(sa.func.set_config("enable_seqscan", bindparam("is_on"), True))


@contextmanager
def by_index(db: Db) -> Iterator[None]:
    """Keep PostgreSQL from reading all trials in the block, whose texts it takes for cheap."""
    if db.dialect == "sqlite":
        yield
        return
    db.fetch(_SCAN, {"is_on": "off"})
    yield  # what fails ends the transaction, or goes back to before the block
    db.fetch(_SCAN, {"is_on": "on"})


def keys_of(dialect: str, text: str) -> frozenset[Any]:
    """Return the keys that ``all_matching`` wrote."""
    if dialect != "sqlite":
        return frozenset(text.split(",") if text else ())
    return frozenset(orjson.loads(f"[{text}]"))


def key_column(dialect: str) -> ColumnElement[Any]:
    """Return the column of a trial's key in the index."""
    return _SQLITE.c.rowid if dialect == "sqlite" else _POSTGRES.c.nct_id


def key_of(dialect: str, nct_id: str) -> Any:
    """Return a trial's key in the index."""
    return nct_number(nct_id) if dialect == "sqlite" else nct_id


def nct_id_of_key(key: Any) -> str:
    """Return the NCT ID of a key."""
    return key if isinstance(key, str) else nct_id_of(key)
