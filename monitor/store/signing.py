"""The keys that links and cookies are signed with: the newest signs, all of them are checked with.

Unsubscribing does not depend on them: it is signed by what a store never changes
(``OutboxReader.unsubscribe_token``).
"""

import secrets
from datetime import datetime

import sqlalchemy as sa

from monitor.store.db import Db
from monitor.store.schema import signing_keys

_KEY_BYTES = 32
_ALL = sa.select(signing_keys.c.secret).order_by(signing_keys.c.id.desc())
_PUT = sa.insert(signing_keys)
# Kept until then, so that links in mail that was sent before a rotation still open.
_FORGET = sa.delete(signing_keys).where(
    signing_keys.c.id < sa.select(sa.func.max(signing_keys.c.id)).scalar_subquery()
)


class SigningReader:
    """The keys; reached by ``Reader.signing``."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def keys(self) -> tuple[str, ...]:
        """Return all keys, the newest first; () before the first link was signed."""
        return tuple(str(secret) for (secret,) in self._db.fetch(_ALL))


class SigningWriter(SigningReader):
    """What a transaction writes of keys; reached by ``Transaction.signing``."""

    def current(self, at: datetime) -> str:
        """Return the key to sign with, made where there is none."""
        return next(iter(self.keys()), None) or self.rotate(at)

    def rotate(self, at: datetime) -> str:
        """Make a new key, which signs from now on, and return it."""
        # In the store, not in the configuration: a restored store knows the links that it sent.
        secret = secrets.token_urlsafe(_KEY_BYTES)
        self._db.run(_PUT, {"secret": secret, "created_at": at})
        return secret

    def forget_former(self) -> int:
        """Delete all keys but the newest; return how many that were."""
        return self._db.run(_FORGET)
