"""What can be set: one struct for each section, with defaults and limits.

A key's Meta says in its description what may be written; errors and documentation use it.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from monitor.config.masking import mask_url


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration file."""


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

    date_days_high: Annotated[
        int, Meta(ge=0, le=36_500, description="a whole number of days from 0 to 36500")
    ] = 90
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
