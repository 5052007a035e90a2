"""Translate a database's errors into one line; no SQL library is imported here.

Every error of a driver comes through ``translate`` on its way out of the package.
"""

import os
import re
import sqlite3

from monitor.errors import StoreError
from monitor.store.address import StoreAddress

_SQLITE = {
    "SQLITE_FULL": "is full: the disk or the file's limit leaves no room",
    "SQLITE_READONLY": "is read-only for this program",
    "SQLITE_BUSY": "is locked: another program has been writing to it for too long",
    "SQLITE_LOCKED": "is locked: another program has been writing to it for too long",
    "SQLITE_NOTADB": "is not a SQLite database",
    "SQLITE_CORRUPT": "is damaged",
    "SQLITE_CANTOPEN": "cannot be opened",
    "SQLITE_IOERR": "cannot be read or written",
    "SQLITE_PERM": "may not be opened by this program",
    "SQLITE_AUTH": "may not be opened by this program",
}
_POSTGRES = {
    "25006": "is read-only for this program",
    "42501": "does not allow this user to write",
    "53100": "is full",
    "53300": "has no connection left for this program",
    "55P03": "is locked: another program has been writing to the same trials for too long",
    "40P01": "is locked: two programs waited for each other, and this one gave way",
    "40001": "was changed by another program at the same moment",
    "3D000": "does not exist",
    "28P01": "refused the password",
    "28000": "refused this user",
    "57P01": "shut the connection",
}

_ROLE_IS_MISSING = re.compile(r'role ".*" does not exist')


def translate(exc: BaseException, address: StoreAddress) -> StoreError:
    """Return the StoreError that says in one line what a driver's error means.

    Takes the error of sqlite3 or psycopg itself, or SQLAlchemy's wrapping of it (``orig``).
    Neither SQL text, nor parameters, nor the URL's password are in the line.
    """
    # SQLAlchemy's own text quotes the statement and its parameters: names, addresses, contents.
    cause = getattr(exc, "orig", None) or exc
    meaning = _meaning(cause)
    if meaning == _SQLITE["SQLITE_CANTOPEN"] and _is_in_read_only_folder(address):
        meaning += ": its folder is read-only for this program"
    detail = _first_line(cause)
    if meaning is None:
        return StoreError(address.scrub(f"the store {address.shown} failed: {detail}"))
    return StoreError(address.scrub(f"the store {address.shown} {meaning} ({detail})"))


def _meaning(cause: BaseException) -> str | None:
    if isinstance(cause, UnicodeDecodeError):  # of a text that sqlite3 read
        return "is damaged"
    if isinstance(cause, sqlite3.Error):
        name: str = getattr(cause, "sqlite_errorname", None) or ""
        # Extended codes (SQLITE_READONLY_DBMOVED) begin with the plain one.
        return next((text for code, text in _SQLITE.items() if name.startswith(code)), None)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _POSTGRES.get(state)
    # Where no connection came about psycopg has no code (SQLSTATE), only libpq's words.
    text = str(cause)
    if "password authentication failed" in text:
        return _POSTGRES["28P01"]
    if _ROLE_IS_MISSING.search(text):
        return _POSTGRES["28000"]
    if "does not exist" in text:
        return _POSTGRES["3D000"]
    if "connection" in text:
        return "cannot be reached"
    return None


def _is_in_read_only_folder(address: StoreAddress) -> bool:
    """Return whether nothing may be written beside the file, be it by rights or by its mount.

    On a file system that is mounted read-only SQLite says only that it cannot open the file:
    it means the journal, which it wants to make beside the store.
    """
    if address.path is None or not address.path.parent.is_dir():
        return False
    return not os.access(address.path.parent, os.W_OK)


def _first_line(cause: BaseException) -> str:
    lines = str(cause).strip().splitlines()
    return lines[0].strip() if lines else type(cause).__name__
