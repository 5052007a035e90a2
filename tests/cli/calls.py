"""Calling the real command in this process, on a store made by real ingest."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import time_machine
from click.testing import CliRunner, Result

from monitor.cli.root import monitor

MADE = re.compile(r"(?m)^monitor: made a new store at .*\n")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Monitor:
    """The command line with a store and a working folder of its own."""

    url: str
    folder: Path
    environ: dict[str, str | None] = field(default_factory=dict)
    _files: int = 0

    def __call__(self, *args: str, typed: str | None = None) -> Result:
        """Run ``monitor ARGS``; ``typed``: a line on standard input."""
        environ = {"MONITOR_DATABASE_URL": self.url, **self.environ}
        return CliRunner(env=environ).invoke(
            monitor, list(args), prog_name="monitor", input=typed and f"{typed}\n"
        )

    def answer(self, *args: str) -> str:
        """Run it, expect success and silence on standard error, return what it printed.

        That a store was made is said there; it is no matter here.
        """
        result = self(*args)
        errors = MADE.sub("", result.stderr)
        assert (result.exit_code, errors) == (0, ""), result.stderr or result.exception
        return result.stdout

    def json(self, *args: str) -> Any:
        """Run it with ``--json`` and return what it printed."""
        return json.loads(self.answer(*args, "--json"))

    def complaint(self, *args: str, code: int) -> str:
        """Run it, expect this exit code and one line on standard error, return that line."""
        result = self(*args)
        assert result.exit_code == code, (result.exit_code, result.stderr, result.exception)
        assert result.stdout == ""
        errors = MADE.sub("", result.stderr)
        assert errors.count("\n") == 1, result.stderr
        assert errors.startswith("monitor: ")
        return errors

    def ingest(self, *documents: Any, at: datetime = NOON) -> Result:
        """Ingest documents (or raw bytes) as JSON lines of one file, read at that time."""
        self._files += 1
        file = self.folder / f"records-{self._files}.jsonl"
        lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in documents]
        file.write_bytes(b"\n".join(lines) + b"\n")
        with time_machine.travel(at, tick=False):
            return self("ingest", str(file), "--json")
