"""Which silences stand over an event."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from monitor.model.changes import ChangeKind
from monitor.model.subscriptions import Silence

Over = Sequence[Mapping[str | None, Sequence[Silence]]]
"""Silences that may concern one event, by the subscriber that they are for (None: everybody)."""


class Silences:
    """Silences by trial and kind; never changed once they are made.

    One that names neither a trial nor a kind silences nothing.
    """

    def __init__(self, silences: Iterable[Silence]) -> None:
        found: dict[tuple[str | None, ChangeKind | None], dict[str | None, list[Silence]]] = {}
        for silence in silences:
            place = found.setdefault((silence.nct_id, silence.kind), {})
            place.setdefault(silence.subscriber, []).append(silence)
        found.pop((None, None), None)
        self._by_place = found

    def over(self, nct_ids: Iterable[str], kind: ChangeKind) -> Over:
        """Return the silences of this trial, of this kind, and of this kind in this trial.

        ``nct_ids``: all IDs of the trial.
        """
        named = [place for nct_id in nct_ids for place in ((nct_id, None), (nct_id, kind))]
        places = (*named, (None, kind))
        return [self._by_place[place] for place in places if place in self._by_place]


def holding(over: Over, subscriber: str, at: datetime) -> Silence | None:
    """Return a silence that holds for this subscriber at a moment, from its making to its end."""
    for by_subscriber in over:
        for who in (subscriber, None):
            for silence in by_subscriber.get(who, ()):
                if silence.created_at <= at < silence.until:
                    return silence
    return None
