"""The examples of the documentation say what comes out."""

import doctest
from pathlib import Path

import pytest

import monitor.api
from tests.cli.test_help import REPO

OPTIONS = doctest.ELLIPSIS | doctest.REPORT_NDIFF


@pytest.fixture(autouse=True)
def in_its_folder(seeded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go where the store of the examples is."""
    monkeypatch.chdir(seeded)
    monkeypatch.delenv("MONITOR_DATABASE_URL", raising=False)


def test_the_package_s_example_is_true() -> None:
    found = doctest.testmod(monitor.api, optionflags=OPTIONS)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_the_examples_of_the_page_are_true() -> None:
    page = REPO / "docs" / "python.md"
    found = doctest.testfile(str(page), module_relative=False, optionflags=OPTIONS)
    assert (found.failed, found.attempted > 10) == (0, True)
