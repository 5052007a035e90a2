"""Every process collects the same tests in the same order: the workers of a run have to agree."""

import os
import subprocess
import sys
from itertools import zip_longest

import pytest

from tests.conftest import LONGEST
from tests.scaffold.tracked import PROJECT

LIMIT_S = 300
# Two processes that have nothing in common but the files: (time, order of folders, environment).
HERE = ("2026-03-01T12:00:00+00:00", "forwards", {"PYTHONHASHSEED": "1", "TZ": "America/Anchorage"})
THERE = (
    "2028-02-29T23:59:58.900+00:00", "backwards",
    {"PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati", "PYTEST_XDIST_WORKER": "gw1"},
)  # fmt: skip


def collecting(at: str, order: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    """Start a process that collects the suite."""
    command = [sys.executable, "-m", "tests.scaffold.collection_worker", at, order]
    return subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, **environ}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_the_suite_is_collected_alike_at_any_time_and_in_any_process(
    request: pytest.FixtureRequest,
) -> None:
    # A run of the whole suite has collected it already, here and now.
    has_all = is_whole(request.config)
    processes = [collecting(*there) for there in (THERE, HERE)[: 1 if has_all else 2]]
    found = [process.communicate(timeout=LIMIT_S)[0].splitlines() for process in processes]
    assert not any(process.returncode for process in processes), [one[-20:] for one in found]
    # pytest's own lines, files with their numbers of tests, follow the ids.
    found = [[line for line in lines if line.startswith(("'", '"'))] for lines in found]
    there, here = found[0], found[-1]
    if has_all:
        here = [ascii(item.nodeid) for item in request.session.items]
    assert any("test_the_suite_is_collected_alike" in line for line in here)
    differing = [pair for pair in zip_longest(here, there) if pair[0] != pair[1]]
    assert differing[:5] == [], "give these parameters ids that every process makes alike"


def is_whole(config: pytest.Config) -> bool:
    """Return whether a run is of the whole suite."""
    requested = (
        config.getoption("keyword"),
        config.getoption("markexpr"),
        config.getoption("deselect"),
    )
    return config.args == config.getini("testpaths") and not any(requested)


def test_the_files_that_begin_are_there() -> None:
    assert [name for name in LONGEST if not (PROJECT / name).is_file()] == []
