"""Public ids of versions and events: short, and the same in every store of the same data.

Made of the identities of ``identity``. A public id follows its NCT ID, an event's its version's
too, in links, JSON and exports that must stay valid: numbers and positions move when a version
arrives late.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID, uuid5

from monitor.model.changes import ChangeEvent

# Short, for links that people read and copy; 64 bits are plenty within one trial.
_VERSION_BYTES = 8
_EVENT_BYTES = 6
_FEEDS = UUID("5d7f1c52-93d1-5c5e-a0c1-7f0f4f1d6b0a")


def public_version_id(identity: bytes) -> str:
    """Return the public id of a version: 16 hexadecimal digits, no two alike within a trial."""
    return identity[:_VERSION_BYTES].hex()


def public_event_id(event: ChangeEvent) -> str:
    """Return the public id of an event: 12 hexadecimal digits, no two alike within a version.

    It is a hash of the paths of all its changes, with natural keys; of an event without any (a
    registration) for its kind and path. Other rules may give it another kind, and it stays.
    """
    paths: Iterable[object] = sorted(change.path for change in event.fields)
    about = list(paths) or [event.kind.value, event.path]
    written = json.dumps(about, ensure_ascii=True).encode()
    return sha256(written).digest()[:_EVENT_BYTES].hex()


def version_urn(nct_id: str, identity: bytes) -> str:
    """Return the URN of a version, as ids of feeds' entries have to be: ``urn:uuid:…``."""
    return uuid5(_FEEDS, f"version {nct_id} {public_version_id(identity)}").urn


def feed_urn(about: str) -> str:
    """Return the URN of a feed; ``about``: what it is a feed of, written always alike."""
    return uuid5(_FEEDS, f"feed {about}").urn
