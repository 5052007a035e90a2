"""What a message leads to: all that it tells."""

import hmac

from monitor.app.wiring import App
from monitor.deliver.notifications import NotificationBuilder
from monitor.model.alerts import Alert


def alerts_of(app: App, uid: str, token: str) -> list[Alert] | None:
    """Return all that a message tells; None when the address is none of ours."""
    with app.reader() as reader:
        if not _is_same(reader.outbox.page_token(uid), token):
            return None
        found = reader.outbox.message(uid)
        if found is None:
            return None
        builder = NotificationBuilder(
            reader=reader, thresholds=app.settings.thresholds, now=app.now()
        )
        return list(builder.alerts(found))


def _is_same(known: str, token: str) -> bool:
    # In constant time: how long an answer takes must not tell how much of a token is right.
    return hmac.compare_digest(known.encode(), token.encode("utf-8", "replace"))
