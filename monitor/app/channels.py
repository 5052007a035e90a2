"""Channels, made from their settings when messages are to be sent."""
# ruff: noqa: PLC0415  # each way to send is loaded by who sends, not by who looks something up

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from monitor.errors import NotFoundError
from monitor.settings.channels import (
    AnyChannelSettings,
    ConsoleChannelSettings,
    EmailChannelSettings,
    FolderChannelSettings,
    SlackChannelSettings,
    WebhookChannelSettings,
)

if TYPE_CHECKING:
    from monitor.channels.base import UnboundedChannel
    from monitor.channels.bounded import BoundedChannel
    from monitor.deadlines.threads import AbandonedThreads
    from monitor.settings import DeliverySettings, Settings

_SOURCE = "trial-monitor"
"""What webhooks say that events come from, where the monitor has no public address."""

_ABANDONED: "dict[str, AbandonedThreads]" = {}


def channel_of(given: AnyChannelSettings, delivery: "DeliverySettings") -> "BoundedChannel":
    """Return a channel that can send, with its deadline; its secrets are looked up now.

    ConfigError when a secret is not there, or the settings cannot work; it shows no secret.
    """
    from monitor.channels.bounded import BoundedChannel

    return BoundedChannel(
        channel=_unbounded(given, delivery),
        total_s=delivery.total_timeout_s,
        abandoned=_abandoned(given.name, delivery.abandoned_threads),
    )


def limited(delivery: "DeliverySettings", seconds: float) -> "DeliverySettings":
    """Return settings by which somebody who waits for it tries a channel."""
    return replace(
        delivery,
        timeout_s=min(seconds, delivery.timeout_s),
        total_timeout_s=min(seconds, delivery.total_timeout_s),
    )


def event_source(delivery: "DeliverySettings") -> str:
    """Return what webhooks and folders say that events come from."""
    return delivery.public_url or _SOURCE


def _abandoned(name: str, limit: int) -> "AbandonedThreads":
    """Return the one count of a channel's threads that the process has, however often it is made.

    Reading the configuration again must not let more of them be given up.
    """
    from monitor.deadlines.threads import AbandonedThreads

    counted = _ABANDONED.setdefault(name, AbandonedThreads(limit))
    counted.limit = limit
    return counted


def _unbounded(given: AnyChannelSettings, delivery: "DeliverySettings") -> "UnboundedChannel":
    if isinstance(given, EmailChannelSettings):
        return _email(given, delivery)
    if isinstance(given, SlackChannelSettings):
        return _slack(given, delivery)
    if isinstance(given, WebhookChannelSettings):
        return _webhook(given, delivery)
    if isinstance(given, FolderChannelSettings):
        return _folder(given, source=event_source(delivery))
    if isinstance(given, ConsoleChannelSettings):
        from monitor.channels.console import ConsoleChannel, ConsoleSettings

        return ConsoleChannel(ConsoleSettings(name=given.name, stream=given.stream))
    from monitor.channels.over_apprise import AppriseChannel, AppriseSettings

    return AppriseChannel(AppriseSettings(name=given.name, url=given.url.reveal()))


def _email(given: EmailChannelSettings, delivery: "DeliverySettings") -> "UnboundedChannel":
    from monitor.channels.email import EmailChannel, EmailSettings

    return EmailChannel(
        EmailSettings(
            name=given.name,
            server=given.server,
            sender=given.sender,
            to=targets_of(given),
            security=given.security,
            username=given.username or None,
            password=None if given.password is None else given.password.reveal(),
            certificates=Path(given.certificates) if given.certificates else None,
            hello=given.hello or None,
            timeout_s=delivery.timeout_s,
            answer_limit_bytes=delivery.answer_limit_kb << 10,
        )
    )


def _slack(given: SlackChannelSettings, delivery: "DeliverySettings") -> "UnboundedChannel":
    from monitor.channels.slack import SlackChannel, SlackSettings

    return SlackChannel(
        SlackSettings(
            name=given.name,
            url=given.url.reveal(),
            allow_private=given.allow_private,
            timeout_s=delivery.timeout_s,
            answer_limit_bytes=delivery.answer_limit_kb << 10,
        )
    )


def _webhook(given: WebhookChannelSettings, delivery: "DeliverySettings") -> "UnboundedChannel":
    from monitor.channels.webhook import WebhookChannel, WebhookSettings

    return WebhookChannel(
        WebhookSettings(
            name=given.name,
            url=given.url.reveal(),
            secrets=tuple(secret.reveal() for secret in given.secret),
            allow_private=given.allow_private,
            source=event_source(delivery),
            timeout_s=delivery.timeout_s,
            answer_limit_bytes=delivery.answer_limit_kb << 10,
        )
    )


def _folder(given: FolderChannelSettings, *, source: str) -> "UnboundedChannel":
    from monitor.channels.folder import FolderChannel, FolderSettings

    return FolderChannel(
        FolderSettings(name=given.name, path=Path(given.path), formats=given.formats, source=source)
    )


def channels_of(
    settings: "Settings", names: Iterable[str] | None = None
) -> "dict[str, BoundedChannel]":
    """Return the channels of these names, or all, by name; ConfigError as ``channel_of``."""
    wanted = settings.channels if names is None else [named(settings, name) for name in names]
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


def named(settings: "Settings", name: str) -> AnyChannelSettings:
    """Return the settings of a channel; NotFoundError names those that there are."""
    for given in settings.channels:
        if given.name == name:
            return given
    known = ", ".join(given.name for given in settings.channels)
    raise NotFoundError(
        f"there is no channel {name[:64]!r}; there are {known}; others are [[channel]] tables "
        "(docs/configuration.md)"
    )


def targets_of(given: AnyChannelSettings) -> tuple[str, ...]:
    """Return whom a channel serves, without making it: addresses, or ("",)."""
    return tuple(dict.fromkeys(given.to)) if isinstance(given, EmailChannelSettings) else ("",)


def targets_by_channel(settings: "Settings") -> Mapping[str, tuple[str, ...]]:
    """Return the targets of every configured channel, by its name."""
    return {given.name: targets_of(given) for given in settings.channels}


def place_of(given: AnyChannelSettings) -> str:
    """Say where a channel leads, without any secret."""
    if isinstance(given, EmailChannelSettings):
        return f"{given.server} ({given.security})"
    if isinstance(given, FolderChannelSettings):
        return given.path
    if isinstance(given, ConsoleChannelSettings):
        return given.stream
    return "its URL"
