"""What a channel is, and which there are."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from monitor.channels.apprise_channel import AppriseChannel
from monitor.channels.console import ConsoleChannel
from monitor.channels.email import EmailChannel
from monitor.channels.folder import FolderChannel
from monitor.channels.slack import SlackChannel
from monitor.channels.webhook import WebhookChannel
from monitor.model.messages import Message, Rendering
from monitor.settings import DeliverySettings

__all__ = [
    "CHANNELS",
    "Channel",
    "Connection",
    "Reachable",
    "UnboundedChannel",
    "UnboundedConnection",
]


class Connection(Protocol):
    """An open way to the service, for one message after the other, in one thread."""

    def send(self, message: Message) -> str:
        """Hand the message over and return the service's words.

        DeliveryError when the service did not take it, or may not have: ``permanent`` where the
        message itself or its address is refused, else to be tried again. It holds no secret.
        After an error the next message may be sent all the same.
        """
        ...


class UnboundedConnection(Connection, Protocol):
    """A connection whose ``send`` has no deadline of its own."""

    def cut(self) -> bool:
        """Make what is under way fail, from another thread; False where that cannot be."""
        ...


class Channel(Protocol):
    """One configured way to reach people."""

    @property
    def name(self) -> str:
        """The name that the configuration gives it."""
        ...

    @property
    def type(self) -> str:
        """One of the keys of CHANNELS."""
        ...

    @property
    def targets(self) -> tuple[str, ...]:
        """Whom it serves: addresses, each with messages of its own; ("",) where there is one."""
        ...

    @property
    def renderings(self) -> frozenset[Rendering]:
        """What of a message it sends; the rest need not be rendered."""
        ...

    def connect(self) -> AbstractContextManager[Connection]:
        """Return a connection for some messages. Entering fails never: ``send`` does."""
        ...


class UnboundedChannel(Channel, Protocol):
    """A channel without deadlines, to be used through ``BoundedChannel`` alone."""

    @property
    def is_reachable(self) -> bool:
        """Whether its connections are ``Reachable``; known before one is opened."""
        ...

    def connect(self) -> AbstractContextManager[UnboundedConnection]:
        """See ``Channel``."""
        ...


@runtime_checkable
class Reachable(Protocol):
    """A connection that can be tried without a message."""

    def reach(self) -> str:
        """Go as far as one can without sending, and return how far that was.

        DeliveryError, without any secret, where it went wrong.
        """
        ...


# Each class takes the settings struct of its own type, hence Any. How to add a channel:
# docs/contributing.md.
CHANNELS: Mapping[str, Callable[[Any, DeliverySettings], UnboundedChannel]] = {
    "email": EmailChannel,
    "slack": SlackChannel,
    "webhook": WebhookChannel,
    "folder": FolderChannel,
    "console": ConsoleChannel,
    "apprise": AppriseChannel,
}
"""Type → class, made from its settings and those of deliveries; its secrets are looked up then.

ConfigError where one is not there or cannot work.
"""
