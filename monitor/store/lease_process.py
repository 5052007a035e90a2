"""Which process holds a lease, so that one of the same machine can tell that it is gone.

Only where that is certain: the machine is the same one since the same start, both processes see
the same process IDs, and none of that ID began when the holder did. Everything else is for an
observer to find out (``monitor.model.lease``).
"""

import os
from pathlib import Path
from typing import Literal

Liveness = Literal["running", "gone", "unknown"]

_PROC = Path("/proc")
_START_FIELD = 19  # of those behind the name: field 22 of proc(5)'s stat


def this_process(proc: Path = _PROC) -> str:
    """Return where this process runs: ``boot/namespace/pid/start``; "" where the system is mute."""
    try:
        return "/".join([*_here(proc), str(os.getpid()), _start_ticks(proc, os.getpid())])
    except (OSError, ValueError, IndexError):
        return ""


def liveness(process: str, proc: Path = _PROC) -> Liveness:
    """Return whether a process runs, as ``this_process`` wrote it down."""
    try:
        # Example: "3f0c…/4026531836/1187/90321". Process IDs are used again: the start tells two
        # apart.
        boot, namespace, pid, started = process.split("/")
        if (boot, namespace) != _here(proc):
            return "unknown"
        is_it = _start_ticks(proc, int(pid)) == started and not _is_dead(proc, int(pid))
        return "running" if is_it else "gone"
    except (FileNotFoundError, ProcessLookupError):
        # Without /proc no process can be seen, and none may be called gone.
        return "gone" if (proc / "self").exists() else "unknown"
    except (OSError, ValueError, IndexError):
        return "unknown"


def _here(proc: Path) -> tuple[str, str]:
    """Return the start of this machine, and the namespace that its process IDs are of."""
    boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
    return boot, str((proc / "self/ns/pid").stat().st_ino)


def _start_ticks(proc: Path, pid: int) -> str:
    """Return when a process began, in ticks since the machine did."""
    return _stat(proc, pid)[_START_FIELD]


def _is_dead(proc: Path, pid: int) -> bool:
    """Return whether a process has ended, all threads of it, and only its parent does not know."""
    return (
        _stat(proc, pid)[0] in ("Z", "X") and len(list((proc / str(pid) / "task").iterdir())) == 1
    )


def _stat(proc: Path, pid: int) -> list[str]:
    """Return the fields of ``stat`` behind the name, which may hold anything."""
    return (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
