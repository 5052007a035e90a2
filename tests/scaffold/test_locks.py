"""What is installed is pinned, hashed, and named without an address."""

import re
import tomllib

import pytest

from tests.scaffold.tracked import PROJECT

LOCKS = ["requirements.lock", "requirements-dev.lock"]
PROJECT_FILE = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
PINNED = re.compile(r"([a-z0-9-]+)(?:\[[a-z,]+\])?==([\w.+!]+)(?: ; [^\\]+)?")


def requirements(lock: str) -> dict[str, list[str]]:
    """Return what the lock file requires: the requirement → its hashes."""
    found: dict[str, list[str]] = {}
    text = (PROJECT / lock).read_text("utf-8").replace("\\\n", "")
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            found[requirement.strip()] = [one.strip() for one in hashes]
    return found


def names(lock: str) -> set[str]:
    return {re.split(r"[=\[]", requirement)[0] for requirement in requirements(lock)}


def declared(requirements: list[str]) -> set[str]:
    """Return the normalized names of what pyproject.toml asks for."""
    plain = [re.split(r"[^\w.-]", requirement)[0] for requirement in requirements]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in plain}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    found = requirements(lock)
    assert found
    for requirement, hashes in found.items():
        assert PINNED.fullmatch(requirement), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_holds_no_address(lock: str) -> None:
    assert "://" not in (PROJECT / lock).read_text("utf-8")


def test_the_product_lock_holds_every_declared_dependency() -> None:
    assert declared(PROJECT_FILE["project"]["dependencies"]) <= names("requirements.lock")


def test_the_product_lock_holds_no_tool_of_development() -> None:
    groups = PROJECT_FILE["dependency-groups"]
    tools = declared([tool for group in groups.values() for tool in group if isinstance(tool, str)])
    # rich brings the Markdown reader, apprise the YAML reader that tests use too.
    assert tools & names("requirements.lock") <= {"markdown-it-py", "pyyaml"}
    assert tools <= names("requirements-dev.lock")


def test_the_development_lock_has_the_versions_of_the_product_lock() -> None:
    product, development = (
        {requirement.partition(" ;")[0] for requirement in requirements(lock)} for lock in LOCKS
    )
    assert product <= development
