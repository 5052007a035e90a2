"""Silences that suppress an event: by trial, by kind of change, or by both.

``decision`` asks them for alerts, ``deliver.notifications`` again when a message is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from monitor.model.changes import ChangeKind
from monitor.model.kind_names import kinds_of
from monitor.model.subscriptions import Silence

_BySubscriber = Mapping[str | None, Sequence[Silence]]
EventSilences = Sequence[Sequence[_BySubscriber]]
"""Silences that may concern one event: for each of its kinds of change, by the subscriber
that they are for (None: everybody)."""


class Silences:
    """Silences by trial and kind; never changed once they are made.

    One that names neither a trial nor a kind suppresses nothing.
    """

    def __init__(self, silences: Iterable[Silence]) -> None:
        found: dict[tuple[str | None, ChangeKind | None], dict[str | None, list[Silence]]] = {}
        for silence in silences:
            for kind in [None] if silence.kind is None else kinds_of([silence.kind]):
                place = found.setdefault((silence.nct_id, kind), {})
                place.setdefault(silence.subscriber, []).append(silence)
        # At least one is given wherever a silence is made; both None would silence everything.
        found.pop((None, None), None)
        self._by_trial_and_kind = found

    def for_event(self, nct_ids: Sequence[str], kinds: Iterable[ChangeKind]) -> EventSilences:
        """Return, for each kind, the silences of this trial, of the kind, and of it in this trial.

        ``nct_ids``: all IDs of the trial; ``kinds``: all kinds of an event.
        """
        return [self._of_kind(nct_ids, kind) for kind in kinds]

    def _of_kind(self, nct_ids: Iterable[str], kind: ChangeKind) -> list[_BySubscriber]:
        named = [place for nct_id in nct_ids for place in ((nct_id, None), (nct_id, kind))]
        places = (*named, (None, kind))
        return [
            self._by_trial_and_kind[place] for place in places if place in self._by_trial_and_kind
        ]


def find_silence(for_event: EventSilences, subscriber: str, at: datetime) -> Silence | None:
    """Return a silence that suppresses an event for a subscriber at a moment; None when none does.

    It applies from its creation to its end. An event of several kinds of change is suppressed only
    where each of them is.
    """
    found = [_find_silence(of_kind, subscriber, at) for of_kind in for_event]
    # An event of both completion dates is sent while only one of them is reject_by_silence
    # (docs/events.md).
    return found[0] if all(found) and found else None


def _find_silence(
    of_kind: Iterable[_BySubscriber], subscriber: str, at: datetime
) -> Silence | None:
    for by_subscriber in of_kind:
        for who in (subscriber, None):
            for silence in by_subscriber.get(who, ()):
                if silence.created_at <= at < silence.until:
                    return silence
    return None
