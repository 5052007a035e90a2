"""Each statement about the tables stands once, in SQLAlchemy Core: none is a text."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import monitor
from monitor.store.schema import metadata

PROGRAM = Path(monitor.__file__).parent
TABLES = "|".join(sorted(metadata.tables))
STATEMENT = re.compile(rf"\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:{TABLES})\b")


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module, but for docstrings, which are expressions of their own."""
    text = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in text:
            yield node.value


def test_no_statement_about_a_table_is_a_text() -> None:
    # Migrations speak of the tables as they were.
    files = [file for file in PROGRAM.rglob("*.py") if "migrations" not in file.parts]
    found = [
        f"{file.relative_to(PROGRAM)}: {text.strip()}"
        for file in files
        for text in texts(ast.parse(file.read_text(encoding="utf-8")))
        if STATEMENT.search(text)
    ]
    assert len(files) > 100
    assert found == []


def test_a_statement_that_is_a_text_is_found() -> None:
    module = '"""Rows FROM trials."""\nASK = "SELECT nct_id FROM trials"\nSAY = "from trials"\n'
    found = [text for text in texts(ast.parse(module)) if STATEMENT.search(text)]
    assert found == ["SELECT nct_id FROM trials"]
