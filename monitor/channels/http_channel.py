"""What channels over HTTP have in common: a URL that takes one message at a time by POST."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from monitor.channels.addresses import Resolve, resolve
from monitor.channels.config_errors import config_error
from monitor.channels.post import Poster
from monitor.settings import DeliverySettings, Secret
from monitor.settings.endpoints import parse_endpoint
from monitor.settings.sections import DELIVERY_DEFAULTS


class HttpChannelSettings(Protocol):
    """What the settings of every channel over HTTP have."""

    @property
    def name(self) -> str:
        """The name that the configuration gives the channel."""
        ...

    @property
    def url(self) -> Secret:
        """Where messages go."""
        ...

    @property
    def allow_private(self) -> bool:
        """Whether the URL may be http and its host in a private network."""
        ...


class HttpChannel:
    """A channel of one recipient, the URL, which is looked up when the channel is made.

    ConfigError where it is not there, or cannot work. ``now`` and ``resolve`` are the world's own.
    """

    is_reachable: ClassVar[bool] = True
    targets: tuple[str, ...] = ("",)

    def __init__(
        self,
        settings: HttpChannelSettings,
        delivery: DeliverySettings = DELIVERY_DEFAULTS,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve = resolve,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        try:
            # At the start: a URL that cannot work is a mistake in the configuration, not of each
            # message.
            self.place = parse_endpoint(settings.url.reveal(), allow_private=settings.allow_private)
        except ValueError as exc:
            raise config_error(self.name, "url", str(exc)) from None
        self._delivery = delivery
        self._now = now
        self._resolve = resolve

    def _poster(self) -> Poster:
        """Return what posts; each message has a connection of its own."""
        return Poster(
            place=self.place,
            timeout_s=self._delivery.timeout_s,
            # Once for all messages: it reads the system's certificates.
            context=ssl.create_default_context() if self.place.tls else None,
            allow_private=self.settings.allow_private,
            resolve=self._resolve,
            answer_limit_bytes=self._delivery.answer_limit_bytes,
        )


class HttpConnection:
    """What posts messages one by one, as their own ``send`` says."""

    def __init__(self, poster: Poster, now: Callable[[], datetime]) -> None:
        self._poster = poster
        self._now = now

    def reach(self) -> str:
        """Connect and hang up, asking nothing; return how far it went. DeliveryError when not."""
        self._poster.reach()
        place = self._poster.place
        return f"{place.shown} answers{', its certificate is trusted' if place.tls else ''}"

    def cut(self) -> bool:
        """Shut the connection down under what is being said, from another thread."""
        self._poster.cut()
        return True
