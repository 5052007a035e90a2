"""Webhooks: CloudEvents in JSON, signed as Standard Webhooks says."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from monitor.channels.config_errors import config_error
from monitor.channels.envelope import MEDIA_TYPE, envelope
from monitor.channels.http_channel import HttpChannel, HttpConnection
from monitor.channels.post import Poster
from monitor.channels.response_check import REDEPLOYED, check_response
from monitor.channels.signing import key_of, signature
from monitor.model.messages import Message, Rendering
from monitor.settings import DeliverySettings, WebhookChannelSettings
from monitor.settings.sections import DELIVERY_DEFAULTS


class WebhookChannel(HttpChannel):
    """Posts events to one URL. The secrets, too, are looked up when the channel is made."""

    type: ClassVar[str] = "webhook"
    renderings: ClassVar[frozenset[Rendering]] = frozenset({"data"})

    def __init__(
        self,
        settings: WebhookChannelSettings,
        delivery: DeliverySettings = DELIVERY_DEFAULTS,
        **world: Any,
    ) -> None:
        super().__init__(settings, delivery, **world)
        self._secrets = [secret.resolve() for secret in settings.secret]
        # At the start: otherwise receivers would find out, message by message.
        if any(key_of(secret.reveal()) is None for secret in self._secrets):
            raise config_error(self.name, "secret", "whsec_ and 24 to 64 random bytes in base64")

    @contextlib.contextmanager
    def connect(self) -> Iterator["WebhookConnection"]:
        """Yield what posts."""
        secrets = [secret.reveal() for secret in self._secrets]
        yield WebhookConnection(self._poster(), self._now, secrets, self._delivery.event_source)


class WebhookConnection(HttpConnection):
    """Posts messages one by one."""

    def __init__(
        self, poster: Poster, now: Callable[[], datetime], secrets: Sequence[str], source: str
    ) -> None:
        super().__init__(poster, now)
        self._secrets = secrets
        self._keys = [key for secret in secrets if (key := key_of(secret)) is not None]
        self._source = source

    def send(self, message: Message) -> str:
        """Post one event and return the service's words.

        ``webhook-id`` is the message's uid: the same however often it is sent, so that the
        receiver can tell a repetition. DeliveryError as of ``check_response``.
        """
        body = envelope(message, self._source)
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
        # A service may say back what it was sent, and its words go to the log.
        secrets = (*self._secrets, *place.secrets)
        return check_response(
            answer, place.shown, now=self._now(), secrets=secrets, may_pass=REDEPLOYED
        )
