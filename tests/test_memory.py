"""Memory that lies free goes back to the system."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

# Pieces that Python asks the C library for, of which some outlive the others.
_FREE_MUCH = """
from pathlib import Path
from monitor.memory import give_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

pieces = [bytes(600) for _ in range(200_000)]
kept = pieces[::50]
del pieces
before = resident()
given = give_back()
print(given, before - resident(), len(kept))
"""


@pytest.mark.skipif(
    not (Path("/proc/self/statm").exists() and hasattr(ctypes.CDLL(None), "malloc_trim")),
    reason="needs /proc of Linux and glibc's malloc_trim",
)
def test_what_lies_free_between_what_is_kept_is_given_back() -> None:
    out = subprocess.run(
        [sys.executable, "-c", _FREE_MUCH], cwd=Path(__file__).parents[1],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    given, freed, kept = out.split()
    assert (given, kept) == ("True", "4000")
    assert int(freed) > 50_000_000
