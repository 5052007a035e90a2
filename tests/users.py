"""A user without root's leave to read and write everything, for tests about permissions."""

import functools
import importlib
import os
import pkgutil
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec

import pytest

import monitor

NOBODY = 65534
Arguments = ParamSpec("Arguments")


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """Return a folder of the plain user's that others may enter too (pytest's own are private)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield folder
        folder.chmod(0o755)


def as_plain_user(action: Callable[[], str]) -> str:
    """Run an action without root's leave; return what it returns, or the traceback of its error.

    A root does it in a child process that becomes nobody in particular. All that the action may
    import is imported before: a root's own Python may lie where nobody else may look.
    """
    if os.geteuid() != 0:
        return action()
    _import_all()
    receive, send = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads
        child = os.fork()
    if child == 0:
        os.close(receive)
        os._exit(_answer(action, send))
    os.close(send)
    with os.fdopen(receive) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the plain user's process ended with status {status}"
    return text


@functools.cache
def _import_all() -> None:
    for found in pkgutil.walk_packages(monitor.__path__, "monitor."):
        if not found.name.startswith(("monitor.__main__", "monitor.store.migrations.")):
            importlib.import_module(found.name)
    for dialect in ("sqlite", "postgresql"):
        importlib.import_module(f"sqlalchemy.dialects.{dialect}")


def _answer(action: Callable[[], str], send: int) -> int:
    try:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        text = action()
    except BaseException:  # noqa: BLE001  # told to the parent
        text = traceback.format_exc()
    with os.fdopen(send, "w") as pipe:
        pipe.write(text)
    return 0


def plain_user(test: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Let a test run as the plain user, because permissions do not hold for the superuser."""

    @functools.wraps(test)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        def action() -> str:
            test(*args, **kwargs)
            return "passed"

        text = as_plain_user(action)
        if text != "passed":
            pytest.fail(text, pytrace=False)

    return run
