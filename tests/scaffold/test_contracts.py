"""The import contracts cover what the project really has and uses."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.scaffold.tracked import PROJECT, named, package_files

PROJECT_FILE = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = {one["id"]: one for one in PROJECT_FILE["tool"]["importlinter"]["contracts"]}


def imported(text: str) -> set[str]:
    """Return the top-level packages that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_the_model_and_the_errors_import_nothing_but_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {"monitor"}
    foreign = {
        named(file): imported(file.read_text("utf-8")) - allowed
        for file in package_files()
        if named(file).startswith(("monitor/model/", "monitor/errors.py"))
    }
    assert foreign
    assert {file: names for file, names in foreign.items() if names} == {}


def test_the_contract_of_the_model_names_every_declared_dependency() -> None:
    listed = set(CONTRACTS["plain-model"]["forbidden_modules"])
    declared = " ".join(PROJECT_FILE["project"]["dependencies"]).lower()
    modules = {
        module
        for module, distributions in packages_distributions().items()
        for distribution in distributions
        if f" {distribution.lower()}>" in f" {declared}".replace("[binary]", "")
    }
    assert "sqlalchemy" in modules
    assert modules <= listed


def test_every_package_of_the_monitor_can_be_seen_by_the_contracts() -> None:
    """A folder without __init__.py is invisible to them."""
    bare = {
        named(file.parent)
        for file in package_files()
        if not (file.parent / "__init__.py").is_file()
    }
    assert bare == set()
