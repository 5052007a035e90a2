"""What can be set: one struct for each section, with defaults and limits.

A key's Meta says in its description what may be written; errors and documentation use it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from monitor.config.channels import BUILT_IN_CHANNELS, AnyChannelSettings
from monitor.config.delivery import DeliverySettings
from monitor.config.masking import mask_url
from monitor.config.people import SubscriberSettings, SubscriptionSettings
from monitor.config.section import Section
from monitor.config.sources import AnySourceSettings
from monitor.config.web import WebSettings

_HEADER_TEXT = r"^[ -~]*\Z"
_SECONDS_TO_AN_HOUR = "a number of seconds from 0.1 to 3600"


class StoreSettings(Section, frozen=True, kw_only=True):
    """Where the versions are kept."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^(sqlite:///|(postgresql(\+psycopg)?|postgres)://).",
            description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE",
        ),
    ] = "sqlite:///snapshots/monitor.db"
    busy_timeout_s: Annotated[
        float, Meta(ge=0.1, le=600, description="a number of seconds from 0.1 to 600")
    ] = 10.0

    def __repr__(self) -> str:
        """Show the settings without the URL's password."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"StoreSettings({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich the same: its tracebacks print local variables."""
        return [("url", mask_url(self.url)), ("busy_timeout_s", self.busy_timeout_s)]


class ThresholdSettings(Section, frozen=True, kw_only=True):
    """Where a change starts to weigh more."""

    date_days_medium: Annotated[
        int, Meta(ge=0, le=36_500, description="a whole number of days from 0 to 36500")
    ] = 30
    date_days_high: Annotated[
        int, Meta(ge=0, le=36_500, description="a whole number of days from 0 to 36500")
    ] = 90
    date_days_critical: Annotated[
        int, Meta(ge=0, le=36_500, description="a whole number of days from 0 to 36500")
    ] = 365
    enrollment_percent_high: Annotated[
        float, Meta(ge=0, le=1000, description="a percentage from 0 to 1000")
    ] = 20.0
    enrollment_actual_percent_low: Annotated[
        float, Meta(ge=0, le=100, description="a percentage from 0 to 100")
    ] = 85.0


class IngestSettings(Section, frozen=True, kw_only=True):
    """How much a pass takes at a time, and how much one input may cost."""

    batch_records: Annotated[
        int, Meta(ge=1, le=10_000, description="a whole number of records from 1 to 10000")
    ] = 200
    record_limit_mb: Annotated[
        int, Meta(ge=1, le=1024, description="a whole number of megabytes from 1 to 1024")
    ] = 64
    unpacked_limit_mb: Annotated[
        int, Meta(ge=1, le=1 << 20, description="a whole number of megabytes from 1 to 1048576")
    ] = 256
    unpacked_limit_ratio: Annotated[
        int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")
    ] = 200
    file_limit_mb: Annotated[
        int, Meta(ge=1, le=1 << 20, description="a whole number of megabytes from 1 to 1048576")
    ] = 20_480
    hold_min_records: Annotated[
        int, Meta(ge=1, le=1_000_000, description="a whole number of records from 1 to 1000000")
    ] = 20
    hold_percent: Annotated[float, Meta(ge=0, le=100, description="a percentage from 0 to 100")] = (
        20.0
    )
    stamp_ahead_days: Annotated[
        int, Meta(ge=0, le=36_500, description="a whole number of days from 0 to 36500")
    ] = 2


