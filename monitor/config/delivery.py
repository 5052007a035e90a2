"""What can be set for the delivery of messages, whatever the channel."""

from typing import Annotated

from msgspec import Meta

from monitor.config.section import Section


class DeliverySettings(Section, frozen=True, kw_only=True):
    """How often, how quickly and how patiently messages are sent; "" for a text: none."""

    attempts: Annotated[
        int, Meta(ge=1, le=1000, description="a whole number from 1 (no second try) to 1000")
    ] = 10
    backoff_initial_s: Annotated[
        float, Meta(ge=0.1, le=86_400, description="a number of seconds from 0.1 to 86400")
    ] = 30.0
    backoff_max_s: Annotated[
        float, Meta(ge=0.1, le=86_400, description="a number of seconds from 0.1 to 86400")
    ] = 3600.0
    retry_after_max_s: Annotated[
        float, Meta(ge=0, le=2_592_000, description="a number of seconds from 0 to 2592000")
    ] = 86_400.0
    redeploy_s: Annotated[
        float, Meta(ge=0, le=86_400, description="a number of seconds from 0 to 86400")
    ] = 3600.0
    timeout_s: Annotated[
        float, Meta(ge=0.1, le=600, description="a number of seconds from 0.1 to 600")
    ] = 30.0
    total_timeout_s: Annotated[
        float, Meta(ge=0.1, le=3600, description="a number of seconds from 0.1 to 3600")
    ] = 60.0
    answer_limit_kb: Annotated[
        int, Meta(ge=1, le=65_536, description="a whole number of kilobytes from 1 to 65536")
    ] = 64
    abandoned_threads: Annotated[
        int, Meta(ge=1, le=100, description="a whole number from 1 to 100")
    ] = 4
    lease_s: Annotated[
        float, Meta(ge=1, le=86_400, description="a number of seconds from 1 to 86400")
    ] = 120.0
    claim_messages: Annotated[
        int, Meta(ge=1, le=1000, description="a whole number of messages from 1 to 1000")
    ] = 50
    breaker_failures: Annotated[
        int, Meta(ge=1, le=1000, description="a whole number from 1 to 1000")
    ] = 5
    breaker_rest_s: Annotated[
        float, Meta(ge=1, le=86_400, description="a number of seconds from 1 to 86400")
    ] = 300.0
    overdue_after_s: Annotated[
        float, Meta(ge=1, le=604_800, description="a number of seconds from 1 to 604800")
    ] = 900.0
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[!$->A-~]+)?\Z",
            description="http:// or https:// and a host under which readers reach the monitor,"
            " with a path at most: no user, no ?, no #",
        ),
    ] = ""
    templates: Annotated[str, Meta(description="the path of a folder, or nothing")] = ""
    welcome: Annotated[bool, Meta(description="true or false")] = True
    operator: Annotated[str, Meta(description="the name of a [[channel]], or nothing")] = ""
