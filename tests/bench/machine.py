"""The machine and the versions that figures were taken with."""

import os
import platform
import re
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("orjson", "msgspec", "deepdiff", "sqlalchemy", "zstandard", "rapidfuzz", "httpx2")


def environment() -> dict[str, str]:
    """Return what bears on the figures: processor, memory, interpreter, libraries, git."""
    git = subprocess.run(["git", "--version"], capture_output=True, check=False, text=True)  # noqa: S607 - the git on the PATH is the one measured
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return {
        "machine": f"{os.cpu_count()} cores ({_processor()}), {_memory()}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "libraries": libraries,
        "git": git.stdout.removeprefix("git version").strip(),
    }


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", file.read_text()) if file.is_file() else None
    return found[1] if found else platform.processor() or "unknown"


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return "memory unknown"
    return f"{size / (1 << 30):.0f} GB of memory"
