"""How URLs name things: the orders of lists, cursors in them, a trial's versions."""

import re
from collections.abc import Mapping
from typing import TypeVar

from monitor.app.parameters import Days, moment
from monitor.app.versions import Which
from monitor.errors import UsageError
from monitor.model.queries import EventKey, TrialKey, TrialSort

SORTS: Mapping[str, TrialSort] = {
    "nct_id": "nct_id",
    "last_changed": "last_changed",
    "last_version_date": "last_version_date",
}

Key = TypeVar("Key", EventKey, TrialKey)

# So many digits fit into every database's integer.
_NUMBER = re.compile(r"[0-9]{1,9}")
_ID = re.compile(r"[0-9a-f]{16,64}")


def trial_sort(text: str) -> TrialSort:
    """Read the order of a list of trials; UsageError lists them all."""
    if text not in SORTS:
        raise UsageError(f"{text[:40]!r} is no order; there are {', '.join(SORTS)}")
    return SORTS[text]


def event_key(text: str) -> EventKey:
    """Read a place in a list of events; UsageError when it is none."""
    return _key(EventKey, text)


def trial_key(text: str) -> TrialKey:
    """Read a place in a list of trials; UsageError when it is none."""
    return _key(TrialKey, text)


def _key(kind: type[Key], text: str) -> Key:
    try:
        return kind.parse(text)
    except ValueError as exc:
        raise UsageError(
            f"{text[:40]!r} is not a cursor; give the `next` of an earlier answer"
        ) from exc


def version_word(text: str) -> Which:
    """Read a version's number, its id, or what ``version_time`` reads."""
    word = text.strip().lower()
    if _NUMBER.fullmatch(word):
        return int(word)
    return word if _ID.fullmatch(word) else version_time(text)


def version_time(text: str) -> Which:
    """Read a day of the registry's record, or a time (UTC unless it names a zone) of ours."""
    day = Days.parse(text)
    # A month means its last day.
    return moment(text) if day is None else day.last
