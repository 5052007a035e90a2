"""What a source follows: its search parameters, and hashes that identify it.

By these ``checkpoint`` and ``membership`` notice that the configuration was edited.
"""

import hashlib
import json

from monitor.settings import CtgovSourceSettings


def search_parameters(following: CtgovSourceSettings) -> dict[str, str] | None:
    """Return the parameters of the search; {} for everything, None when only IDs are watched."""
    if not (following.all or following.query or following.filter):
        return None
    return {
        **{f"query.{key}": text for key, text in sorted(following.query.items())},
        **{f"filter.{key}": text for key, text in sorted(following.filter.items())},
    }


def digest_of(following: CtgovSourceSettings) -> str:
    """Return a hash of what is followed; its name and schedule do not count."""
    # Were the name hashed too, renaming a source would be an edit, and its next pass would send no
    # alerts.
    return digest([following.nct_ids, search_parameters(following)])


def search_digest(following: CtgovSourceSettings) -> str:
    """Return a hash of the search alone."""
    return digest(search_parameters(following))


def digest(value: object) -> str:
    """Return a short hash of something that JSON can hold."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
