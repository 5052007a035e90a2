"""A feed: changes of trials, newest first, before they are written as Atom or JSON Feed.

``app.feeds`` makes it, ``render.feeds`` writes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.model.alerts import Alert
from monitor.model.bitemporal import known_since

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The newest changes of a query, a trial or a subscription, one entry a version.

    ``urn``: the feed's id, the same for the same question in every store. ``public_url``: where
    the monitor's pages can be read, without a slash at its end; None where there are none.
    ``page``: the page of the same, below ``public_url``; None where there is none.
    """

    urn: str
    title: str
    entries: tuple[Alert, ...]
    public_url: str | None = None
    page: str | None = None


def updated_at(entries: Iterable[Alert]) -> datetime:
    """Return when the newest of these was learned (aware UTC).

    Of a feed without entries 1970-01-01: a feed has to say a time, and one that nothing came to
    must stay the same with every request.
    """
    return max((known_since(one.version) for one in entries), default=_NEVER)
