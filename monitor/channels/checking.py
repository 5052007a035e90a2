"""What every channel's settings are checked for."""

from monitor.errors import ConfigError
from monitor.model.neutral import neutral

_LONGEST_S = 600.0

ANSWER_LIMIT_BYTES = 64 << 10
"""The most that a service may say in one conversation, unless the settings say otherwise."""


def wrong(name: str, key: str, what: str) -> ConfigError:
    """Return the error that names the channel, the key and what is wrong with it."""
    return ConfigError(f"channel {neutral(name)!r}, {key}: {what}")


def check_timeout(name: str, timeout_s: float) -> None:
    """ConfigError unless it is a time that can be waited for."""
    if not 0 < timeout_s <= _LONGEST_S:
        raise wrong(name, "timeout_s", f"more than 0 and at most {_LONGEST_S:g} seconds")
