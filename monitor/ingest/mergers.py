"""Send one alert of a merger to those who subscribed by the NCT ID that the trial had before.

``notify`` calls it before it writes the items of a transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from monitor.match.change_set import ChangeSet
from monitor.model.changes import ChangeEvent, ChangeKind
from monitor.model.messages import OutboxItem
from monitor.model.subscriptions import MatchDecision, Reason, Subscription

# Example: NCT07048704 was merged into NCT07280598. Whoever names the former gets "merged into
# NCT07280598", and not also that NCT07280598 is a new trial, which it is not.
_KINDS = frozenset({ChangeKind.RECORD_MERGED, ChangeKind.TRIAL_REGISTERED})


def is_of_merger(events: Iterable[ChangeEvent]) -> bool:
    """Return whether any event may have to do with a merger."""
    return any(event.kind in _KINDS for event in events)


@dataclass(slots=True)
class Mergers:
    """The mergers of one transaction, and the events that repeat them.

    A subscription that names only the former ID gets the event that its record was merged into
    another one. That this other one was registered, or that a record was merged into it, repeats
    that. ``gone``: by subscription, the former IDs; ``merged_from``: by subscription, version and
    position of an event, the former IDs whose merger it repeats.
    """

    gone: set[tuple[int, str]] = field(default_factory=set)
    merged_from: dict[tuple[int, int, int], tuple[str, ...]] = field(default_factory=dict)

    def note(
        self,
        subscription: Subscription,
        verdict: MatchDecision,
        *,
        change_set: ChangeSet,
        version_id: int,
        positions: Iterable[int],
    ) -> None:
        """Record events that a subscription is to get, and by what it matched the trial."""
        for position in positions:
            event = change_set.events[position]
            place = subscription.id, version_id, position
            if event.kind is ChangeKind.RECORD_MERGED and "merged_into" in event.facts:
                self.gone.add((subscription.id, change_set.nct_id))
            # Matched by a filter or by its present ID, the present trial is a change of its own.
            elif (
                verdict.reason is not Reason.NCT_ID
                or change_set.nct_id in subscription.trials.nct_ids
            ):
                continue
            elif event.kind is ChangeKind.TRIAL_REGISTERED:
                self.merged_from[place] = change_set.nct_ids[1:]
            elif event.kind is ChangeKind.RECORD_MERGED:
                self.merged_from[place] = tuple(event.facts.get("merged", ()))

    def drop_repeats(self, items: Sequence[OutboxItem]) -> list[OutboxItem]:
        """Return the items without the events that repeat a merger."""
        if not (self.gone and self.merged_from):
            return list(items)
        kept = (item._replace(positions=tuple(self._positions(item))) for item in items)
        return [item for item in kept if item.positions]

    def _positions(self, item: OutboxItem) -> Iterator[int]:
        for position in item.positions:
            former = self.merged_from.get((item.subscription_id, item.version_id, position), ())
            if not any((item.subscription_id, nct_id) in self.gone for nct_id in former):
                yield position
