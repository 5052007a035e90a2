"""The address that unsubscribes: it names subscriptions, not a message, and never expires.

It names each subscription by a short hash of subscriber and name, and is signed by what a store
keeps for good: so it works when the message is pruned, the store restored or a key rotated. In
messages of earlier programs the message's id is used in its place.
"""

import base64
import hmac
import json
from collections.abc import Iterable, Sequence

from monitor.model.subscriptions import Subscription
from monitor.store.reader import Reader

# No message's id begins like this, and both kinds of address share one path.
_BEGINNING = "s."
# Nine bytes are twelve base64 characters without padding, so tags need no separator.
_TAG_BYTES = 9
_TAG_LETTERS = 12
_MOST = 50
"""A header of a mail has room for so many; a message of more unsubscribes from all."""
_ALL = ""


def unsubscribe_path(reader: Reader, subscriber: str, names: Iterable[str]) -> str:
    """Return the path that ends these subscriptions of a subscriber, without a slash before it."""
    wanted = sorted(set(names))
    wanted = wanted if len(wanted) <= _MOST else [_ALL]
    namespace = reader.outbox.namespace()
    # Hashes instead of names: links are forwarded, and logged by proxies.
    of = _BEGINNING + "".join(_tag(namespace, subscriber, name) for name in wanted)
    return f"unsubscribe/{of}/{reader.outbox.unsubscribe_token(of)}"


def is_of_subscriptions(of: str) -> bool:
    """Return whether an address names subscriptions, and no message."""
    return of.startswith(_BEGINNING)


def linked_subscriptions(reader: Reader, of: str) -> Sequence[Subscription]:
    """Return the subscriptions that an address names, those that are still there.

    That the address is signed has to be checked before.
    """
    tags = of.removeprefix(_BEGINNING)
    wanted = {tags[at : at + _TAG_LETTERS] for at in range(0, len(tags), _TAG_LETTERS)}
    namespace = reader.outbox.namespace()
    found = reader.subscribers.subscriptions(effective=True, damaged=[])
    everything = {
        one.subscriber for one in found if _tag(namespace, one.subscriber, _ALL) in wanted
    }
    return [
        one
        for one in found
        if one.subscriber in everything or _tag(namespace, one.subscriber, one.name) in wanted
    ]


def _tag(namespace: str, subscriber: str, name: str) -> str:
    identity = json.dumps(["subscription", subscriber, name]).encode()
    digest = hmac.digest(namespace.encode(), identity, "sha256")
    return base64.urlsafe_b64encode(digest[:_TAG_BYTES]).decode()
