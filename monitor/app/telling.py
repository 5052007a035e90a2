"""Telling the operator: what went wrong and what is over, once each, whoever restarts when."""

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.app.episodes import Episode, Free, episodes_of, free_bytes, full_disks
from monitor.app.logs import get_logger
from monitor.app.wiring import App
from monitor.channels.base import Channel
from monitor.errors import DeliveryError, StoreError
from monitor.model.messages import Message
from monitor.render.operator import operator_message
from monitor.store.writer import Store

_KEPT_BY = "operator/told"  # a slash: no source has such a name
_LEASE = "operator"
_LEASE_S = 120.0
_AGAIN = timedelta(minutes=1)
_NAMESPACE = uuid.UUID("6f0c5f0e-8a0e-4a0c-9a57-0f3f3f1f7c52")

Told = Mapping[str, str]
"""What the operator knows to be wrong: the episode's key, and what to say when it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    began: tuple[Episode, ...]
    over: tuple[str, ...]
    lost: tuple[str, ...]
    told: Told

    @property
    def is_none(self) -> bool:
        return not (self.began or self.over or self.lost)


class Teller:
    """Tells the operator by the channel that the configuration names, else by the log.

    What was told is kept in the store, after it was told: a message may be repeated after a
    crash, with the same id, and none is left out. One process tells at a time.
    """

    def __init__(
        self,
        app: App,
        channels: Mapping[str, Channel],
        *,
        worker: str,
        opened: Callable[[], Store],
        free: Free = free_bytes,
    ) -> None:
        self._app = app
        self._channel = channels.get(app.settings.delivery.operator)
        self._worker = worker
        self._opened = opened
        self._free = free
        self._lost: list[str] = []
        self._lock = threading.Lock()
        self._unsaved: Told | None = None
        self._not_before: datetime | None = None

    def note_lost(self, process: str) -> None:
        """Keep that a process went without a word, for the next ``tell``."""
        with self._lock:
            if process not in self._lost:
                self._lost.append(process)

    def hand_over(self) -> tuple[str, ...]:
        """Return the lost processes that nobody was told of yet, and leave them to the caller."""
        with self._lock:
            left, self._lost = tuple(self._lost), []
        return left

    def tell(self) -> None:
        """Tell what is new since the operator was told last; one thread at a time.

        What cannot be told now is told later; nothing is raised.
        """
        now = self._app.now()
        if self._not_before is not None and now < self._not_before:
            return
        try:
            if self._news().is_none or not self._take_turn(now):
                return
            news = self._news()  # another process may have told meanwhile
        except StoreError as exc:
            get_logger().warning("operator not told", reason=str(exc))
            self._not_before = now + _AGAIN
            return
        if not news.is_none:
            self._not_before = None if self._send(news, now) else now + _AGAIN
        self._end_turn(news, now, told=self._not_before is None)

    def _news(self) -> _News:
        with self._app.reader() as reader:
            told = self._unsaved
            if told is None:
                told = {
                    key: str(over) for key, over in (reader.sources.state(_KEPT_BY) or {}).items()
                }
            enabled = {one.name for one in self._app.settings.sources if one.enabled}
            found = episodes_of(reader, enabled=enabled, now=self._app.now())
        found += full_disks(
            self._app, told=any(key.startswith("disk:") for key in told), free=self._free
        )
        now = {one.key: one.over for one in found}
        with self._lock:
            lost = tuple(self._lost)
        return _News(
            began=tuple(one for one in found if one.key not in told),
            over=tuple(told[key] for key in sorted(told.keys() - now.keys())),
            lost=lost,
            told=now,
        )

    # --- one process at a time -------------------------------------------------------------

    def _take_turn(self, now: datetime) -> bool:
        try:
            with self._opened() as store, store.transaction() as tx:
                return tx.sources.take_lease(_LEASE, self._worker, now=now, ttl_s=_LEASE_S)
        except StoreError:  # of a full disk the operator hears all the more
            return True

    def _end_turn(self, news: _News, now: datetime, *, told: bool) -> None:
        if told:
            with self._lock:
                self._lost = [one for one in self._lost if one not in news.lost]
        try:
            with self._opened() as store, store.transaction() as tx:
                tx.sources.release_lease(_LEASE, self._worker)
                if told:
                    tx.sources.put_state(_KEPT_BY, "", news.told, at=now)
            self._unsaved = None
        except StoreError as exc:
            self._unsaved = news.told if told else self._unsaved
            get_logger().warning("operator's news not noted", reason=str(exc))

    # --- sending ---------------------------------------------------------------------------

    def _send(self, news: _News, now: datetime) -> bool:
        """Send the news; False when that is to be tried again."""
        log = get_logger()
        began = [(one.began, one.detail) for one in news.began]
        began += [(f"the process {one} went without a word", _LOST) for one in news.lost]
        if self._channel is None:
            for sentence, detail in began:
                log.error("operator notice", notice=sentence, detail=detail)
            for sentence in news.over:
                log.warning("operator notice", notice=sentence)
            return True
        uid = _uid([*(one.key for one in news.began), *news.lost, *news.over], now)
        try:
            with self._channel.connected() as connection:
                for target in self._channel.targets:
                    connection.send(_message(uid, target, began, news.over, now))
        except DeliveryError as exc:
            notices = [sentence for sentence, _ in began] + list(news.over)
            log.error("operator not reached", reason=str(exc), notices=notices)
            return exc.permanent
        log.info("operator told", notices=len(began) + len(news.over))
        return True


_LOST = (
    "Its lease ran out. What it was doing is done by another; of the messages that it was sending,"
    " the last by each channel may come twice, with the same id"
)


def _message(
    uid: str,
    target: str,
    began: Iterable[tuple[str, str]],
    over: Iterable[str],
    now: datetime,
) -> Message:
    return operator_message(uid=uid, target=target, began=list(began), over=list(over), at=now)


def _uid(parts: Iterable[str], now: datetime) -> str:
    """Return the same id for the same news of one day."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join([f"{now:%Y-%m-%d}", *sorted(parts)])))
