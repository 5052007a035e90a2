"""A replica in a process of its own, so that its work is not counted as its client's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PROJECT = Path(__file__).parents[2]
_STOP_S = 20


class ReplicaProcess:
    """Runs ``python -m tests.registry`` with some options; a context manager yielding itself.

    ``base_url`` is good inside the context. ``tell`` sends one of the commands that the
    program knows (``advance``, ``fault NAME [TIMES]``, ``log``, …) and returns its answer.
    """

    def __init__(self, *options: str) -> None:
        self._options = options
        self.base_url = ""

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.registry", "--commands", *self._options],
            cwd=_PROJECT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.base_url = str(self._read()["base_url"])
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        try:
            self._child.wait(_STOP_S)
        finally:
            self._child.kill()
            self._child.stdout.close()
            self._child.wait()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def tell(self, command: str) -> Any:
        """Send a command; ValueError with the reason when it is refused."""
        assert self._child.stdin is not None
        self._child.stdin.write(command + "\n")
        self._child.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["ok"]

    def _read(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError("the replica's process has ended")
        return dict(json.loads(line))
