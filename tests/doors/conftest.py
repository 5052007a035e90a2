"""The comparison with what is frozen."""

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calls import Monitor

FOLDER = Path(__file__).parent / "frozen"
Frozen = Callable[[str, str], None]

ADVICE = """{name} is not what tests/doors/frozen/{name}.txt says; users and programs depend on it.

{difference}
Is it on purpose? Then run `./run test tests/doors --snapshot-update`, look at the difference
that git shows, commit it, and tell users with a line under [Unreleased] in CHANGELOG.md."""


@pytest.fixture
def frozen(request: pytest.FixtureRequest) -> Frozen:
    """Return what compares a text with the frozen one of a name, or freezes it when asked to."""
    updating = request.config.getoption("update_snapshots")

    def compare(name: str, text: str) -> None:
        file = FOLDER / f"{name}.txt"
        if updating:
            file.write_text(text, "utf-8")
        kept = file.read_text("utf-8") if file.is_file() else ""
        if text != kept:
            lines = difflib.unified_diff(
                kept.splitlines(), text.splitlines(), "frozen", "now", lineterm="", n=1
            )
            pytest.fail(ADVICE.format(name=name, difference="\n".join(lines)), pytrace=False)

    return compare


@pytest.fixture
def monitor(sqlite_url: str, tmp_path: Path) -> Monitor:
    """Return the command line on an empty store."""
    return Monitor(sqlite_url, tmp_path)
