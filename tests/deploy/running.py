"""Starting an image's program as a container would: unprivileged, on a root that is read-only."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.building import Image

NOBODY = 65534
_PROBE_S = 90
# A root's own Python may lie where nobody else may look. This user may then read everything, as in
# a container, where the interpreter is everybody's; what it may write is unchanged.
_READING_NOBODY = [
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--",
]  # fmt: skip


@contextmanager
def read_only(image: Image) -> Iterator[Path]:
    """Take away all leave to write below the image's root, but for the volume and ``/tmp``.

    Yields the folder that stands for ``/tmp``. Root's programs run as ``nobody`` meanwhile.
    """
    temporary = image.at("/tmp")  # noqa: S108  # the image's own, below a folder of the test's
    temporary.mkdir()
    writable = (image.volume, temporary)
    for folder in writable:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
    tree = [path for path in (image.root, *image.root.rglob("*")) if not path.is_symlink()]
    kept = {path: path.stat().st_mode for path in tree if path not in writable}
    try:
        for path, mode in kept.items():
            path.chmod(mode & ~0o222)
        yield temporary
    finally:
        for path, mode in kept.items():
            path.chmod(mode)


def written(image: Image, temporary: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of everything outside the places that may be written."""
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in image.root.rglob("*")
        if not path.is_relative_to(image.volume) and not path.is_relative_to(temporary)
    }


class Container:
    """Runs programs of an image as an engine would."""

    def __init__(self, image: Image, temporary: Path, environ: Mapping[str, str]) -> None:
        self.image = image
        self._prefix, self._as = _unprivileged(image)
        home = {"HOME": str(image.folder), "TMPDIR": str(temporary)}
        self.environ = {**image.environ, **home, **environ}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the entry point with arguments, else with those of CMD."""
        entry = self.image.stage.one("ENTRYPOINT").words
        return self._popen([*entry, *(arguments or self.image.stage.one("CMD").words)])

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = self._popen(command)
        out, err = process.communicate(timeout=_PROBE_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def _popen(self, command: Sequence[str]) -> subprocess.Popen[str]:
        program = shutil.which(command[0], path=self.environ["PATH"])
        assert program is not None, command[0]
        return subprocess.Popen(
            [*self._prefix, program, *command[1:]],
            cwd=self.image.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **self._as,
        )


def _unprivileged(image: Image) -> tuple[list[str], dict[str, Any]]:
    """Return what goes before a command, and Popen's arguments, to be nobody in particular."""
    if os.geteuid() != 0:
        return [], {}
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    python = str(image.at("/opt/monitor/bin/python"))
    plain: list[tuple[list[str], dict[str, Any]]] = [([], user)]
    if setpriv := shutil.which("setpriv"):
        plain.append(([setpriv, *_READING_NOBODY[1:]], {}))
    for prefix, arguments in plain:
        try:
            done = subprocess.run(
                [*prefix, python, "-c", ""], capture_output=True, timeout=_PROBE_S, check=False,
                **arguments,
            )  # fmt: skip
        except PermissionError:
            continue
        if done.returncode == 0:
            return prefix, arguments
    pytest.skip("root's Python is root's alone, and there is no setpriv to lend it to nobody")
