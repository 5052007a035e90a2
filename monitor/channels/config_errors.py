"""What every channel's settings are checked for."""

from monitor.errors import ConfigError
from monitor.model.sanitize import sanitize


def config_error(name: str, key: str, what: str) -> ConfigError:
    """Return the error that names the channel, the key and what is wrong with it."""
    return ConfigError(f"channel {sanitize(name)!r}, {key}: {what}")
