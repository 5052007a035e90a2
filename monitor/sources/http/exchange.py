"""One request and its answer, on one session."""

import threading
import time
from collections.abc import Mapping

from monitor.errors import SourceError
from monitor.sources.http.answer import Answer
from monitor.sources.http.body import ACCEPT_ENCODING, read_all, read_head
from monitor.sources.http.faults import StoppedError, Target, TimedOutError
from monitor.sources.http.session import Incoming, Session
from monitor.sources.http.settings import HttpSettings, Transport, user_agent
from monitor.sources.http.watch import Watch


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
) -> tuple[Answer, bool]:
    """Ask once; return the answer, whatever its status, and whether the session can go on.

    Raises what ``Session.open`` and ``read_all`` raise, TimedOutError after the total timeout, and
    StoppedError when ``stop`` was set. The session is then to be closed.
    """
    began = time.monotonic()
    watch = Watch(session.line, seconds=settings.total_timeout_s, stop=stop)
    sent = {
        "User-Agent": user_agent(settings, session.library),
        "Accept-Encoding": ACCEPT_ENCODING,
        **headers,
    }
    try:
        with watch, session.open(target, sent) as incoming:
            body, whole = _body(incoming, target, settings)
    except SourceError as exc:
        raise _ended(watch, target, settings) or exc from exc.__cause__
    # A line that was cut looks like the end of a body without a length.
    if (ended := _ended(watch, target, settings)) is not None:
        raise ended
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


def _body(incoming: Incoming, target: Target, settings: HttpSettings) -> tuple[bytes, bool]:
    if is_for_caller(incoming.status):
        return read_all(incoming, target, settings.answer_limit_mb), True
    return read_head(incoming, target)


def _ended(watch: Watch, target: Target, settings: HttpSettings) -> SourceError | None:
    if watch.verdict == "stopped":
        return StoppedError()
    if watch.verdict == "late":
        return TimedOutError(
            f"the answer of {target.host} to {target.path} was not complete within"
            f" {settings.total_timeout_s:g} s"
        )
    return None
