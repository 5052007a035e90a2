"""Looking for damage in a store's file, for a limited time.

For `monitor doctor` and the daemon; `monitor db verify` reads everything (``verify``).
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

from monitor.errors import StoreError
from monitor.store.address import StoreAddress
from monitor.store.errors import translate

_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's virtual machine: some milliseconds


def is_sound(url: str, *, within_s: float) -> bool | None:
    """Have SQLite check the structure of a store's file.

    True when all of it was found in order; None when ``within_s`` did not suffice, when another
    program keeps the file to itself, and for PostgreSQL, which checks its own pages. StoreError
    says what is damaged.
    """
    deadline = time.monotonic() + within_s
    return check_pages(url, busy_timeout_s=within_s, give_up=lambda: time.monotonic() > deadline)


def check_pages(url: str, *, busy_timeout_s: float, give_up: Callable[[], bool]) -> bool | None:
    """Do the same until ``give_up``, which is called every few milliseconds, returns True.

    Reads by a connection of its own that cannot write, so that no writer waits.
    """
    address = StoreAddress.parse(url)
    if address.path is None:
        return None
    place = address.path.absolute().as_uri() + "?mode=ro"
    try:
        with closing(sqlite3.connect(place, uri=True, timeout=busy_timeout_s)) as connection:
            connection.set_progress_handler(give_up, _STEPS_BETWEEN_LOOKS)
            # "quick": without comparing indexes with tables, which takes several times as long.
            row = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as exc:
        # A plain DatabaseError is damage; its kinds (OperationalError: interrupted, locked, not to
        # be opened) say nothing about the pages.
        if type(exc) is not sqlite3.DatabaseError:
            return None
        raise translate(exc, address) from exc
    if row != ("ok",):
        raise StoreError(f"the store {address.shown} is damaged: {' '.join(str(row[0]).split())}")
    return True
