"""Statements that are still texts."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, text

_LISTS = re.compile(r"(?<=\bIN ):(\w+)")


@cache
def question(sql: str) -> sa.TextClause:
    """Read one of the few texts of ``queries`` for its parameters, once."""
    names = sorted(set(_LISTS.findall(sql)))
    lists: list[sa.BindParameter[Any]] = [bindparam(name, expanding=True) for name in names]
    return text(sql).bindparams(*lists)


def spelled_out(sql: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Write a text of ``queries`` as sqlite3 takes it: a name for each value of a list."""
    lengths = {name: len(parameters[name]) for name in _list_names(sql)}
    values = {name: value for name, value in parameters.items() if name not in lengths}
    for name in lengths:
        values |= {f"{name}{number}": value for number, value in enumerate(parameters[name])}
    return _spelled(sql, tuple(lengths.items())), values


@cache
def _list_names(sql: str) -> list[str]:
    return _LISTS.findall(sql)


@lru_cache(maxsize=256)
def _spelled(sql: str, lengths: tuple[tuple[str, int], ...]) -> str:
    names = {
        name: ", ".join(f":{name}{number}" for number in range(length)) for name, length in lengths
    }
    return _LISTS.sub(lambda found: f"({names[found[1]]})", sql)
