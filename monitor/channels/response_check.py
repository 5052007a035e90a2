"""What an HTTP status means for a message."""

from collections.abc import Container, Iterable
from datetime import datetime
from http import HTTPStatus

from monitor.channels.post import PostResponse
from monitor.channels.redaction import redact
from monitor.errors import DeliveryError
from monitor.model.retry_after import retry_after_s

REDEPLOYED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""What a proxy answers while the service behind it is replaced."""
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


def check_response(
    answer: PostResponse,
    shown: str,
    *,
    now: datetime,
    secrets: Iterable[str] = (),
    may_pass: Container[int] = (),
) -> str:
    """Return the words of an answer that says yes.

    DeliveryError else: 408, 425, 429 and 5xx pass, with the pause of Retry-After; the statuses of
    ``may_pass`` are refusals that may; redirects, which are not followed, and all other refusals
    are permanent.
    """
    words = redact(answer.body, secrets)
    status_text = f"{answer.status} {words}".rstrip()
    if 200 <= answer.status < 300:
        return status_text
    if 300 <= answer.status < 400:
        message = f"{shown} answered {answer.status}: redirects are not followed"
        raise DeliveryError(message, permanent=True)
    refused = answer.status in may_pass
    passing = refused or answer.status in _PASSING or not 200 <= answer.status < 500
    # Retry-After may be a date by the service's clock; its Date header shows how far that is off.
    pause = retry_after_s(
        answer.headers.get("Retry-After"), now=now, date=answer.headers.get("Date")
    )
    raise DeliveryError(
        f"{shown} answered {status_text}",
        permanent=not passing,
        retry_after_s=pause if passing else None,
        refused=refused,
    )
