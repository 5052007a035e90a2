"""From ``[[channel]]`` tables to the settings of the channels."""

from collections.abc import Iterable, Mapping

from monitor.config.channels import CHANNEL_TYPES, SECRET_KEYS, AnyChannelSettings
from monitor.config.given import Given
from monitor.config.tables import Reading, named, type_of
from monitor.errors import ConfigError

_READING = Reading(hidden={"server"}, secret=SECRET_KEYS, listed={"to", "secret", "formats"})


def channel_settings(
    tables: Iterable[Given], environ: Mapping[str, str]
) -> tuple[AnyChannelSettings, ...]:
    """Return the settings of the channels, in the tables' order.

    ConfigError says which channel, by its name or, without one, by its number in the file; it
    shows no secret. Secrets are looked up in ``environ`` when they are used, not before.
    """
    channels: dict[str, AnyChannelSettings] = {}
    for numbered in tables:
        table = named(numbered)
        kind = CHANNEL_TYPES[type_of(table, CHANNEL_TYPES, what="channel")]
        channel: AnyChannelSettings = kind(**_READING.values(table, kind, environ))
        if channel.name.casefold() in channels:
            raise ConfigError(f"{table.place} is there twice; give each channel its own name")
        channels[channel.name.casefold()] = channel
    return tuple(channels.values())
