"""Changes as lists show them: a sentence each, most severe first, noise apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.model.changes import ChangeEvent, Severity
from monitor.model.public_ids import public_event_id
from monitor.render.alerts.blocks import headline_block
from monitor.render.alerts.page import EventBlock
from monitor.render.alerts.sites import fold_sites


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """A change in a list: what it says, and its address within the page of its version."""

    block: EventBlock
    address: str


@dataclass(frozen=True, slots=True)
class ListedEvents:
    """The changes of a version: what matters, and what is noise."""

    notable: tuple[ListedEvent, ...]
    noise: tuple[ListedEvent, ...]


def list_events(events: Iterable[ChangeEvent]) -> ListedEvents:
    """Return the changes of a version for a list."""
    ranked = sorted(events, key=lambda one: -one.severity.rank)
    found = [
        ListedEvent(headline_block(group), public_event_id(group[0]))
        for group in fold_sites(ranked)
    ]
    return ListedEvents(
        notable=tuple(one for one in found if one.block.severity is not Severity.NOISE),
        noise=tuple(one for one in found if one.block.severity is Severity.NOISE),
    )


def most_severe(found: Sequence[ListedEvents]) -> int:
    """Return the rank of the most severe change of several versions."""
    return max((one.block.severity.rank for each in found for one in each.notable), default=0)
