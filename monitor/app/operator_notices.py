"""Notices to the operator: incidents that begin, last or are over, each state sent once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.app.incidents import Free, free_bytes, full_disks, is_of_disk, stored_incidents
from monitor.app.logs import get_logger
from monitor.app.wiring import App
from monitor.channels.base import Channel
from monitor.deliver.notifications import operator_message_of
from monitor.errors import DeliveryError, StoreError
from monitor.model.identity import notice_id
from monitor.model.incidents import OPERATOR, OVER, Incident, OperatorMessage, StoredIncident
from monitor.model.messages import Message, MessageState
from monitor.render.operator import operator_message
from monitor.store.incidents import IncidentReader, NotifiedState
from monitor.store.reader import Reader
from monitor.store.writer import StoreWriter, Transaction

# docs/delivery.md, "The operator"
_AGAIN = timedelta(minutes=1)
_SELDOM = timedelta(hours=1)
_OF_ONE_PROCESS = "web:"
"""How the keys of incidents begin that only the process knows whose they are."""

_LOST = (
    "Its lease ran out. What it was doing is done by another; of the messages that it was sending,"
    " the last by each channel may come twice, with the same id"
)


def note_lost(tx: Transaction, process: str, *, at: datetime) -> None:
    """Store that a process stopped responding; the operator is notified once."""
    key = f"process:{process}"
    if not tx.incidents.of_key(key):
        began = f"the process {process} stopped responding"
        tx.incidents.begin(Incident(key=key, began=began, over="", detail=_LOST), at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Differences:
    """What differs between what is wrong now and what the store knows.

    ``lasting``: stored incidents that still are. ``ended``: stored ones that are over.
    """

    new: Sequence[Incident]
    lasting: Sequence[tuple[StoredIncident, Incident]]
    ended: Sequence[StoredIncident]
    notified: set[NotifiedState]

    @property
    def is_known(self) -> bool:
        """Whether the store has it all."""
        return not (self.new or self.ended or any(_has_changed(*one) for one in self.lasting))


@dataclass(slots=True, kw_only=True)
class _Direct:
    """An incident that the store does not have; ``sent``: the addresses that know of it."""

    incident: Incident
    beginning: str
    found_at: datetime
    sent: set[str] = field(default_factory=set)


class DirectNotices:
    """What a process sent past the outbox, until the store has it."""

    def __init__(self) -> None:
        self._found: dict[str, _Direct] = {}
        self._sent_at: dict[tuple[str, str], datetime] = {}

    @property
    def keys(self) -> list[str]:
        """The keys of the incidents that were found."""
        return list(self._found)

    def find(self, found: Sequence[tuple[Incident, str]], now: datetime) -> list[_Direct]:
        """Keep incidents, each with its beginning, that the store does not have; return them."""
        for incident, beginning in found:
            before = self._found.get(incident.key)
            if before is None or before.incident.state != incident.state:
                made = _Direct(incident=incident, beginning=beginning, found_at=now)
                self._found[incident.key] = made
        return [self._found[one.key] for one, _ in found]

    def pending(self, found: Sequence[_Direct], target: str, now: datetime) -> list[_Direct]:
        """Return the incidents to notify an address of; one incident once an hour at most."""
        return [
            one
            for one in found
            if target not in one.sent and self.may_send(one.incident.key, target, now)
        ]

    def may_send(self, name: str, target: str, now: datetime) -> bool:
        """Return whether nothing of that name was sent to an address within the last hour."""
        sent_at = self._sent_at.get((name, target))
        return sent_at is None or not _is_before(now, sent_at + _SELDOM)

    def note_sent(self, name: str, target: str, now: datetime) -> None:
        """Note that an address was sent something of that name: a key, or the id of a message."""
        self._sent_at[name, target] = now
        if name in self._found:
            self._found[name].sent.add(target)

    def sent(self) -> list[_Direct]:
        """Return what was sent, for the store."""
        return [one for one in self._found.values() if one.sent]

    def forget(self) -> None:
        """Forget what was found: the store has it, or it is found again."""
        self._found.clear()


class OperatorNotifier:
    """Finds incidents, stores them, and puts notices of them into the outbox.

    Where the store cannot be written, or no process leads, ``send_directly`` sends them.
    ``incidents``: of this process itself; None where another process reports those.
    Without an operator's channel they are only logged. For one thread at a time. ``direct``: of
    this process, whatever its settings. ``is_troubled``: the store could not be written the last
    time.
    """

    def __init__(
        self,
        app: App,
        channels: Mapping[str, Channel],
        *,
        open_store: Callable[[], StoreWriter],
        free: Free = free_bytes,
        incidents: Callable[[], Sequence[Incident]] | None = None,
    ) -> None:
        self._app = app
        self._name = app.settings.delivery.operator
        self._channel = channels.get(self._name)
        self._open_store = open_store
        self._free = free
        self._incidents = incidents
        self._store = ""
        self._not_before: datetime | None = None
        self._not_before_directly: datetime | None = None
        self.direct = DirectNotices()
        self.is_troubled = False

    # --- by the outbox -----------------------------------------------------------------------

    def store_notices(self) -> bool:
        """Store what began and what is over, and the messages about it; tell whether there are any.

        Nothing is raised: what cannot be stored now is tried again in a minute.
        """
        now = self._app.now()
        if _is_before(now, self._not_before):
            return False
        try:
            with self._app.reader() as reader:
                seen = reader.incidents.open()
                found = self._found(reader, seen, now)
                differences = self._differences(reader.incidents, found)
            has_changed = bool(self.direct.sent()) or not self._is_notified(differences)
            if has_changed:
                self._store_news(seen, found, now)
            self._not_before, self.is_troubled = None, False
        except StoreError as exc:
            get_logger().warning("operator's notices not stored", reason=str(exc))
            self._not_before, self.is_troubled = now + _AGAIN, True
            return False
        return has_changed

    @property
    def _targets(self) -> Sequence[str]:
        return () if self._channel is None else self._channel.targets

    def _found(
        self, reader: Reader | None, stored: Sequence[StoredIncident], now: datetime
    ) -> list[Incident]:
        """Return what is wrong now; ``reader`` None: as far as it is known without the store."""
        found: list[Incident] = []
        if reader is not None:
            self._store = self._store or reader.outbox.namespace()
            found = stored_incidents(reader, self._app.settings, now=now)
        keys = [*(one.key for one in stored), *self.direct.keys]
        found += full_disks(self._app, notified=any(map(is_of_disk, keys)), free=self._free)
        return found + list(self._incidents() if self._incidents is not None else ())

    def _differences(self, incidents: IncidentReader, found: Sequence[Incident]) -> _Differences:
        stored = {one.key: one for one in incidents.open()}
        by_key = {one.key: one for one in found}
        return _Differences(
            new=[one for key, one in by_key.items() if key not in stored],
            lasting=[(one, by_key[key]) for key, one in stored.items() if key in by_key],
            ended=[one for key, one in stored.items() if key not in by_key and self._is_ours(key)],
            notified=incidents.notified_states(),
        )

    def _store_news(
        self, seen: Sequence[StoredIncident], found: Sequence[Incident], now: datetime
    ) -> None:
        """Store it, unless another process has stored something since ``seen``; StoreError.

        What was found is not looked for again: a disk may take long to answer.
        """
        with self._open_store() as store, store.transaction() as tx:
            # Two processes may have found the same: the later one sees here that the store has
            # changed.
            tx.incidents.lock()
            if tx.incidents.open() != seen:
                return
            self._store_direct(tx)
            self._put(tx, self._differences(tx.incidents, found), now)
        self.direct.forget()

    def _is_ours(self, key: str) -> bool:
        """Return whether this process would have found an incident, if it lasted."""
        return self._incidents is not None or not key.startswith(_OF_ONE_PROCESS)

    def _is_notified(self, differences: _Differences) -> bool:
        return differences.is_known and not any(
            self._is_pending(target, stored, differences.notified)
            for stored, _ in differences.lasting
            for target in self._targets
        )

    def _is_pending(
        self, target: str, stored: StoredIncident, notified: set[NotifiedState]
    ) -> bool:
        """Return whether an address has not been notified of an incident's state, or an event."""
        # An earlier program recorded no channel, and the first one no address.
        addresses = ((self._name, target), ("", target), ("", ""))
        known = any((stored.id, *address, stored.state) in notified for address in addresses)
        return not known and self._is_deliverable(stored)

    def _is_deliverable(self, one: Incident | StoredIncident) -> bool:
        """Return whether a notice can be delivered while the incident lasts.

        What keeps the operator's own channel from sending is reported when it is over.
        """
        return bool(one.began) and one.key not in (f"channel:{self._name}", f"waiting:{self._name}")

    def _put(self, tx: Transaction, differences: _Differences, now: datetime) -> None:
        began = [tx.incidents.begin(one, at=now) for one in differences.new]
        began += [tx.incidents.go_on(*one) for one in differences.lasting if _has_changed(*one)]
        lasting = began + [
            one for one, found in differences.lasting if not _has_changed(one, found)
        ]
        events = [one for one in differences.ended if not one.over]
        ended = [one for one in differences.ended if one.over]
        for target in self._targets:
            states = [
                (one, one.state)
                for one in (*lasting, *events)
                if self._is_pending(target, one, differences.notified)
            ]
            states += [(one, OVER) for one in ended]
            if states:
                tx.incidents.notify(
                    states, channel=self._name, target=target, store=self._store, at=now
                )
        for one in differences.ended:
            tx.incidents.close(one, at=now)
        for one in (*began, *events):
            _log(one.began, one.detail)
        for one in ended:
            get_logger().warning("operator notice", notice=one.over)

    # --- without the outbox ------------------------------------------------------------------

    def send_directly(self) -> None:
        """Send what is wrong past the outbox: once, and of one incident at most hourly.

        Sent, too, with their own ids, are notices that wait in the outbox for more than a minute.
        What cannot be sent is tried again in a minute; nothing is raised.
        """
        now = self._app.now()
        if _is_before(now, self._not_before_directly):
            return
        # Before sending, which may fail or take its time.
        self._not_before_directly = now + _AGAIN
        found, waiting = self._unstored(now)
        if self._channel is None:
            for one in self.direct.pending(found, "", now):
                _log(one.incident.began, one.incident.detail)
                self.direct.note_sent(one.incident.key, "", now)
            return
        with self._channel.connect() as connection:
            for message in waiting:
                if self.direct.may_send(message.uid, message.target, now):
                    self._send(connection.send, message, [message.uid], now)
            for target in self._targets:
                if pending := self.direct.pending(found, target, now):
                    names = [one.incident.key for one in pending]
                    self._send(connection.send, self._message(pending, target, now), names, now)

    def _unstored(self, now: datetime) -> tuple[list[_Direct], list[OperatorMessage]]:
        """Return what the store does not have, and what waits in the outbox."""
        try:
            with self._app.reader() as reader:
                wrong = self._found(reader, reader.incidents.open(), now)
                differences = self._differences(reader.incidents, wrong)
                found = [(one, reader.incidents.beginning(one, at=now)) for one in differences.new]
                changed = [one for one in differences.lasting if _has_changed(*one)]
                found += [(one, stored.beginning) for stored, one in changed]
                waiting = self._waiting(reader, now)
        except StoreError:
            found = [(one, one.beginning(now)) for one in self._found(None, (), now)]
            waiting = []
        deliverable = [one for one in found if self._is_deliverable(one[0])]
        return self.direct.find(deliverable, now), waiting

    def _waiting(self, reader: Reader, now: datetime) -> list[OperatorMessage]:
        """Return the notices that have waited in the outbox for longer than a minute."""
        found = [
            operator_message_of(reader, message)
            for state in (MessageState.WAITING, MessageState.SENDING)
            for message in reader.outbox.messages(
                state=state, subscriber=OPERATOR, channel=self._name
            )
            if message.kind == "notice" and message.created_at < now - _AGAIN
        ]
        return [one for one in found if one is not None and one.target in self._targets]

    def _message(self, incidents: Sequence[_Direct], target: str, now: datetime) -> OperatorMessage:
        parts = [(one.incident.key, one.beginning, one.incident.state) for one in incidents]
        return OperatorMessage(
            uid=notice_id(parts, store=self._store, channel=self._name, target=target),
            target=target,
            at=now,
            began=tuple((one.incident.began, one.incident.detail) for one in incidents),
            over=(),
        )

    def _send(
        self,
        send: Callable[[Message], str],
        message: OperatorMessage,
        names: Sequence[str],
        now: datetime,
    ) -> None:
        """Send one message; ``names``: what is noted as sent, unless it is to be tried again."""
        try:
            send(operator_message(message))
            get_logger().info("operator notified", uid=message.uid)
        except DeliveryError as exc:
            get_logger().error("operator not reached", reason=str(exc), uid=message.uid)
            # Refused for good: noted as sent, or it would be tried each minute.
            if not exc.permanent:
                return
        for name in names:
            self.direct.note_sent(name, message.target, now)

    def _store_direct(self, tx: Transaction) -> None:
        """Store what was sent past the outbox, so that it is not sent again."""
        stored = {one.key: one for one in tx.incidents.open()}
        for one in self.direct.sent():
            incident = stored.get(one.incident.key)
            if incident is None:
                before = {each.beginning for each in tx.incidents.of_key(one.incident.key)}
                if one.beginning in before:
                    continue  # another process has stored it meanwhile, and that it is over
                incident = tx.incidents.begin(
                    one.incident, at=one.found_at, beginning=one.beginning
                )
            elif _has_changed(incident, one.incident):
                incident = tx.incidents.go_on(incident, one.incident)
            for target in one.sent & set(self._targets):
                tx.incidents.record_notified(incident, channel=self._name, target=target)


def _has_changed(stored: StoredIncident, found: Incident) -> bool:
    """Return whether an ongoing incident has a new state to notify of."""
    return stored.state != found.state


def _is_before(now: datetime, then: datetime | None) -> bool:
    """Return whether a time is yet to come; one too far off is of a clock that was ahead."""
    return then is not None and now < then <= now + _SELDOM


def _log(sentence: str, detail: str) -> None:
    get_logger().error("operator notice", notice=sentence, detail=detail)
