"""What became of a message, and what that means for it."""

import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from monitor.channels.bounded import AbandonedSendError, TooManyHangingError
from monitor.deliver.policy import Policy
from monitor.errors import DeliveryError
from monitor.model.messages import MessageState, OutboxMessage

OutcomeKind = Literal["sent", "transient", "permanent", "dropped", "postponed", "not begun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How many messages were sent, are to be tried again, given up, and not sent on purpose."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    dropped: int = 0

    def __add__(self, other: "Report") -> "Report":
        return Report(
            sent=self.sent + other.sent,
            retried=self.retried + other.retried,
            dead=self.dead + other.dead,
            dropped=self.dropped + other.dropped,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a try went; ``detail``: the service's words, or what was wrong.

    ``by_channel``: the service was asked, so it tells something about the channel too.
    ``refused``: as of ``DeliveryError``. ``until``: of what is postponed, which is no try.
    ``opens_circuit``: pauses the channel, however seldom it has failed. ``late``: what the try will
    have come to after all, should it ever end.
    """

    kind: OutcomeKind
    detail: str
    retry_after_s: float | None = None
    by_channel: bool = False
    refused: bool = False
    until: datetime | None = None
    opens_circuit: bool = False
    late: "Future[str] | None" = None

    def state(
        self,
        message: OutboxMessage,
        policy: Policy,
        *,
        now: datetime,
        jitter: float,
        refused_since: datetime | None = None,
    ) -> tuple[MessageState, datetime | None]:
        """Return what the message is from now on, and when it is tried again, if it is.

        ``refused_since``: since when it was refused; None when it was not until now.
        """
        # Waiting for quiet hours to end is no try: it must never lead to a dead letter.
        if self.kind == "postponed":
            return MessageState.WAITING, self.until
        attempt = message.attempts + 1
        if self.kind == "sent":
            return MessageState.SENT, None
        # A notice to the operator is no dead letter, of which the operator would hear by another.
        is_notice = message.kind == "notice"
        if self.kind == "dropped" or (is_notice and self.kind == "permanent"):
            return MessageState.DROPPED, None
        again = policy.retry_at(attempt, now=now, jitter=jitter, retry_after_s=self.retry_after_s)
        if is_notice:
            return MessageState.WAITING, again
        if self.refused:
            # A proxy answers 404 or 413 while the service behind it is redeployed: such answers
            # get an hour (`redeploy_s`) from the first one on before they count as a refusal.
            end = (refused_since or now) + timedelta(seconds=policy.delivery.redeploy_s)
            return (
                (MessageState.WAITING, min(again, end)) if now < end else (MessageState.DEAD, None)
            )
        if self.kind == "permanent" or policy.is_last(attempt):
            return MessageState.DEAD, None
        return MessageState.WAITING, again


def failure(
    detail: str,
    *,
    permanent: bool = False,
    retry_after_s: float | None = None,
    by_channel: bool = False,
    refused: bool = False,
) -> Outcome:
    """Return the outcome of a failure."""
    return Outcome(
        kind="permanent" if permanent else "transient",
        detail=detail,
        retry_after_s=retry_after_s,
        by_channel=by_channel,
        refused=refused,
    )


def outcome_of(send: Callable[[], str]) -> Outcome:
    """Send, and return what came of it."""
    try:
        return Outcome(kind="sent", detail=send(), by_channel=True)
    # The order of these clauses matters: the first two are kinds of DeliveryError.
    except TooManyHangingError as exc:
        return Outcome(kind="not begun", detail=str(exc), by_channel=True, opens_circuit=True)
    except AbandonedSendError as exc:
        abandoned = failure(str(exc), by_channel=True)
        return replace(abandoned, opens_circuit=exc.is_last, late=exc.late)
    except DeliveryError as exc:
        return failure(
            str(exc),
            permanent=exc.permanent,
            retry_after_s=exc.retry_after_s,
            by_channel=True,
            refused=exc.refused,
        )
    except Exception as exc:  # noqa: BLE001 - the pass loop: recorded on the message's row
        return program_error("it cannot be sent", exc, by_channel=True)


def program_error(what: str, error: Exception, *, by_channel: bool = False) -> Outcome:
    """Return the outcome of a defect in the program: where it is, not its text.

    Its words may hold what must not be shown: a URL with a token.
    """
    # The innermost frame finds the mistake; a message or a traceback could hold a secret.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    file = frame.filename.replace("\\", "/").rpartition("/")[2]
    detail = f"{what}: {type(error).__name__} in {file}, line {frame.lineno}"
    return failure(detail, by_channel=by_channel)
