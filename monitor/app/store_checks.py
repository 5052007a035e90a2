"""The daily check of a SQLite store's structure, and what it found last."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.app.wiring import App
from monitor.errors import StoreError
from monitor.store.address import StoreAddress
from monitor.store.integrity import check_pages
from monitor.store.reader import Reader

_STATE_KEY = "store/check"  # a slash: no source has such a name


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCheck:
    """When the store was checked last, and what was damaged then; "" for nothing."""

    at: datetime
    damage: str


def last_check(reader: Reader) -> StoreCheck | None:
    """Return what the last check found; None before the first."""
    state = reader.sources.state(_STATE_KEY)
    if state is None:
        return None
    return StoreCheck(at=datetime.fromisoformat(str(state["at"])), damage=str(state["damage"]))


def due_in(app: App) -> timedelta | None:
    """Return how long it is until the next check; None when there are to be none.

    PostgreSQL checks its own pages. StoreError when the store does not tell.
    """
    every_s = app.settings.daemon.quick_check_every_s
    if not every_s or StoreAddress.parse(app.settings.store.url).path is None:
        return None
    with app.reader() as reader:
        last = last_check(reader)
    now = app.now()
    if last is None or last.at > now:  # a clock that stood ahead
        return timedelta()
    return max(timedelta(), last.at + timedelta(seconds=every_s) - now)


def check_store(app: App, *, stop: threading.Event) -> None:
    """Have SQLite check the store (``PRAGMA quick_check``) and note what it found.

    Reads alone, and holds no writer up. Ends soon after ``stop`` is set, without a result.
    StoreError when that cannot be noted.
    """
    from monitor.app.logs import get_logger  # noqa: PLC0415  # not for who only looks it up

    store = app.settings.store
    damage = ""
    try:
        if check_pages(store.url, busy_timeout_s=store.busy_timeout_s, give_up=stop.is_set) is None:
            return
    except StoreError as exc:
        damage = str(exc)
        get_logger().error("store damaged", reason=damage)
    now = app.now()
    with app.store(create=False) as opened, opened.transaction() as transaction:
        state = {"at": now.isoformat(), "damage": damage}
        transaction.sources.put_state(_STATE_KEY, "", state, at=now)
