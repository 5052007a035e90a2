"""The pages about the code name modules and classes that are there."""

import ast
import re

import pytest

from tests.scaffold.tracked import PROJECT, package_files

PAGES = ("architecture.md", "contributing.md")
QUOTED = re.compile(r"`([^`\n]+)`")
# Lower case alone: NAME.py stands for a file that is still to be written.
MODULE = re.compile(r"(?:[a-z0-9_]+/)*[a-z0-9_]+\.py|(?:monitor|tests|docs)/[a-z0-9_/]*")
CLASS = re.compile(r"([A-Z]+[a-z]+[A-Za-z]*)(?:\.([a-z_]+))?(?:\(.*\))?")


def quoted(page: str) -> list[str]:
    """Return what a page marks as code within its lines."""
    return QUOTED.findall((PROJECT / "docs" / page).read_text("utf-8"))


def classes() -> dict[str, set[str]]:
    """Return the package's classes and aliases, each with the names that stand in it."""
    found: dict[str, set[str]] = {}
    for file in package_files():
        for node in ast.parse(file.read_bytes()).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, set()).update(_names(node))
            elif isinstance(node, ast.Assign):
                found.update({name: set() for name in _names(node.targets[0]) - found.keys()})
    return found


def _names(node: ast.AST) -> set[str]:
    found = set()
    for inner in ast.walk(node):
        for attribute in ("name", "id", "attr"):
            name = getattr(inner, attribute, None)
            if isinstance(name, str):
                found.add(name)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_no_module_that_is_gone(page: str) -> None:
    named = {text for text in quoted(page) if MODULE.fullmatch(text)}
    tops = ("monitor", "tests", "docs", "config")
    found = (path for top in tops for path in (PROJECT / top, *(PROJECT / top).rglob("*")))
    there = {f"/{path.relative_to(PROJECT)}" for path in found}
    assert named
    gone = {
        text for text in named if not any(one.endswith(f"/{text.rstrip('/')}") for one in there)
    }
    assert gone == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_no_class_that_is_gone(page: str) -> None:
    there = classes()
    named = [match for match in map(CLASS.fullmatch, quoted(page)) if match]
    assert named
    gone = [
        match[0]
        for match in named
        if match[1] not in there or (match[2] or match[1]) not in {match[1], *there[match[1]]}
    ]
    assert gone == []
