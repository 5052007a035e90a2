"""What the replica asks of the records it serves: a catalogue of dated states.

Documents are made when they are asked for, so a catalogue may describe more records than
fit in memory.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study record as the registry shows it on some data date.

    ``posted``: its lastUpdatePostDate, as written. ``document`` makes the document, without the
    stamp of the data load. ``key`` is another one for every other content.
    """

    nct_id: str
    posted: str | None
    key: Hashable
    document: Callable[[], Document]


@dataclass(frozen=True, slots=True)
class Alias:
    """The NCT ID has become an alias of another one."""

    nct_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryVersion:
    """One version of a record as the history API counts them, from 0.

    ``document`` makes the document as API v2 would have shown it then. ``review_not_passed``:
    results were submitted with it that the registry's review did not let through.
    """

    number: int
    document: Callable[[], Document]
    review_not_passed: bool = False


class Catalogue(Protocol):
    """Records by data date; all answers depend on nothing but the arguments."""

    def listed(self, day: date) -> Sequence[str]:
        """Return the NCT IDs of all studies that lists contain on the day, ascending."""

    def updated(self, low: date, high: date, day: date) -> Sequence[str]:
        """Return those whose last update was posted between the dates, both included.

        In the order of those dates, then of the NCT IDs.
        """

    def find(self, nct_id: str, day: date) -> Study | Alias | None:
        """Return what an NCT ID stands for on the day; None when nothing is known of it."""

    def history(self, nct_id: str, day: date) -> Sequence[RegistryVersion]:
        """Return the versions of a record that exist by the day; none for an unknown one."""
