"""The settings: a TOML file under an overlay of environment variables, read once at start.

Nothing is read on import. docs/configuration.md tells users what config/monitor.toml and the
environment can say.
"""

from monitor.config.load import DEFAULT_FILE, load
from monitor.config.masking import mask_url
from monitor.config.settings import (
    IngestSettings,
    LogSettings,
    Settings,
    StoreSettings,
    ThresholdSettings,
)

__all__ = [
    "DEFAULT_FILE",
    "IngestSettings",
    "LogSettings",
    "Settings",
    "StoreSettings",
    "ThresholdSettings",
    "load",
    "mask_url",
]
