"""Bearer tokens: made, listed and revoked by command, and checked for every request."""

import secrets
from datetime import datetime

from monitor.app.logs import get_logger
from monitor.app.subscribers import sync_from_config
from monitor.app.subscription_service import require_subscriber
from monitor.app.wiring import App
from monitor.errors import NotFoundError, StoreError, UsageError
from monitor.model.tokens import AccessToken
from monitor.render.values import moment

# By its beginning a token is recognized where it should not be: in a log, in a repository.
_PREFIX = "tm_"
_BYTES = 32
# A request waits for this; the next one can note the day as well.
_USE_TIMEOUT_S = 0.1
_SHOWN = 64


def add_token(
    app: App, name: str, *, subscriber: str | None, operator: bool, until: datetime | None
) -> tuple[AccessToken, str]:
    """Store a new token; return it, and its secret, which nobody can look up any more.

    A name that was a token's can be given again when that one is over. UsageError when it cannot,
    or when ``until`` is past; NotFoundError for an unknown subscriber.
    """
    now = app.now()
    if until is not None and until <= now:
        raise UsageError(f"{moment(until)} UTC is past; name a time to come")
    sync_from_config(app)
    token = AccessToken(
        name=name, subscriber=subscriber, operator=operator, created_at=now, expires_at=until
    )
    secret = _PREFIX + secrets.token_urlsafe(_BYTES)
    with app.store() as store, store.transaction() as tx:
        if subscriber is not None:
            require_subscriber(tx.subscribers, subscriber)
        known = tx.tokens.by_name(name)
        if known is not None and known.is_valid(now):
            raise UsageError(
                f"there is a token {name!r} already; give this one another name, or"
                f' `monitor token revoke "{name}"` first'
            )
        tx.tokens.store(token, secret)
    return token, secret


def tokens(app: App, *, ended: bool = False) -> list[AccessToken]:
    """Return the tokens that are valid now, or all, by name."""
    with app.reader() as reader:
        return [one for one in reader.tokens.all() if ended or one.is_valid(app.now())]


def revoke_token(app: App, name: str) -> None:
    """End a token; NotFoundError when there is none of that name that is not revoked."""
    with app.store(create=False) as store, store.transaction() as tx:
        if not tx.tokens.revoke(name, app.now()):
            raise NotFoundError(
                f"there is no token {name[:_SHOWN]!r}; `monitor token list` has them all"
            )


def check_token(app: App, secret: str) -> AccessToken | None:
    """Return the valid token that has this secret, and note the day; None for any other text."""
    now = app.now()
    with app.reader() as reader:
        token = reader.tokens.by_secret(secret)
    if token is None or not token.is_valid(now):
        return None
    # Once a day: a write with each request would make readers wait for writers.
    if token.last_used_on != now.date():
        _record_use(app, token, now)
    return token


def _record_use(app: App, token: AccessToken, now: datetime) -> None:
    """Store the day, where nobody else writes just now: else the next request of it does."""
    from monitor.store.writer import open_store  # noqa: PLC0415 - it is slow to load

    try:
        with (
            open_store(
                app.settings.store.url, create=False, busy_timeout_s=_USE_TIMEOUT_S
            ) as store,
            store.transaction() as tx,
        ):
            tx.tokens.record_use(token.name, now.date())
    except StoreError as exc:
        get_logger().debug("use of a token not recorded", token=token.name, reason=str(exc))
