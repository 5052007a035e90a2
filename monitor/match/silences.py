"""Silences that keep an event back: by trial, by kind of change, or by both."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from monitor.model.changes import ChangeKind
from monitor.model.groups import kinds_of
from monitor.model.subscriptions import Silence

_BySubscriber = Mapping[str | None, Sequence[Silence]]
Over = Sequence[Sequence[_BySubscriber]]
"""Silences that may concern one event: for each kind of change that it tells of, by the subscriber
that they are for (None: everybody)."""


class Silences:
    """Silences by trial and kind; never changed once they are made.

    One that names neither a trial nor a kind silences nothing.
    """

    def __init__(self, silences: Iterable[Silence]) -> None:
        found: dict[tuple[str | None, ChangeKind | None], dict[str | None, list[Silence]]] = {}
        for silence in silences:
            for kind in [None] if silence.kind is None else kinds_of([silence.kind]):
                place = found.setdefault((silence.nct_id, kind), {})
                place.setdefault(silence.subscriber, []).append(silence)
        # At least one is given wherever a silence is made; both None would silence everything.
        found.pop((None, None), None)
        self._by_place = found

    def over(self, nct_ids: Sequence[str], kinds: Iterable[ChangeKind]) -> Over:
        """Return, for each kind, the silences of this trial, of the kind, and of it in this trial.

        ``nct_ids``: all IDs of the trial; ``kinds``: all that an event tells of.
        """
        return [self._of_kind(nct_ids, kind) for kind in kinds]

    def _of_kind(self, nct_ids: Iterable[str], kind: ChangeKind) -> list[_BySubscriber]:
        named = [place for nct_id in nct_ids for place in ((nct_id, None), (nct_id, kind))]
        places = (*named, (None, kind))
        return [self._by_place[place] for place in places if place in self._by_place]


def holding(over: Over, subscriber: str, at: datetime) -> Silence | None:
    """Return a silence that keeps an event from this subscriber at a moment; None when none does.

    It holds from its making to its end. An event that tells of several kinds of change is kept
    back only where each of them is.
    """
    found = [_holding(of_kind, subscriber, at) for of_kind in over]
    # An event of both completion dates is sent while only one of them is silenced (docs/events.md).
    return found[0] if all(found) and found else None


def _holding(of_kind: Iterable[_BySubscriber], subscriber: str, at: datetime) -> Silence | None:
    for by_subscriber in of_kind:
        for who in (subscriber, None):
            for silence in by_subscriber.get(who, ()):
                if silence.created_at <= at < silence.until:
                    return silence
    return None
