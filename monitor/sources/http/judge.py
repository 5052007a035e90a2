"""What a status means: an answer for the caller, a failure, or a reason to try again."""

from datetime import datetime, timedelta

from monitor.model.retry_after import retry_after_s
from monitor.sources.http.answer import Answer
from monitor.sources.http.exchange import is_for_caller
from monitor.sources.http.faults import (
    BusyError,
    HostClosedError,
    HtmlAnswerError,
    HttpStatusError,
    Target,
)


def is_refused_by_edge(answer: Answer) -> bool:
    """Whether a 403 comes from the servers in front of the registry.

    The registry's own errors are text/plain; theirs are pages, or nothing that says what it is.
    """
    own = answer.content_type in ("text/plain", "application/json") and not answer.is_html
    return answer.status == 403 and not own


def judged(answer: Answer, target: Target, *, refused: tuple[str, ...], now: datetime) -> Answer:
    """Return the answer that is one for the caller; raise for the others.

    HtmlAnswerError for a page with a status of success, BusyError for 408, 429 and 5xx,
    HttpStatusError for other statuses. ``refused`` are the transports that got a 403 from the
    edge. ``now`` is aware.
    """
    if is_for_caller(answer.status):
        if answer.status < 300 and answer.is_html:
            raise HtmlAnswerError(
                f"{target.host} answered {target.path} with an HTML page and status"
                f" {answer.status} instead of data"
            )
        return answer
    words = answer.words
    if answer.status == 403:
        raise HttpStatusError(_forbidden(target, refused, words), status=403, words=words)
    message = f"{target.host} answered {answer.status} to {target.path}{_quoted(words)}"
    if answer.status in (408, 429) or answer.status >= 500:
        pause_s = retry_after_s(
            answer.headers.get("retry-after"), now=now, date=answer.headers.get("date")
        )
        raise BusyError(message, status=answer.status, words=words, retry_after_s=pause_s)
    raise HttpStatusError(message, status=answer.status, words=words)


def too_long(fault: BusyError, *, now: datetime) -> HostClosedError:
    """Return the error for a pause that is too long to wait for; it says until when."""
    try:
        until = now + timedelta(seconds=fault.retry_after_s or 0.0)
        when = f"before {until:%Y-%m-%d %H:%M:%S} UTC"
    except OverflowError:
        when = "for years"
    return HostClosedError(
        f"{fault} and asks for no request {when}", status=fault.status, words=fault.words
    )


def _forbidden(target: Target, refused: tuple[str, ...], words: str) -> str:
    if not refused:
        return f"{target.host} answered 403 to {target.path}{_quoted(words)}"
    return (
        f"refused by the edge (403): {target.host} does not let this user agent in"
        f" ({' and '.join(refused)}) at {target.path}; this says nothing about the record"
    )


def _quoted(words: str) -> str:
    return f": {words}" if words else ""
