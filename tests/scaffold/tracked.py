"""What git tracks, for the tests that keep promises about the repository itself."""

import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def tracked_files() -> list[Path]:
    """Return the tracked files that are there, and the new ones that git does not ignore.

    Skips where there is no git or this is no clone (an unpacked archive).
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git clone, or there is no git")
    names = done.stdout.decode().split("\0")
    return [PROJECT / name for name in names if name and (PROJECT / name).is_file()]


def package_files() -> list[Path]:
    """Return the Python files of the package."""
    return sorted((PROJECT / "monitor").rglob("*.py"))


def named(file: Path) -> str:
    """Name a file as a message should."""
    return file.relative_to(PROJECT).as_posix()
