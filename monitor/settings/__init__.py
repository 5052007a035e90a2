"""What can be set: one struct for each table of the configuration, each key defined once.

A key's type, limits, check and default are in its struct alone. ``monitor.config`` reads the
file and the environment into these structs; code that needs settings is given the struct itself.
To add a key, write it into its struct, use it, and document it in docs/configuration.md and
config/monitor.toml.
"""

from collections.abc import Mapping

from msgspec import Struct

from monitor.settings.channels import (
    BUILT_IN_CHANNELS,
    AnyChannelSettings,
    AppriseChannelSettings,
    ChannelSettings,
    ConsoleChannelSettings,
    EmailChannelSettings,
    FolderChannelSettings,
    SlackChannelSettings,
    WebhookChannelSettings,
)
from monitor.settings.masking import mask_url
from monitor.settings.secret import Secret
from monitor.settings.sections import (
    DaemonSettings,
    DeliverySettings,
    HttpSettings,
    IngestSettings,
    LogSettings,
    StoreSettings,
    ThresholdSettings,
    WebSettings,
)
from monitor.settings.sources import (
    AnySourceSettings,
    CtgovSourceSettings,
    FilesSourceSettings,
    SourceSettings,
)
from monitor.settings.subscribers import SubscriberSettings, SubscriptionSettings

__all__ = [
    "AnyChannelSettings",
    "AnySourceSettings",
    "AppriseChannelSettings",
    "ChannelSettings",
    "ConsoleChannelSettings",
    "CtgovSourceSettings",
    "DaemonSettings",
    "DeliverySettings",
    "EmailChannelSettings",
    "FilesSourceSettings",
    "FolderChannelSettings",
    "HttpSettings",
    "IngestSettings",
    "LogSettings",
    "Secret",
    "Settings",
    "SlackChannelSettings",
    "SourceSettings",
    "StoreSettings",
    "SubscriberSettings",
    "SubscriptionSettings",
    "ThresholdSettings",
    "WebSettings",
    "WebhookChannelSettings",
    "mask_url",
]


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set, by section; without arguments, the defaults."""

    store: StoreSettings = StoreSettings()
    thresholds: ThresholdSettings = ThresholdSettings()
    ingest: IngestSettings = IngestSettings()
    log: LogSettings = LogSettings()
    http: HttpSettings = HttpSettings()
    daemon: DaemonSettings = DaemonSettings()
    web: WebSettings = WebSettings()
    delivery: DeliverySettings = DeliverySettings()
    sources: tuple[AnySourceSettings, ...] = ()
    channels: tuple[AnyChannelSettings, ...] = BUILT_IN_CHANNELS
    subscribers: tuple[SubscriberSettings, ...] = ()
    subscriptions: tuple[SubscriptionSettings, ...] = ()
    # msgspec copies an empty dict, so this default is never shared.
    synonyms: Mapping[str, tuple[str, ...]] = {}

    @property
    def readers_channels(self) -> tuple[str, ...]:
        """The channels to readers who subscribe on the page: one or none."""
        mails = (one for one in self.channels if isinstance(one, EmailChannelSettings))
        return tuple(one.name for one in mails if one.is_for_readers)

    @property
    def named_channels(self) -> tuple[str, ...]:
        """The channels that the file and commands may name: all but the one to readers."""
        names = (one.name for one in self.channels)
        return tuple(name for name in names if name not in self.readers_channels)

    @property
    def default_channels(self) -> tuple[str, ...]:
        """Where subscriptions go that do not say; () where channels are configured."""
        built_in = self.channels == BUILT_IN_CHANNELS
        return tuple(channel.name for channel in self.channels) if built_in else ()
