"""A merger is told once to whoever follows the trial by the NCT ID that it had before.

``notify`` asks it before it writes the items of a transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from monitor.match.change_set import ChangeSet
from monitor.model.changes import ChangeEvent, ChangeKind
from monitor.model.messages import OutboxItem
from monitor.model.subscriptions import MatchDecision, Reason, Subscription

# Example: NCT07048704 was merged into NCT07280598. Whoever names the former is told "merged into
# NCT07280598", and not also that NCT07280598 is a new trial, which it is not.
_KINDS = frozenset({ChangeKind.RECORD_MERGED, ChangeKind.TRIAL_REGISTERED})


def may_tell_of_merger(events: Iterable[ChangeEvent]) -> bool:
    """Tell whether any event may have to do with a merger."""
    return any(event.kind in _KINDS for event in events)


@dataclass(slots=True)
class Mergers:
    """The mergers of one transaction, and what is told of them.

    Who names only the former ID is told that its record was merged into another. That this one,
    which is no new trial, is seen for the first time or took the former one in says the same again.
    """

    gone: set[tuple[int, str]] = field(default_factory=set)
    goes_on: dict[tuple[int, int, int], tuple[str, ...]] = field(default_factory=dict)

    def note(
        self,
        subscription: Subscription,
        verdict: MatchDecision,
        *,
        news: ChangeSet,
        version_id: int,
        positions: Iterable[int],
    ) -> None:
        """Note events that a subscription is to get, and how it stands to the trial."""
        for position in positions:
            event = news.events[position]
            place = subscription.id, version_id, position
            if event.kind is ChangeKind.RECORD_MERGED and "merged_into" in event.facts:
                self.gone.add((subscription.id, news.nct_id))
            # By a filter the trial of now is news of its own; by its present ID it was asked for.
            elif verdict.reason is not Reason.NCT_ID or news.nct_id in subscription.trials.nct_ids:
                continue
            elif event.kind is ChangeKind.TRIAL_REGISTERED:
                self.goes_on[place] = news.nct_ids[1:]
            elif event.kind is ChangeKind.RECORD_MERGED:
                self.goes_on[place] = tuple(event.facts.get("merged", ()))

    def told_once(self, items: Sequence[OutboxItem]) -> list[OutboxItem]:
        """Return the items without what another of the same subscription tells."""
        if not (self.gone and self.goes_on):
            return list(items)
        kept = (replace(item, positions=tuple(self._positions(item))) for item in items)
        return [item for item in kept if item.positions]

    def _positions(self, item: OutboxItem) -> Iterator[int]:
        for position in item.positions:
            former = self.goes_on.get((item.subscription_id, item.version_id, position), ())
            if not any((item.subscription_id, nct_id) in self.gone for nct_id in former):
                yield position
