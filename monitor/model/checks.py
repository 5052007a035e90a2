"""Results of checking one part of an installation, as `monitor doctor` shows them."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How a try ended."""

    FINE = "fine"
    WARNING = "warning"  # it works, and should be looked at
    FAILED = "failed"
    SKIPPED = "skipped"  # not tried, or switched off


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One try: which part it was about, how it ended, what was seen, and what to do.

    ``about``: "store". ``fix`` is "" where there is nothing to do. Neither holds secrets.
    """

    about: str
    verdict: CheckStatus
    detail: str
    fix: str = ""
