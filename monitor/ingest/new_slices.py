"""Recognize slices unparsed: which trial one is about, and whether only its stamp is new.

The second of the cheap steps of ``batch``: a poll mostly brings known documents under the stamp of
a later load.
"""

import re
from datetime import date
from typing import NamedTuple

from monitor.detect.fingerprints import RawHash, is_stamped_once
from monitor.model.history import NewestSighting
from monitor.model.record import RawVersion

# Where a raw slice names its trial; only a guess, to ask the store once for a whole batch.
_OWN_ID = re.compile(rb'"nctId"\s*:\s*"(NCT\d{8})"')
_ANY_ID = re.compile(rb"NCT\d{8}")


class NewSlice(NamedTuple):
    """A slice that is not known byte for byte.

    ``digest``: the hash of the whole of it. ``guess``: the trial that it seems to be about.
    """

    raw: RawVersion
    hashed: RawHash
    digest: bytes
    guess: str | None


def guess_id(content: bytes) -> str | None:
    """Return the NCT ID that the slice seems to be about; None when it names none."""
    found = _OWN_ID.search(content)
    if found is not None:
        return found.group(1).decode()
    # A text page or an absence names the trial otherwise; the first ID in it is mostly its own.
    found = _ANY_ID.search(content)
    return found.group().decode() if found else None


def is_restamped(one: NewSlice, loaded: date, newest: NewestSighting) -> bool:
    """Return whether a slice is the newest version's own, stamped by a later data load."""
    last = newest.last_data_date
    # Of a record without a date of its own the stamp is the date.
    if last is None or loaded <= last or newest.is_dated_by_load:
        return False
    # A history answer of the same bytes is another version of the registry's, and has its own
    # place.
    if one.raw.registry_version != newest.last_registry_version:
        return False
    # Two sources may write one record in two ways, in turns.
    again = (
        one.hashed.under(last) == newest.last_raw_sha256
        or one.hashed.under(newest.data_date) == newest.raw_sha256
    )
    return again and is_stamped_once(one.raw.content)
