"""How the C library hands out memory, and takes it back, in a process that runs for years."""

import ctypes
import os
from functools import cache
from typing import Any

_M_ARENA_MAX = -8  # malloc.h of glibc
_ARENAS = 1


def share_arenas() -> bool:
    """Let all threads of the process take their memory from one pool; True where that was done.

    glibc makes a pool for each thread that asks while another one does, up to eight for each core,
    and each keeps what its largest pass once took: 60 MB a pool with passes of 1,500 changed
    records, 350 MB after a dozen passes. Python's threads rarely ask at the same time, so one pool
    is as fast (docs/benchmarks.md). To be called before there are threads.
    ``MALLOC_ARENA_MAX`` and ``GLIBC_TUNABLES`` stay in force where somebody set them; other C
    libraries have no such pools.
    """
    if os.environ.get("MALLOC_ARENA_MAX") or "arena_max" in os.environ.get("GLIBC_TUNABLES", ""):
        return False
    mallopt = _function("mallopt")
    return mallopt is not None and bool(mallopt(_M_ARENA_MAX, _ARENAS))


def give_back() -> bool:
    """Give memory that lies free back to the system; True where there was some to give back.

    A page of records is tens of megabytes in small pieces. Some of them outlive it, and glibc keeps
    all that lies between those; other C libraries are not asked. It takes some milliseconds.
    """
    trim = _function("malloc_trim")
    return trim is not None and bool(trim(0))


@cache
def _function(name: str) -> Any:
    """Return a function of the C library; None where it has none of that name."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None
