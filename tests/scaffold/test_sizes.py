"""Files stay under 300 lines and functions under 40, so that one reading is enough."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scaffold.tracked import named, package_files

FILE_LINES = 300
FUNCTION_LINES = 40

# Each with its reason: "monitor/x.py::name": "why it reads better whole".
LONG_ON_PURPOSE: dict[str, str] = {}


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """Yield each function's name and its number of lines, decorators left out."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("file", package_files(), ids=named)
def test_a_file_is_shorter_than_300_lines(file: Path) -> None:
    lines = len(file.read_text("utf-8").splitlines())
    assert lines < FILE_LINES or named(file) in LONG_ON_PURPOSE


@pytest.mark.parametrize("file", package_files(), ids=named)
def test_a_function_is_shorter_than_40_lines(file: Path) -> None:
    long = {
        name: lines
        for name, lines in functions(file)
        if lines >= FUNCTION_LINES and f"{named(file)}::{name}" not in LONG_ON_PURPOSE
    }
    assert long == {}


def test_every_exception_is_still_needed_and_has_a_reason() -> None:
    files = {named(file): file for file in package_files()}
    for exception, reason in LONG_ON_PURPOSE.items():
        place, _, name = exception.partition("::")
        assert reason, exception
        assert place in files, exception
        if name:
            assert dict(functions(files[place]))[name] >= FUNCTION_LINES, exception
        else:
            assert len(files[place].read_text("utf-8").splitlines()) >= FILE_LINES, exception
