"""The settings: a TOML file under an overlay of environment variables, read once at start.

Nothing is read on import. docs/configuration.md tells users what config/monitor.toml and the
environment can say.
"""

from monitor.config.channels import (
    AnyChannelSettings,
    AppriseChannelSettings,
    ConsoleChannelSettings,
    EmailChannelSettings,
    FolderChannelSettings,
    SlackChannelSettings,
    WebhookChannelSettings,
)
from monitor.config.delivery import DeliverySettings
from monitor.config.load import DEFAULT_FILE, load, load_web
from monitor.config.masking import mask_url
from monitor.config.people import SubscriberSettings, SubscriptionSettings
from monitor.config.secret import Secret
from monitor.config.settings import (
    DaemonSettings,
    HttpSettings,
    IngestSettings,
    LogSettings,
    Settings,
    StoreSettings,
    ThresholdSettings,
)
from monitor.config.sources import (
    AnySourceSettings,
    CtgovSourceSettings,
    FilesSourceSettings,
    SourceSettings,
)
from monitor.config.web import WebSettings

__all__ = [
    "DEFAULT_FILE",
    "AnyChannelSettings",
    "AnySourceSettings",
    "AppriseChannelSettings",
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
    "load",
    "load_web",
    "mask_url",
]
