"""Make texts storable: names, titles and reasons come from files and the network."""

from typing import Any


def make_storable(value: Any) -> Any:
    """Return a text without what a database cannot hold; other values as they are.

    PostgreSQL has no NUL in a text, and neither database has half a surrogate pair (which a
    file name that is not UTF-8 turns into).
    """
    if not isinstance(value, str):
        return value
    if "\0" not in value:
        if value.isascii():
            return value
        try:  # `suppress` takes as long as all the rest
            value.encode()
        except UnicodeEncodeError:
            pass
        else:
            return value
    # Replaced, not left out: two names that differ must not become the same one in silence.
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
