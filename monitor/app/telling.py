"""Telling the operator: what went wrong and what is over, once each, whoever restarts when."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.app.episodes import (
    Episode,
    Free,
    episodes_of,
    free_bytes,
    full_disks,
    overdue_messages,
)
from monitor.app.heard import Heard, Untold, heard_of, latest, state_of
from monitor.app.logs import get_logger
from monitor.app.notices import Look, Notices
from monitor.app.wiring import App
from monitor.channels.base import Channel
from monitor.errors import DeliveryError, StoreError
from monitor.model.messages import Message
from monitor.store.lease_keeper import (
    LeaseHeldError,
    LeaseKeeper,
    LeaseLostError,
    require_lease,
)
from monitor.store.writer import Store

_KEPT_BY = "operator/told"  # a slash: no source has such a name
_LEASE = "operator"
_LEASE_S = 30.0
_AGAIN = timedelta(minutes=1)
_OF_ONE_PROCESS = "web:"
"""How the keys of incidents begin that the store and the disks do not tell: who has them knows."""


class Teller:
    """Tells the operator by the channel that the configuration names, else by the log.

    What each of the channel's addresses was told is kept in the store, after it was told: a
    message may be repeated after a crash, with the same id, and none is left out. An address that
    cannot be reached keeps nothing from the others. One process tells at a time. ``incidents``:
    what is wrong with this process itself; None where that is for another to tell.
    """

    def __init__(
        self,
        app: App,
        channels: Mapping[str, Channel],
        *,
        worker: str,
        opened: Callable[[], Store],
        free: Free = free_bytes,
        incidents: Callable[[], Sequence[Episode]] | None = None,
    ) -> None:
        self._app = app
        self._incidents = incidents
        self._channel = channels.get(app.settings.delivery.operator)
        self._addresses = self._channel.targets if self._channel is not None else ("",)
        self._keeper = LeaseKeeper(
            _LEASE,
            worker,
            opened=opened,
            reader=app.reader,
            ttl_s=lambda: _LEASE_S,
            now=app.now,
        )
        self._opened = opened
        self._free = free
        self._lost: list[str] = []
        self._lost_told: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._unsaved: Mapping[str, Heard] | None = None
        self._not_before: datetime | None = None

    def note_lost(self, process: str) -> None:
        """Keep that a process went without a word, for the next ``tell``."""
        with self._lock:
            if process not in self._lost:
                self._lost.append(process)

    def hand_over(self) -> Untold:
        """Return what is yet to be told or noted, and leave it to the caller."""
        with self._lock:
            left = Untold(lost=tuple(self._lost), heard=self._unsaved)
            self._lost, self._unsaved = [], None
        return left

    def take_over(self, left: Untold) -> None:
        """Go on from what another one of this process handed over."""
        for process in left.lost:
            self.note_lost(process)
        with self._lock:
            self._unsaved = left.heard

    def tell(self, *, wait: threading.Event | None = None) -> None:
        """Tell what is new since the operator was told last; one thread at a time.

        What cannot be told now is told later; nothing is raised. ``wait``: where another process
        seems to be telling, until it is certain whether that one is alive, or until this is set.
        """
        now = self._app.now()
        if self._not_before is not None and now < self._not_before <= now + _AGAIN:
            return  # a later time is of a clock that was ahead
        try:
            if self._look().is_calm or not self._take_turn(wait):
                return
            look = self._look()  # another process may have told meanwhile
        except StoreError as exc:
            get_logger().warning("operator not told", reason=str(exc))
            self._not_before = now + _AGAIN
            return
        told = [] if look.is_calm else self._send(look, now)
        waiting = [one for one, news in look.news.items() if news.count and one not in told]
        self._not_before = now + _AGAIN if waiting else None
        self._forget_lost(look, told)
        heard = {
            one: look.heard_now(one, now, of_others=self._of_others(look.heard[one]))
            for one in told
        }
        self._end_turn({**look.heard, **heard}, now, anything=bool(told))

    def _look(self) -> Look:
        with self._app.reader() as reader:
            noted = heard_of(reader.sources.state(_KEPT_BY), self._addresses)
            heard = latest(noted, self._unsaved)
            enabled = {one.name for one in self._app.settings.sources if one.enabled}
            now, after_s = self._app.now(), self._app.settings.delivery.overdue_after_s
            found = episodes_of(reader, enabled=enabled, now=now)
            found += overdue_messages(reader, after_s=after_s, now=now)
            store = reader.outbox.namespace()
        has_heard = [key for one in heard.values() for key in one.wrong]
        told = any(key.startswith("disk:") for key in has_heard)
        found += full_disks(self._app, told=told, free=self._free)
        found += self._incidents() if self._incidents is not None else ()
        wrong = {one.key: one.over for one in found}
        known = dict.fromkeys(has_heard) | {one.key: one.since for one in found}
        with self._lock:
            news = {
                address: Notices(
                    began=tuple(one for one in found if one.began and one.key not in has.wrong),
                    over={key: has.wrong[key] for key in self._over(has, wrong)},
                    lost=tuple(one for one in self._lost if (address, one) not in self._lost_told),
                    since={key: has.beginning(key, since, now) for key, since in known.items()},
                )
                for address, has in heard.items()
            }
        return Look(wrong=wrong, heard=heard, news=news, store=store)

    def _over(self, heard: Heard, wrong: Mapping[str, str]) -> list[str]:
        """Return the keys of what an address knows to be wrong and is so no more."""
        over = heard.wrong.keys() - wrong.keys() - self._of_others(heard).keys()
        return sorted(key for key in over if heard.wrong[key])

    def _of_others(self, heard: Heard) -> dict[str, str]:
        """Return what an address knows to be wrong with a process, where that is not this one."""
        if self._incidents is not None:
            return {}
        return {key: over for key, over in heard.wrong.items() if key.startswith(_OF_ONE_PROCESS)}

    def _forget_lost(self, look: Look, told: list[str]) -> None:
        """Note which lost processes were told; those that everybody heard of are done with."""
        with self._lock:
            self._lost_told |= {(one, lost) for one in told for lost in look.news[one].lost}
            self._lost = [
                lost
                for lost in self._lost
                if not all((one, lost) in self._lost_told for one in self._addresses)
            ]
            self._lost_told = {one for one in self._lost_told if one[1] in self._lost}

    # --- one process at a time -------------------------------------------------------------

    def _take_turn(self, wait: threading.Event | None) -> bool:
        try:
            if wait is None:
                self._keeper.take()
            else:
                self._keeper.take_patiently(wait)
        except LeaseHeldError:
            return False
        except StoreError:  # of a full disk the operator hears all the more
            return True
        self._keeper.start()
        return True

    def _end_turn(self, heard: Mapping[str, Heard], now: datetime, *, anything: bool) -> None:
        try:
            if anything or self._unsaved is not None:
                with self._opened() as store, store.transaction() as tx:
                    if self._keeper.is_taken:
                        require_lease(tx, self._keeper.lease, now=now)
                    tx.sources.put_state(_KEPT_BY, "", state_of(heard), at=now)
            self._unsaved = None
            self._keeper.release()
        except LeaseLostError as exc:  # another one tells, and notes what it told
            self._unsaved = heard if anything else self._unsaved
            get_logger().warning("operator's news not noted", reason=str(exc))
        except StoreError as exc:
            self._unsaved = heard if anything else self._unsaved
            get_logger().warning("operator's news not noted", reason=str(exc))

    # --- sending ---------------------------------------------------------------------------

    def _send(self, look: Look, now: datetime) -> list[str]:
        """Send each address its news; return those that need not be tried again."""
        addresses = [one for one, news in look.news.items() if news.count]
        if self._channel is None:
            for address in addresses:
                _write(look.news[address])
            return addresses
        with self._channel.connected() as connection:
            return [
                address
                for address in addresses
                if self._sent(connection.send, look.message(address, now), look.news[address])
            ]

    def _sent(self, send: Callable[[Message], str], message: Message, news: Notices) -> bool:
        """Send one message; False when that is to be tried again."""
        log = get_logger()
        try:
            send(message)
        except DeliveryError as exc:
            notices = [sentence for sentence, _ in news.notices] + list(news.over.values())
            log.error("operator not reached", reason=str(exc), notices=notices)
            return exc.permanent
        log.info("operator told", notices=news.count)
        return True


def _write(news: Notices) -> None:
    log = get_logger()
    for sentence, detail in news.notices:
        log.error("operator notice", notice=sentence, detail=detail)
    for sentence in news.over.values():
        log.warning("operator notice", notice=sentence)
