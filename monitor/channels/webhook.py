"""Webhooks: CloudEvents in JSON, signed as Standard Webhooks says."""

import contextlib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from monitor.channels.addresses import Resolve, resolve
from monitor.channels.checking import check_timeout, wrong
from monitor.channels.envelope import MEDIA_TYPE, envelope
from monitor.channels.judging import accepted
from monitor.channels.place import Place, place_of
from monitor.channels.post import Poster
from monitor.channels.signing import key_of, signature
from monitor.model.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Where events are posted.

    ``url``: https, or http where ``allow_private`` is true, which also allows addresses of
    private and loopback ranges. ``secrets``: ``whsec_…``, several while rotating: each signs;
    without any, events are not signed. ``source``: what the events say that they come from.
    ``timeout_s`` bounds a post. ConfigError where they cannot work.
    """

    name: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    allow_private: bool = False
    source: str = "trial-monitor"
    timeout_s: float = 15.0

    def __post_init__(self) -> None:
        """Check what can be checked without the service."""
        _ = self.place
        if any(key_of(secret) is None for secret in self.secrets):
            raise wrong(self.name, "secret", "whsec_ and 24 to 64 random bytes in base64")
        if not self.source or not self.source.isascii() or not self.source.isprintable():
            raise wrong(self.name, "source", "a URI, or a name of printable ASCII characters")
        check_timeout(self.name, self.timeout_s)

    @property
    def place(self) -> Place:
        """Where it posts to."""
        return place_of(self.name, self.url, allow_private=self.allow_private)


class WebhookChannel:
    """Posts events to one URL."""

    type: ClassVar[str] = "webhook"
    targets: tuple[str, ...] = ("",)

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve = resolve,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._now = now
        self._resolve = resolve

    @contextlib.contextmanager
    def connected(self) -> Iterator["WebhookConnection"]:
        """Yield what posts; each message has a connection of its own."""
        place = self.settings.place
        poster = Poster(
            place=place,
            timeout_s=self.settings.timeout_s,
            context=ssl.create_default_context() if place.tls else None,
            allow_private=self.settings.allow_private,
            resolve=self._resolve,
        )
        yield WebhookConnection(self.settings, poster, self._now)


class WebhookConnection:
    """Posts messages one by one."""

    def __init__(
        self, settings: WebhookSettings, poster: Poster, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._poster = poster
        self._now = now
        self._keys = [key for secret in settings.secrets if (key := key_of(secret)) is not None]

    def send(self, message: Message) -> str:
        """Post one event and return the service's words.

        ``webhook-id`` is the message's uid: the same however often it is sent, so that the
        receiver can tell a repetition. DeliveryError as ``judging`` says.
        """
        body = envelope(message, self._settings.source)
        timestamp = int(self._now().timestamp())
        headers = {
            "Content-Type": MEDIA_TYPE,
            "webhook-id": message.uid,
            "webhook-timestamp": str(timestamp),
        }
        if self._keys:
            headers["webhook-signature"] = signature(self._keys, message.uid, timestamp, body)
        place = self._poster.place
        answer = self._poster.post(body, headers)
        secrets = (*self._settings.secrets, *place.secrets)
        return accepted(answer, place.shown, now=self._now(), secrets=secrets)
