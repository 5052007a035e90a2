"""What the operator sees on the page, and decides there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.app.gate import accept, gates
from monitor.app.logs import get_logger
from monitor.app.readers import open_for_change
from monitor.app.wiring import App
from monitor.errors import NotFoundError, UsageError
from monitor.model.history import QuarantineRow
from monitor.model.incidents import StoredIncident
from monitor.model.messages import MessageState, OutboxMessage
from monitor.model.subscriptions import Subscriber, SubscriptionStatus
from monitor.model.tracking import SourceRow
from monitor.render.gate import GateReport

_SHOWN = 100
_LONGEST_NUMBER = 18  # digits: what a database's whole numbers hold


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPage:
    """How the monitor stands; of messages and the quarantine the first hundred.

    ``sources``: by name, with what is held of each. ``outbox``: how many messages there are by
    state and channel. ``subscribers``: each with how many subscriptions are not removed.
    """

    sources: Mapping[str, tuple[SourceRow | None, GateReport]]
    outbox: Mapping[MessageState, Mapping[str, int]]
    dead: tuple[OutboxMessage, ...]
    quarantine: tuple[QuarantineRow, ...]
    incidents: tuple[StoredIncident, ...]
    subscribers: tuple[tuple[Subscriber, int], ...]


def operator_page(app: App) -> OperatorPage:
    """Return how the monitor stands; StoreError when the store cannot be read."""
    held = gates(app)
    with app.reader() as reader:
        rows = {row.name: row for row in reader.sources.all()}
        counts: dict[str, int] = {}
        for one in reader.subscribers.subscriptions(damaged=[]):
            if one.status is not SubscriptionStatus.RETIRED:
                counts[one.subscriber] = counts.get(one.subscriber, 0) + 1
        return OperatorPage(
            sources={gate.source: (rows.get(gate.source), gate) for gate in held},
            outbox=reader.outbox.counts(),
            dead=tuple(reader.outbox.messages(state=MessageState.DEAD, limit=_SHOWN)),
            quarantine=tuple(reader.quarantine()[:_SHOWN]),
            incidents=tuple(reader.incidents.open()),
            subscribers=tuple(
                (one, counts.get(one.name, 0))
                for one in reader.subscribers.subscribers()
                if one.status is not SubscriptionStatus.RETIRED
            ),
        )


def decide(app: App, decision: str, about: str, *, by: str) -> None:
    """Do what the operator decided about a source, a message or an entry of the quarantine.

    UsageError for no decision of these, NotFoundError for what is not there (any more).
    """
    if decision not in _DECISIONS:
        raise UsageError("the form says nothing to do")
    _DECISIONS[decision](app, about)
    # The log keeps who decided what, and when.
    get_logger().info("operator decided", decision=decision, about=about, by=by)


def _accept(app: App, about: str) -> None:
    accept(app, about, silent=False)


def _accept_silently(app: App, about: str) -> None:
    accept(app, about, silent=True)


def _retry_message(app: App, about: str) -> None:
    with open_for_change(app) as store, store.transaction() as tx:
        if not tx.outbox.retry([_number(about)], now=app.now()):
            raise NotFoundError("that message waits for nobody")


def _drop_message(app: App, about: str) -> None:
    with open_for_change(app) as store, store.transaction() as tx:
        if not tx.outbox.drop([_number(about)]):
            raise NotFoundError("that message waits for nobody")


def _retry_entry(app: App, about: str) -> None:
    entry = _entry(app, about)
    if not entry.is_whole:
        raise UsageError("it was not kept whole: ingest it again from where it came")
    [(_, report)] = app.retry([entry])
    if report.quarantined or not report.read:
        raise UsageError("it still cannot be read")


def _drop_entry(app: App, about: str) -> None:
    app.drop_quarantined([_entry(app, about).id])


_DECISIONS: Mapping[str, Callable[[App, str], None]] = {
    "accept": _accept,
    "accept silently": _accept_silently,
    "retry message": _retry_message,
    "drop message": _drop_message,
    "retry entry": _retry_entry,
    "drop entry": _drop_entry,
}


def _entry(app: App, about: str) -> QuarantineRow:
    with app.reader() as reader:
        found = reader.quarantine_entry(_number(about))
    if found is None:
        raise NotFoundError("there is no such entry in the quarantine any more")
    return found


def _number(about: str) -> int:
    if not (about.isascii() and about.isdecimal() and len(about) <= _LONGEST_NUMBER):
        raise UsageError("the form names nothing")
    return int(about)
