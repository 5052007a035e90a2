"""Who may read over HTTP: bearer tokens, of which only the SHA-256 is kept.

See docs/api.md, "Who may read".
"""

import hmac
from datetime import date, datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.subscriptions import SubscriptionStatus
from monitor.model.tokens import AccessToken
from monitor.store.db import Db, upsert
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import subscribers, tokens
from monitor.store.storable_text import make_storable

_TOKEN = RowMapper(
    AccessToken,
    (column for column in tokens.c if column.name != "sha256"),
    damaged="the token {0!r} cannot be read",
)
_ALL = sa.select(*_TOKEN.columns).order_by(tokens.c.name)
_NAMED = sa.select(*_TOKEN.columns).where(tokens.c.name == bindparam("name"))
# A subscriber who was removed has no subscriptions to read.
_PRESENTED = (
    sa.select(*_TOKEN.columns, tokens.c.sha256)
    .outerjoin(subscribers, subscribers.c.name == tokens.c.subscriber)
    .where(
        tokens.c.sha256 == bindparam("digest"),
        sa.func.coalesce(subscribers.c.status, "") != SubscriptionStatus.RETIRED.value,
    )
)
_PUT = upsert(tokens)
_REVOKE = (
    sa.update(tokens)
    .where(tokens.c.name == bindparam("called"), tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)
_USE = (
    sa.update(tokens)
    .where(tokens.c.name == bindparam("called"))
    .values(last_used_on=bindparam("day"))
)


class TokenReader:
    """Tokens by name, and by the secret of a request; reached by ``Reader.tokens``."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def all(self) -> list[AccessToken]:
        """Return all tokens by name, also those that are over."""
        return self._db.read(_TOKEN, _ALL)

    def by_name(self, name: str) -> AccessToken | None:
        """Return the token of a name; None when there is none."""
        return self._db.first(_TOKEN, _NAMED, {"name": name})

    def by_secret(self, secret: str) -> AccessToken | None:
        """Return the token that has this secret, valid or not; None for any other text.

        That of a subscriber who was removed is none.
        """
        digest = _digest(secret)
        with self._db.errors():
            for row in self._db.fetch(_PRESENTED, {"digest": digest}):
                # The database compares byte by byte and stops early; what it found is compared in
                # constant time.
                if hmac.compare_digest(bytes(row[-1]), digest):
                    return _TOKEN(row)
        return None


class TokenWriter(TokenReader):
    """What a transaction writes of tokens; reached by ``Transaction.tokens``."""

    def store(self, token: AccessToken, secret: str) -> None:
        """Store a token in place of one of the same name; StoreError for an unknown subscriber."""
        values = {name: getattr(token, name) for name in _TOKEN.names}
        names = {"name": make_storable(token.name), "sha256": _digest(secret)}
        self._db.run(_PUT, {**values, **names})

    def revoke(self, name: str, at: datetime) -> bool:
        """End a token for good; False when there is none, or it was revoked before."""
        return self._db.run(_REVOKE, {"called": name, "at": at}) > 0

    def record_use(self, name: str, day: date) -> None:
        """Store the day on which a token was used last."""
        self._db.run(_USE, {"called": name, "day": day})


def _digest(secret: str) -> bytes:
    # No salt and no slow hash: the secret is random and long, there is nothing to be guessed.
    return sha256(secret.encode("utf-8", "replace")).digest()
