"""Webhooks: CloudEvents in JSON, signed as Standard Webhooks says."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from monitor.channels.checking import wrong
from monitor.channels.envelope import MEDIA_TYPE, envelope
from monitor.channels.hook import HookChannel, HookConnection, HookSettings
from monitor.channels.judging import REDEPLOYED, accepted
from monitor.channels.post import Poster
from monitor.channels.signing import key_of, signature
from monitor.model.messages import Message, Rendering


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(HookSettings):
    """Where events are posted.

    ``secrets``: ``whsec_…``, several while rotating: each signs; without any, events are not
    signed. ``source``: what the events say that they come from.
    """

    secrets: tuple[str, ...] = field(default=(), repr=False)
    source: str = "trial-monitor"

    def __post_init__(self) -> None:
        """Check what can be checked without the service."""
        HookSettings.__post_init__(self)
        if any(key_of(secret) is None for secret in self.secrets):
            raise wrong(self.name, "secret", "whsec_ and 24 to 64 random bytes in base64")
        if not self.source or not self.source.isascii() or not self.source.isprintable():
            raise wrong(self.name, "source", "a URI, or a name of printable ASCII characters")


class WebhookChannel(HookChannel[WebhookSettings]):
    """Posts events to one URL."""

    type: ClassVar[str] = "webhook"
    renderings: ClassVar[frozenset[Rendering]] = frozenset({"data"})

    @contextlib.contextmanager
    def connected(self) -> Iterator["WebhookConnection"]:
        """Yield what posts."""
        yield WebhookConnection(self.settings, self._poster(), self._now)


class WebhookConnection(HookConnection):
    """Posts messages one by one."""

    def __init__(
        self, settings: WebhookSettings, poster: Poster, now: Callable[[], datetime]
    ) -> None:
        super().__init__(poster, now)
        self._settings = settings
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
        return accepted(answer, place.shown, now=self._now(), secrets=secrets, may_pass=REDEPLOYED)
