"""Channels, made from their settings when messages are to be sent."""
# ruff: noqa: PLC0415  # each way to send is loaded by who sends, not by who looks something up

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from monitor.errors import NotFoundError
from monitor.settings.channels import AnyChannelSettings, ConsoleChannelSettings

if TYPE_CHECKING:
    from monitor.channels.bounded import BoundedChannel
    from monitor.deadlines.threads import AbandonedThreads
    from monitor.settings import DeliverySettings, Settings

_ABANDONED: "dict[str, AbandonedThreads]" = {}


def channel_of(given: AnyChannelSettings, delivery: "DeliverySettings") -> "BoundedChannel":
    """Return a channel that can send, with its deadline; its secrets are looked up now.

    ConfigError when a secret is not there, or the settings cannot work; it shows no secret.
    """
    from monitor.channels.base import CHANNELS
    from monitor.channels.bounded import BoundedChannel

    return BoundedChannel(
        channel=CHANNELS[given.type](given, delivery),
        total_s=delivery.total_timeout_s,
        abandoned=_abandoned_threads(given.name, delivery.abandoned_threads),
    )


def with_deadline(delivery: "DeliverySettings", seconds: float) -> "DeliverySettings":
    """Return settings for trying a channel while a person waits for the result."""
    return replace(
        delivery,
        # A shorter limit in the settings is deliberate, and stays.
        timeout_s=min(seconds, delivery.timeout_s),
        total_timeout_s=min(seconds, delivery.total_timeout_s),
    )


def _abandoned_threads(name: str, limit: int) -> "AbandonedThreads":
    """Return the one count of a channel's threads that the process has, however often it is made.

    Reading the configuration again must not let more of them be given up.
    """
    from monitor.deadlines.threads import AbandonedThreads

    counted = _ABANDONED.setdefault(name, AbandonedThreads(limit))
    # A reload may have changed the limit; the threads that still hang go on counting.
    counted.limit = limit
    return counted


def channels_of(
    settings: "Settings", names: Iterable[str] | None = None
) -> "dict[str, BoundedChannel]":
    """Return the channels of these names, or all, by name; ConfigError as ``channel_of``."""
    wanted = (
        settings.channels if names is None else [channel_settings(settings, name) for name in names]
    )
    return {given.name: channel_of(given, settings.delivery) for given in wanted}


def beside_json(settings: "Settings") -> "Settings":
    """Return settings whose console channels write to standard error: the other holds JSON."""
    return replace(
        settings,
        channels=tuple(
            replace(given, stream="stderr") if isinstance(given, ConsoleChannelSettings) else given
            for given in settings.channels
        ),
    )


def channel_settings(settings: "Settings", name: str) -> AnyChannelSettings:
    """Return the settings of a channel; NotFoundError names those that there are."""
    for given in settings.channels:
        if given.name == name:
            return given
    known = ", ".join(given.name for given in settings.channels)
    raise NotFoundError(
        f"there is no channel {name[:64]!r}; there are {known}; others are [[channel]] tables "
        "(docs/configuration.md)"
    )


def targets_by_channel(settings: "Settings") -> Mapping[str, tuple[str, ...]]:
    """Return the targets of every configured channel, by its name."""
    return {given.name: given.targets for given in settings.channels}
