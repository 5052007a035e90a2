"""One request and its answer, on one session, bounded as a whole.

The libraries' timeouts bound the silence between two reads: a server that drips would hold a
request for ever.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import nullcontext

from monitor.deadlines.threads import (
    AbandonedError,
    AbandonedThreads,
    BoundedThread,
    LateError,
    TooManyAbandonedError,
)
from monitor.errors import SourceError
from monitor.sources.http.answer import Answer
from monitor.sources.http.body import ACCEPT_ENCODING, read_all, read_head
from monitor.sources.http.faults import (
    StoppedError,
    Target,
    TimedOutError,
    UnreachableError,
)
from monitor.sources.http.session import Incoming, Session
from monitor.sources.http.settings import HttpSettings, Transport, user_agent


def is_for_caller(status: int) -> bool:
    """Whether the status is an answer: success, a redirect or 304, 400, 404."""
    return 200 <= status < 400 or status in (400, 404)


def exchange(
    session: Session,
    target: Target,
    *,
    headers: Mapping[str, str],
    settings: HttpSettings,
    transport: Transport,
    stop: threading.Event | None,
    abandoned: AbandonedThreads,
) -> tuple[Answer, bool]:
    """Ask once; return the answer, whatever its status, and whether the session can go on.

    Raises what ``Session.open`` and ``read_all`` raise, TimedOutError after the total timeout, and
    StoppedError when ``stop`` was set. The session is then to be closed. What hangs where no
    connection is there to be shut down, in the name service, is left to itself: UnreachableError
    when that is so with as many requests as ``abandoned`` allows.
    """
    began = time.monotonic()
    sent = {
        "User-Agent": user_agent(settings, session.library),
        "Accept-Encoding": ACCEPT_ENCODING,
        **headers,
    }

    def ask(session: Session) -> tuple[Incoming, bytes, bool]:
        with session.open(target, sent) as incoming:
            return incoming, *_body(incoming, target, settings)

    thread = BoundedThread[Session](
        lambda: nullcontext(session), name=f"http {target.host}", abandoned=abandoned, cut=_cut
    )
    try:
        incoming, body, whole = thread.run(ask, within_s=settings.total_timeout_s, stop=stop)
    except (AbandonedError, LateError) as exc:
        raise _ended(target, settings, stop) from exc
    except TooManyAbandonedError:
        raise UnreachableError(
            f"requests to {target.host} hang ({abandoned.limit} of them): see to the name service"
        ) from None
    finally:
        thread.stop()
    # A line that was cut looks like the end of a body without a length.
    if session.line.is_cut:
        raise _ended(target, settings, stop)
    answer = Answer(
        status=incoming.status,
        headers=incoming.headers,
        body=body,
        url=target.url,
        elapsed_s=time.monotonic() - began,
        transport=transport,
        http_version=incoming.http_version,
    )
    return answer, whole


def _cut(session: Session) -> bool:
    session.line.cut()
    return True


def _body(incoming: Incoming, target: Target, settings: HttpSettings) -> tuple[bytes, bool]:
    if is_for_caller(incoming.status):
        return read_all(incoming, target, settings.answer_limit_mb), True
    return read_head(incoming, target)


def _ended(target: Target, settings: HttpSettings, stop: threading.Event | None) -> SourceError:
    """Return why a request was ended from outside."""
    if stop is not None and stop.is_set():
        return StoppedError()
    return TimedOutError(
        f"the answer of {target.host} to {target.path} was not complete within"
        f" {settings.total_timeout_s:g} s"
    )
