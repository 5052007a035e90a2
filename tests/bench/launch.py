"""Run a command and tell what it took: ``python -m tests.bench.launch RESULT COMMAND…``.

A process begins with the peak memory of the one that starts it, so it takes a small one to
measure a smaller one.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def main(result: str, *command: str) -> None:
    """Write clock and CPU time, peak memory in bytes and exit code to ``result`` as JSON."""
    started = time.perf_counter()
    with subprocess.Popen(command) as process:
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    took = {
        "wall_s": wall_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * _RSS_UNIT,
        "code": process.returncode,
    }
    Path(result).write_text(json.dumps(took), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
