"""Identities that every store of the same data derives alike: of versions, and of messages.

The store keeps them; ``public_ids`` has the short form of a version's that people see.

They are made of what the registry stated, of the receiver and the address, never of row numbers: a
store that was restored from a backup gives its rows other numbers than the one that it replaces
(docs/decisions/2026-11-30-ids-stand-for-contents.md).
"""

import json
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import count
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

# The namespace of all ids of messages. Never to be changed: receivers tell repetitions by the ids.
_MESSAGES = UUID("0b6f3c1e-6f0e-5d0b-8f43-1d6a3a6f5c2e")
_VERSION_BYTES = 16

MessageKind = Literal["alert", "digest", "group", "preview", "welcome"]


class ItemIdentity(NamedTuple):
    """What an item is about: a version, and the version that it was compared with (b"": none)."""

    version: bytes
    previous: bytes


def version_identity(
    nct_id: str, on: date, content_sha256: bytes, *, taken: Collection[bytes]
) -> bytes:
    """Return a version's identity: 16 bytes.

    ``on``: the registry's date, of an absence that of the data load. ``taken``: the identities of
    the trial's other versions; the same content under the same date is counted on from them.
    """
    # As JSON, so that no two lists of parts are written alike.
    about = [nct_id, on.isoformat(), content_sha256.hex()]
    # One content can come twice under one date: A → B → A within a day.
    for number in count(1):
        found = sha256(json.dumps([*about, number]).encode()).digest()[:_VERSION_BYTES]
        if found not in taken:
            return found
    raise AssertionError("unreachable: counting does not end")


def message_id(
    kind: MessageKind,
    *,
    subscriber: str,
    channel: str,
    target: str,
    items: Iterable[ItemIdentity],
    cutoff: datetime | None = None,
) -> str:
    """Return the id by which receivers know a message: a UUID.

    It is a hash of the items (each once, in any order), the receiver and the address; the address
    enters as a hash of its own. ``cutoff``: of a digest or a group (aware).
    """
    versions = sorted({f"{one.version.hex()}<{one.previous.hex()}" for one in items})
    # Hashed: ids appear in logs and links, and an address is personal data.
    address = sha256(target.encode("utf-8", "replace")).hexdigest()
    until = cutoff.astimezone(UTC).isoformat() if cutoff else ""
    return str(uuid5(_MESSAGES, json.dumps([kind, subscriber, channel, address, until, versions])))


def welcome_id(
    subscriptions: Iterable[tuple[str, str]], *, subscriber: str, channel: str, target: str
) -> str:
    """Return the id of the welcome message for new subscriptions: a UUID.

    It is a hash of their names and definitions, whatever their order.
    """
    address = sha256(target.encode("utf-8", "replace")).hexdigest()
    about = ["welcome", subscriber, channel, address, sorted(subscriptions)]
    return str(uuid5(_MESSAGES, json.dumps(about)))


def notice_id(
    incidents: Iterable[tuple[str, str, str]], *, store: str, channel: str, target: str
) -> str:
    """Return the id of a message to the operator: a UUID.

    It is a hash of the incidents, each with its beginning and its state, whatever their order.
    ``store``: unique to the store, so that two monitors never send under one id.
    """
    address = sha256(target.encode("utf-8", "replace")).hexdigest()
    about = ["notice", store, channel, address, sorted(incidents)]
    return str(uuid5(_MESSAGES, json.dumps(about)))


def part_id(whole: str, number: int) -> str:
    """Return the id of a part, from 1 on, of a message that was too large to be sent whole."""
    return f"{whole}.{number}"
