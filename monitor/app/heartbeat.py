"""The heartbeat: a service outside is called as long as all is well, and alarms when it is not.

It speaks as healthchecks does (https://healthchecks.io/docs/http_api/): a POST to the URL says that
all is well, one to ``/fail`` below it that something is wrong, its body what that is.
"""

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.app.incidents import OVERDUE, overdue_messages
from monitor.app.logs import get_logger
from monitor.app.wiring import App
from monitor.channels.post import Poster
from monitor.channels.response_check import check_response
from monitor.deadlines.threads import (
    AbandonedError,
    AbandonedThreads,
    BoundedThread,
    LateError,
    TooManyAbandonedError,
)
from monitor.errors import MonitorError, StoreError
from monitor.render.values import moment
from monitor.settings.endpoints import Place

if TYPE_CHECKING:
    pass

_LONGEST_S = 10.0
_ABANDONED = 4
# What a healthchecks of one's own keeps of a body, unless its PING_BODY_LIMIT says otherwise.
_BODY_BYTES = 10_000


def own_key(text: str) -> str:
    """Name the heartbeat's own key in an error about channels."""
    return re.sub(r"\ballow_private\b", "heartbeat_allow_private", text)


def reach(app: App) -> str | None:
    """Connect without calling, which would tell that all is well; return how far it went.

    None: there is no heartbeat. DeliveryError when it cannot be reached.
    """
    place = app.settings.daemon.heartbeat_place
    if place is None:
        return None
    _poster(app, place).reach()
    return f"{place.shown} answers; `monitor run` calls it, nobody else"


@dataclass(slots=True, kw_only=True)
class Heartbeat:
    """Beats once each time it is asked to, bounded in all it does; nothing is raised."""

    _threads: AbandonedThreads = field(
        default_factory=lambda: AbandonedThreads(_ABANDONED), init=False
    )
    _problem: str | None = field(default=None, init=False)

    def beat(self, app: App, running: Mapping[str, float]) -> None:
        """Call, and log once that it fails, and once that it works again.

        ``running``: since how many seconds each pass that is under way is.
        """
        problem = None
        try:
            self._call(app, running)
        except LateError as exc:
            problem = f"no answer within {_LONGEST_S:g} s ({exc.__cause__})"
        except (AbandonedError, TooManyAbandonedError):
            problem = f"it hangs for longer than {_LONGEST_S:g} s"
        except MonitorError as exc:
            problem = own_key(str(exc))
        except Exception as exc:  # noqa: BLE001 - it must hold up nothing; its words may hold the URL
            problem = f"a mistake in the program: {type(exc).__name__}"
        if problem is not None and self._problem is None:
            get_logger().warning("heartbeat fails", reason=problem)
        elif problem is None and self._problem is not None:
            get_logger().info("heartbeat works again")
        self._problem = problem

    def _call(self, app: App, running: Mapping[str, float]) -> None:
        place = app.settings.daemon.heartbeat_place
        if place is None:
            return
        thread = BoundedThread(
            # With the reading of the store, which may hang, too.
            lambda: _call_of(app, place, running),
            name="heartbeat",
            abandoned=self._threads,
            cut=lambda call: call.cut(),
        )
        try:
            thread.run(lambda call: call.make(), within_s=_LONGEST_S)
        finally:
            thread.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class _HeartbeatCall:
    """A call that is about to be made: by whom, and what it says is wrong."""

    app: App
    poster: Poster
    problems: Sequence[str]

    def make(self) -> None:
        """Call; DeliveryError when that is not taken."""
        body = "\n".join(self.problems).encode("utf-8", "replace")[:_BODY_BYTES]
        answer = self.poster.post(body, {"Content-Type": "text/plain; charset=utf-8"})
        place = self.poster.place
        check_response(answer, place.shown, now=self.app.now(), secrets=place.secrets)

    def cut(self) -> bool:
        """Shut the connection down, from another thread."""
        self.poster.cut()
        return True


@contextmanager
def _call_of(app: App, place: Place, running: Mapping[str, float]) -> Iterator[_HeartbeatCall]:
    found = problems(app, running)
    poster = _poster(app, _failing(place) if found else place)
    yield _HeartbeatCall(app=app, poster=poster, problems=found)


def problems(app: App, running: Mapping[str, float]) -> list[str]:
    """Return what is overdue, and why nothing can be stored; nothing when all is well."""
    now = app.now()
    enabled = {one.name for one in app.settings.sources if one.enabled}
    try:
        with app.reader() as reader:
            rows = reader.sources.all()
            after_s = app.settings.delivery.overdue_after_s
            late = overdue_messages(reader, after_s=after_s, now=now)
            unwritable = reader.write_problem()
    except StoreError as exc:
        return [f"the store cannot be read: {exc}"]
    found = [
        f"the source {row.name} was due {moment(row.next_due_at)} UTC and not read"
        for row in rows
        if row.name in enabled and row.next_due_at is not None and row.next_due_at + OVERDUE < now
    ]
    found += [
        f"the pass of the source {name} has not ended for {timedelta(seconds=int(seconds))}"
        for name, seconds in sorted(running.items())
        if seconds > OVERDUE.total_seconds()
    ]
    found += [one.began for one in late]
    return found + ([f"the store cannot be written: {unwritable}"] if unwritable else [])


def _failing(place: Place) -> Place:
    """Return where to tell that something is wrong: below the path, before the query."""
    path, mark, query = place.target.partition("?")
    return replace(place, target=f"{path.rstrip('/')}/fail{mark}{query}")


def _poster(app: App, place: Place) -> Poster:
    given = app.settings
    return Poster(
        place=place,
        timeout_s=min(_LONGEST_S, given.delivery.timeout_s),
        context=ssl.create_default_context() if place.tls else None,
        allow_private=given.daemon.heartbeat_allow_private,
        answer_limit_bytes=given.delivery.answer_limit_bytes,
    )
