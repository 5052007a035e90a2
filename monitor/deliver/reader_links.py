"""The signed links of messages: to manage one's subscriptions, and to see why a message came."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from monitor.model.messages import OutboxMessage
from monitor.model.signed_tokens import Purpose, SignedToken, sign
from monitor.store.reader import Reader

CONFIRM_WITHIN = timedelta(days=2)
"""How long a requested subscription can be confirmed."""

# The page only shows the reason, and old mails are read months later: its link lives long.
_WHY = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLinks:
    """Signs paths with the newest key; each is None where there is no key yet."""

    # Each message brings a new link, so this only ends the links of old mails.
    MANAGE_FOR: ClassVar[timedelta] = timedelta(days=90)

    reader: Reader
    key: str | None

    @classmethod
    def of(cls, reader: Reader) -> "ReaderLinks":
        """Return what signs by the keys of a store."""
        return cls(reader=reader, key=next(iter(reader.signing.keys()), None))

    def confirm(self, request: int, asked_at: datetime) -> str | None:
        """Return the path of the page that confirms a request."""
        # Generation 0: before a confirmation there is no address whose links could be revoked.
        token = self._signed("confirm", str(request), 0, asked_at + CONFIRM_WITHIN)
        return token and f"subscribe/{token}"

    def manage(self, subscriber: str, at: datetime) -> str | None:
        """Return the path of a reader's own page; None for who did not subscribe there."""
        address = self.reader.readers.address_of(subscriber)
        # A higher generation of the address revokes all links that were signed with an earlier
        # one.
        if address is None:
            return None
        token = self._signed("manage", subscriber, address.generation, at + self.MANAGE_FOR)
        return token and f"manage/{token}"

    def why(self, message: OutboxMessage) -> str | None:
        """Return the path of the page that says why a message came."""
        address = self.reader.readers.address_of(message.subscriber)
        generation = address.generation if address else 0
        uid = str(message.uid)
        token = self._signed("why", uid, generation, message.created_at + _WHY)
        return token and f"why/{uid}/{token}"

    def _signed(
        self, purpose: Purpose, subject: str, generation: int, until: datetime
    ) -> str | None:
        if self.key is None:
            return None
        token = SignedToken(purpose=purpose, subject=subject, generation=generation, until=until)
        return sign(token, self.key)
