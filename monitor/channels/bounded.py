"""A channel whose every call ends in time, or is abandoned by its caller.

Each conversation (a message, a try without one, the farewell) runs in a thread that
``monitor.deadlines`` gives up when neither the deadline nor the shutting down of its socket ends
it: a name service, a library, a folder on a server that is gone.
"""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from monitor.channels.base import Connection, Reachable, UnboundedChannel, UnboundedConnection
from monitor.deadlines.threads import (
    AbandonedError,
    AbandonedThreads,
    BoundedThread,
    LateError,
    TooManyAbandonedError,
)
from monitor.errors import DeliveryError
from monitor.model.messages import Message, Rendering

# QUIT is a courtesy: the messages were taken before it.
_FAREWELL_S = 2.0

# The breaker looks for these words in the stored state: processes share that, not objects.
HANGS = "(delivery.abandoned_threads)"
"""Stands in the errors after which a channel begins nothing more."""

Result = TypeVar("Result")


class AbandonedSendError(DeliveryError):
    """The conversation did not end at its deadline; it goes on in a thread that was given up.

    ``late``: has what ``send`` returns or raises, should it ever end. ``is_last``: the channel
    begins no conversation before one of those given up ends.
    """

    def __init__(self, message: str, *, late: "Future[str]", is_last: bool) -> None:
        super().__init__(message, permanent=False)
        self.late = late
        self.is_last = is_last


class TooManyHangingError(DeliveryError):
    """Nothing was begun: too many conversations of the channel were given up and go on."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedChannel:
    """A channel as it is to be used: ``total_s`` bounds every conversation as a whole.

    ``abandoned``: shared by all that speak by this channel.
    """

    channel: UnboundedChannel
    total_s: float
    abandoned: AbandonedThreads

    @property
    def name(self) -> str:
        """See ``Channel``."""
        return self.channel.name

    @property
    def type(self) -> str:
        """See ``Channel``."""
        return self.channel.type

    @property
    def targets(self) -> tuple[str, ...]:
        """See ``Channel``."""
        return self.channel.targets

    @property
    def renderings(self) -> frozenset[Rendering]:
        """See ``Channel``."""
        return self.channel.renderings

    @contextlib.contextmanager
    def connect(self) -> Iterator["BoundedConnection"]:
        """See ``Channel``."""
        connection = BoundedConnection(self)
        try:
            yield connection
        finally:
            connection.close()

    @property
    def is_reachable(self) -> bool:
        """Whether there is a way to try it without a message."""
        return self.channel.is_reachable

    def reach(self) -> str:
        """See ``Reachable``; also AbandonedSendError and TooManyHangingError."""
        thread = self.thread()
        try:
            return self.bounded(lambda: thread.run(_reach, within_s=self.total_s))
        finally:
            thread.close(within_s=_FAREWELL_S)

    def thread(self) -> "BoundedThread[UnboundedConnection]":
        """Return a thread that speaks by this channel."""
        return BoundedThread(
            self.channel.connect,
            name=f"speak by {self.name}",
            abandoned=self.abandoned,
            cut=lambda connection: connection.cut(),
        )

    def bounded(self, speak: Callable[[], Result]) -> Result:
        """Return what ``speak`` returns; what the deadline did to it becomes a DeliveryError."""
        limit = f"within {self.total_s:g} s (delivery.total_timeout_s)"
        try:
            return speak()
        except LateError as exc:
            # A refusal that arrived just as the connection was cut is still the service's word.
            if isinstance(exc.__cause__, DeliveryError) and exc.__cause__.permanent:
                raise exc.__cause__ from None
            message = f"the conversation was not over {limit}; it was ended"
            raise DeliveryError(message, permanent=False) from None
        except AbandonedError as exc:
            message = f"the conversation was not over {limit} and could not be ended; it was left"
            if exc.is_last:
                message += f", the last one that may be {HANGS}"
            raise AbandonedSendError(message, late=exc.late, is_last=exc.is_last) from None
        except TooManyAbandonedError:
            message = (
                f"{self.abandoned.limit} conversations that were left have not ended {HANGS};"
                " nothing is sent before one of them ends"
            )
            raise TooManyHangingError(message) from None


class BoundedConnection:
    """Sends one message after the other; see ``Connection``."""

    def __init__(self, channel: BoundedChannel) -> None:
        self._channel = channel
        self._thread: BoundedThread[UnboundedConnection] | None = None

    def send(self, message: Message) -> str:
        """See ``Connection``; also AbandonedSendError and TooManyHangingError."""
        # The thread begins with the first message: entering `connected` never fails.
        thread = self._thread or self._channel.thread()
        self._thread = thread
        within_s = self._channel.total_s
        try:
            return self._channel.bounded(
                lambda: thread.run(lambda connection: connection.send(message), within_s=within_s)
            )
        except AbandonedSendError:
            # The thread that was given up keeps its connection; the next message gets another.
            self._thread = None
            raise

    def close(self) -> None:
        """End what is open, without waiting for long."""
        if self._thread is not None:
            self._thread.close(within_s=_FAREWELL_S)
            self._thread = None


def _reach(connection: Connection) -> str:
    if not isinstance(connection, Reachable):
        raise DeliveryError("it cannot be tried without a message", permanent=True)
    return connection.reach()
