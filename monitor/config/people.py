"""What can be set for people: ``[[subscriber]]`` and ``[[subscription]]`` tables."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from monitor.config.section import Section

SEVERITIES = ("noise", "low", "medium", "high", "critical")
LONGEST_NAME = 64

_NAME_WORDS = "1 to 64 letters and signs, no colon among them and no blank first or last"
_CHANNELS_WORDS = 'a name of a [[channel]] or a list of them: "ana-mail"'
_QUIET_WORDS = '"22:00-07:00 Europe/Madrid", or nothing'
Name = Annotated[str, Meta(description=_NAME_WORDS)]
Names = Annotated[tuple[str, ...], Meta(description=_CHANNELS_WORDS)]
Quiet = Annotated[str, Meta(description=_QUIET_WORDS)]


class SubscriberSettings(Section, frozen=True, kw_only=True):
    """A person or a team, and what holds where a subscription of theirs does not say."""

    name: Name
    channels: Names = ()
    quiet: Quiet = ""
    timezone: Annotated[
        str, Meta(description="a name of the IANA time zone database: UTC, Europe/Madrid")
    ] = "UTC"


class SubscriptionSettings(Section, frozen=True, kw_only=True):
    """One wish of one subscriber, as it is written.

    Every value by itself is good; ``wishes.subscription_of`` says what they mean together.
    ``filter``: tables whose values are all tuples.
    """

    name: Name
    subscriber: Name
    nct_ids: Annotated[
        tuple[str, ...], Meta(description='an NCT ID or a list of them: ["NCT06733935"]')
    ] = ()
    nct_ids_file: Annotated[str, Meta(description="the path of a text file of NCT IDs")] = ""
    filter: Annotated[
        tuple[dict[str, Any], ...],
        Meta(description='a table or a list of tables: { condition = ["lupus"] }'),
    ] = ()
    all: Annotated[bool, Meta(description="true or false")] = False
    changes: Annotated[
        tuple[str, ...],
        Meta(description='a kind or a group of changes or a list of them: ["status", "sites"]'),
    ] = ()
    min_severity: Annotated[
        Literal["noise", "low", "medium", "high", "critical"],
        Meta(description=", ".join(SEVERITIES[:-1]) + f" or {SEVERITIES[-1]}"),
    ] = "low"
    min_days: Annotated[
        int, Meta(ge=0, le=36_500, description="a whole number of days from 0 to 36500")
    ] = 0
    min_percent: Annotated[
        float, Meta(ge=0, le=1_000_000, description="a percentage from 0 to 1000000")
    ] = 0.0
    when: Annotated[
        str,
        Meta(
            description=(
                '"at once", "hourly", "daily 08:00 Europe/Madrid" or "weekly monday 08:00 UTC"'
            )
        ),
    ] = "at once"
    critical_at_once: Annotated[bool, Meta(description="true or false")] = False
    quiet: Quiet = ""
    send_empty: Annotated[bool, Meta(description="true or false")] = False
    channels: Names = ()
