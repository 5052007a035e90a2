"""Collect the whole suite as another process would, on another day; print what was found.

Arguments: the time that it is (ISO 8601), and whether folders are listed ``forwards`` or
``backwards``. What else differs (hash seed, time zone, worker) comes by the environment.
"""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from types import TracebackType
from unittest.mock import patch

import pytest

_SCANDIR = os.scandir


class Backwards(AbstractContextManager["Backwards", None]):
    """The entries of a folder, in the opposite of the order that the system happens to keep."""

    def __init__(self, folder: str = ".") -> None:
        with _SCANDIR(folder) as entries:
            self._entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

    def __iter__(self) -> Iterator["os.DirEntry[str]"]:
        return self._entries

    def __next__(self) -> "os.DirEntry[str]":
        return next(self._entries)

    def close(self) -> None:
        """Do what the system's iterator would."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def listed_backwards(folder: str = ".") -> list[str]:
    """Return the names in a folder as ``os.listdir`` does, in the opposite order."""
    return [entry.name for entry in Backwards(folder)]


class Elsewhere:
    """A plugin that collects at another time, and prints the ids of all tests in their order."""

    def __init__(self, at: datetime, *, backwards: bool) -> None:
        self._at = at
        self._backwards = backwards

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Let it be another time while modules are imported and parameters are made."""
        import time_machine  # pytest wants to be the first to import its plugins

        with ExitStack() as stack:
            stack.enter_context(time_machine.travel(self._at))
            if self._backwards:
                stack.enter_context(patch.object(os, "scandir", Backwards))
                stack.enter_context(patch.object(os, "listdir", listed_backwards))
            return (yield)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Print an id in each line."""
        for item in session.items:
            print(ascii(item.nodeid))


def main(at: str, order: str) -> int:
    """Collect everything; return pytest's exit code."""
    # Neither what is remembered of other runs nor rewritten assertions matter here.
    plain = ["--assert=plain", "-p", "no:cacheprovider", "-p", "no:syrupy"]
    options = ["--collect-only", "-qq", "--no-summary", *plain]
    plugin = Elsewhere(datetime.fromisoformat(at), backwards=order == "backwards")
    return pytest.main(options, plugins=[plugin])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