class HttpSettings(Section, frozen=True, kw_only=True):
    """How sources ask over HTTP; "" for a text means: none of its own."""

    contact: Annotated[
        str,
        Meta(
            pattern=_HEADER_TEXT,
            max_length=200,
            description="a mail address or a page, in printable ASCII characters, or nothing",
        ),
    ] = ""
    requests_per_minute: Annotated[
        int, Meta(ge=1, le=6000, description="a whole number from 1 to 6000")
    ] = 40
    connect_timeout_s: Annotated[float, Meta(ge=0.1, le=3600, description=_SECONDS_TO_AN_HOUR)] = (
        10.0
    )
    read_timeout_s: Annotated[float, Meta(ge=0.1, le=3600, description=_SECONDS_TO_AN_HOUR)] = 60.0
    total_timeout_s: Annotated[float, Meta(ge=0.1, le=3600, description=_SECONDS_TO_AN_HOUR)] = (
        300.0
    )
    answer_limit_mb: Annotated[
        int, Meta(ge=1, le=1 << 20, description="a whole number of megabytes from 1 to 1048576")
    ] = 256
    user_agent: Annotated[
        str,
        Meta(
            pattern=_HEADER_TEXT,
            max_length=400,
            description="up to 400 printable ASCII characters, or nothing",
        ),
    ] = ""
    transport: Annotated[Literal["httpx2", "requests"], Meta(description="httpx2 or requests")] = (
        "httpx2"
    )
    http2: Annotated[bool, Meta(description="true or false")] = True
    retry_attempts: Annotated[
        int, Meta(ge=1, le=100, description="a whole number from 1 (no second try) to 100")
    ] = 6
    retry_wait_initial_s: Annotated[
        float, Meta(ge=0, le=3600, description="a number of seconds from 0 to 3600")
    ] = 2.0
    retry_wait_max_s: Annotated[
        float, Meta(ge=0, le=3600, description="a number of seconds from 0 to 3600")
    ] = 60.0
    retry_wait_jitter_s: Annotated[
        float, Meta(ge=0, le=3600, description="a number of seconds from 0 to 3600")
    ] = 2.0
    retry_after_max_s: Annotated[
        float, Meta(ge=0, le=86_400, description="a number of seconds from 0 to 86400")
    ] = 120.0
    retry_total_s: Annotated[
        float, Meta(ge=0.1, le=86_400, description="a number of seconds from 0.1 to 86400")
    ] = 600.0


class DaemonSettings(Section, frozen=True, kw_only=True):
    """How `monitor run` starts, stops and complains."""

    shutdown_grace_s: Annotated[
        float, Meta(ge=0, le=3600, description="a number of seconds from 0 to 3600")
    ] = 30.0
    lease_s: Annotated[
        float, Meta(ge=1, le=3600, description="a number of seconds from 1 to 3600")
    ] = 30.0
    failures_before_alarm: Annotated[
        int, Meta(ge=1, le=1000, description="a whole number from 1 to 1000")
    ] = 3
    quick_check_every_s: Annotated[
        float, Meta(ge=0, le=31_536_000, description="a number of seconds from 0 to 31536000")
    ] = 86_400.0
    heartbeat_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[!-~]+)?\Z",
            description="an https:// URL that takes pings as healthchecks does, or nothing",
        ),
    ] = ""
    heartbeat_allow_private: Annotated[bool, Meta(description="true or false")] = False
    heartbeat_every_s: Annotated[
        float, Meta(ge=1, le=86_400, description="a number of seconds from 1 to 86400")
    ] = 60.0

    def __repr__(self) -> str:
        """Show the settings without the URL: who has it can ping."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"DaemonSettings({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich the same: its tracebacks print local variables."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        return list((shown | {"heartbeat_url": self.heartbeat_url and "***"}).items())


class LogSettings(Section, frozen=True, kw_only=True):
    """What is logged, and in which form."""

    format: Annotated[Literal["console", "json"], Meta(description="console or json")] = "console"
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="debug, info, warning or error"),
    ] = "info"


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
    synonyms: Mapping[str, tuple[str, ...]] = {}

    @property
    def default_channels(self) -> tuple[str, ...]:
        """Where subscriptions go that do not say; () where channels are configured."""
        built_in = self.channels == BUILT_IN_CHANNELS
        return tuple(channel.name for channel in self.channels) if built_in else ()
