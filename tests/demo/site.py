"""The pages of the demo's store, open in a browser until somebody ends them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 40.0


@contextmanager
def served_site(config: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Run ``monitor web`` on any free port of this machine for the block; yield its address."""
    command = [sys.executable, "-m", "monitor", "--config", str(config), "web"]
    with subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "--json"],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as web:  # fmt: skip
        try:
            yield _address(web)
        finally:
            web.terminate()
            try:
                web.wait(PATIENCE_S)
            finally:
                web.kill()


def _address(web: subprocess.Popen[str]) -> str:
    """Return where it answers, which it prints as JSON of several lines before anything else."""
    assert web.stdout is not None
    printed = ""
    while not printed.rstrip().endswith("}"):
        line = web.stdout.readline()
        if not line:
            raise TimeoutError("the pages could not be served")
        printed += line
    return str(json.loads(printed)["listen"])
