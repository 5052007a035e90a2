"""At the end of a run: nothing that the program wrote or printed holds a planted secret.

Tests that give the program a secret make it one that says so. Whatever the whole run left in the
folders of the tests (stores, logs, messages, exports) and whatever it printed is looked through;
files in which a test itself hands a secret over are left out.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

MARK = "planted-secret"
HANDED_OVER = frozenset({".toml", ".py", ".env"})
HANDED_OVER_IN = "secrets"
_CHUNK = 1 << 20

_printed: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Look through what a test that passed printed; our log lines go to standard error.

    What pytest itself overhears of loggers that lead nowhere (apprise's) reaches nobody.
    """
    printed = [text for name, text in report.sections if name.startswith("Captured std")]
    if report.passed and any(MARK in text for text in printed):
        _printed.append(f"printed by {report.nodeid.split('[')[0]}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look through all files; what is found fails the run."""
    if hasattr(session.config, "workerinput"):
        return  # the process that started the workers looks into all of their folders
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001 - pytest has no other door
    found = [*_printed, *(f"in {path}" for path in holding(factory.getbasetemp()))]
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        raise pytest.UsageError(f"a planted secret got out: {'; '.join(sorted(found)[:20])}")


def holding(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that hold a planted secret and should not.

    What a process that is still ending takes away meanwhile is passed over.
    """
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            handed = path.suffix in HANDED_OVER or HANDED_OVER_IN in path.parts
            if not handed and _holds(path):
                yield path


def _holds(path: Path) -> bool:
    mark = MARK.encode()
    rest = b""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False  # a pipe would never end
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if mark in rest + chunk:
                    return True
                rest = chunk[-len(mark) :]
    except OSError:
        return False  # a test took the rights to it away, or it is gone
    return False
