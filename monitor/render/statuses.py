"""Statuses of trials and sites in plain words, wherever people read them."""

import re

_UNDATED = "the sponsor has not updated the record for two years"
_WORDS = {
    "NOT_YET_RECRUITING": "not yet recruiting",
    "RECRUITING": "recruiting",
    "ENROLLING_BY_INVITATION": "enrolling by invitation",
    "ACTIVE_NOT_RECRUITING": "active, not recruiting",
    "COMPLETED": "completed",
    "SUSPENDED": "suspended",
    "TERMINATED": "terminated",
    "WITHDRAWN": "withdrawn",
    "AVAILABLE": "available",
    "NO_LONGER_AVAILABLE": "no longer available",
    "TEMPORARILY_NOT_AVAILABLE": "temporarily not available",
    "APPROVED_FOR_MARKETING": "approved for marketing",
    "WITHHELD": "withheld",
    "GONE": "no longer in the registry",
    "MERGED": "merged into another record",
}
# Of a sponsor's class UNKNOWN means something else; beside another status it is one.
_UNKNOWN = {"UNKNOWN": f"unknown ({_UNDATED})"}
_LINKED = re.compile(
    rf"(?<!\w)({'|'.join([*_WORDS, *_UNKNOWN])}|\(none\)) → ({'|'.join([*_WORDS, *_UNKNOWN])}"
    r"|\(none\))(?!\w)"
)
_UNDERSCORED = re.compile(rf"(?<!\w)(?:{'|'.join(one for one in _WORDS if '_' in one)})(?!\w)")


def status_words(status: str | None) -> str:
    """Write a status; of an absent record what became of it."""
    if not status:
        return "no status stated"
    return (_WORDS | _UNKNOWN).get(status, status)


def status_headline(status: str) -> str:
    """Write a status in capitals, as it leads a subject: ``NOT YET RECRUITING``."""
    # In a subject "UNKNOWN" alone would be taken for the monitor's own ignorance.
    return "NOT UPDATED FOR TWO YEARS" if status in _UNKNOWN else status_words(status).upper()


def plain_status(text: str) -> str:
    """Return a value in plain words where it can be nothing but a status, else as it is."""
    return _WORDS.get(text, text)


def plain_statuses(text: str) -> str:
    """Return a text with the statuses in plain words that can be nothing else.

    These are ``RECRUITING → UNKNOWN``, and all names that are written with underscores.
    """
    found = _LINKED.sub(lambda one: " → ".join(pair_words(one[1], one[2])), text)
    return _UNDERSCORED.sub(lambda one: _WORDS[one[0]], found)


def pair_words(before: str, after: str) -> tuple[str, str]:
    """Return two values of one field, in plain words where they are statuses."""
    words = _WORDS | _UNKNOWN if before in _WORDS or after in _WORDS else _WORDS
    return words.get(before, before), words.get(after, after)
