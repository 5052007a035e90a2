"""What can be set once: one struct for each section, with defaults and limits."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Any, Literal

from msgspec import Meta

from monitor.settings.endpoints import Place, parse_endpoint
from monitor.settings.hosts import is_loopback, parse_listen_address
from monitor.settings.masking import mask_url
from monitor.settings.section import (
    HIDDEN,
    Check,
    Flag,
    InvalidValueError,
    Seconds,
    Section,
    percent,
    seconds,
    whole,
)

Transport = Literal["httpx2", "requests"]

_HEADER_TEXT = r"^[ -~]*\Z"
_MEGABYTES = whole(1, 1 << 20, of="megabytes")


class StoreSettings(Section, frozen=True, kw_only=True):
    """Where the versions are kept; ``busy_timeout_s``: how long to wait for another writer."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^(sqlite:///|(postgresql(\+psycopg)?|postgres)://).",
            description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE",
        ),
        HIDDEN,
    ] = "sqlite:///snapshots/monitor.db"
    busy_timeout_s: Annotated[float, seconds(0.1, 600)] = 10.0

    def __repr__(self) -> str:
        """Show the settings without the URL's password."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"StoreSettings({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich the same: its tracebacks print local variables."""
        return [("url", mask_url(self.url)), ("busy_timeout_s", self.busy_timeout_s)]


class ThresholdSettings(Section, frozen=True, kw_only=True):
    """Where a change starts to weigh more.

    ``date_days_medium``, ``_high``, ``_critical``: days by which a date moves; by fewer than the
    first it is low, and critical only where it was a plan that lay ahead.
    ``enrollment_percent_high``: change of the target in percent.
    ``enrollment_actual_percent_low``: actual enrollment in percent of the last target below which
    the report is of high severity.
    """

    date_days_medium: Annotated[int, whole(0, 36_500, of="days")] = 30
    date_days_high: Annotated[int, whole(0, 36_500, of="days")] = 90
    date_days_critical: Annotated[int, whole(0, 36_500, of="days")] = 365
    enrollment_percent_high: Annotated[float, percent(1000)] = 20.0
    enrollment_actual_percent_low: Annotated[float, percent(100)] = 85.0


class IngestSettings(Section, frozen=True, kw_only=True):
    """How much a pass takes at a time, how much one input may cost, and what is held.

    ``hold_percent`` of at least ``hold_min_records`` known records with one cause are held.
    ``stamp_ahead_days``: how far a data load's stamp may be ahead of the clock. Megabytes have
    1,048,576 bytes.
    """

    # A larger batch is quicker, and holds the store's write lock longer.
    batch_records: Annotated[int, whole(1, 10_000, of="records")] = 200
    record_limit_mb: Annotated[int, whole(1, 1024, of="megabytes")] = 64
    # A compressed file is refused beyond both limits: a large archive exceeds the first, a small
    # file of much repetition the second.
    unpacked_limit_mb: Annotated[int, _MEGABYTES] = 256
    unpacked_limit_ratio: Annotated[int, whole(1, 100_000)] = 200
    file_limit_mb: Annotated[int, _MEGABYTES] = 20_480
    # Of five records one is 20 percent, which says nothing.
    hold_min_records: Annotated[int, whole(1, 1_000_000, of="records")] = 20
    hold_percent: Annotated[float, percent(100)] = 20.0
    stamp_ahead_days: Annotated[int, whole(0, 36_500, of="days")] = 2

    @property
    def stamp_ahead(self) -> timedelta:
        """How far a data load's stamp may be ahead of the clock."""
        return timedelta(days=self.stamp_ahead_days)


INGEST_DEFAULTS = IngestSettings()


class HttpSettings(Section, frozen=True, kw_only=True):
    """How sources ask over HTTP; "" for a text means: none of its own.

    ``contact`` is a mail address or a page; it goes into the user agent. ``user_agent`` replaces
    the whole user agent, for either transport. ``read_timeout_s`` is the longest silence,
    ``total_timeout_s`` the longest attempt from connecting to the last byte.
    ``answer_limit_mb`` counts megabytes of 1,048,576 bytes, decompressed. ``http2`` concerns
    ``httpx2`` alone; requests speaks HTTP/1.1.

    ``retry_attempts`` counts the first one. The pauses double from ``retry_wait_initial_s`` up to
    ``retry_wait_max_s``, each with up to ``retry_wait_jitter_s`` more. A server that asks for a
    longer pause than ``retry_after_max_s`` is not waited for. ``retry_total_s`` bounds attempts
    and pauses together; the time spent on waiting for the rate limit does not count.
    """

    contact: Annotated[
        str,
        Meta(
            pattern=_HEADER_TEXT,
            max_length=200,
            description="a mail address or a page, in printable ASCII characters, or nothing",
        ),
        Check(str.strip),
    ] = ""
    # ClinicalTrials.gov asks for fewer than 50 a minute.
    requests_per_minute: Annotated[int, whole(1, 6000)] = 40
    connect_timeout_s: Seconds = 10.0
    read_timeout_s: Seconds = 60.0
    total_timeout_s: Seconds = 300.0
    answer_limit_mb: Annotated[int, _MEGABYTES] = 256
    user_agent: Annotated[
        str,
        Meta(
            pattern=_HEADER_TEXT,
            max_length=400,
            description="up to 400 printable ASCII characters, or nothing",
        ),
        Check(str.strip),
    ] = ""
    transport: Annotated[Transport, Meta(description="httpx2 or requests")] = "httpx2"
    http2: Flag = True
    retry_attempts: Annotated[int, whole(1, 100, least_means="no second try")] = 6
    retry_wait_initial_s: Annotated[float, seconds(0, 3600)] = 2.0
    retry_wait_max_s: Annotated[float, seconds(0, 3600)] = 60.0
    retry_wait_jitter_s: Annotated[float, seconds(0, 3600)] = 2.0
    retry_after_max_s: Annotated[float, seconds(0, 86_400)] = 120.0
    retry_total_s: Annotated[float, seconds(0.1, 86_400)] = 600.0


class DaemonSettings(Section, frozen=True, kw_only=True):
    """How `monitor run` starts, stops and complains."""

    shutdown_grace_s: Annotated[float, seconds(0, 3600)] = 30.0
    lease_s: Annotated[float, seconds(1, 3600)] = 30.0
    failures_before_alarm: Annotated[int, whole(1, 1000)] = 3
    quick_check_every_s: Annotated[float, seconds(0, 31_536_000)] = 86_400.0
    heartbeat_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[!-~]+)?\Z",
            description="an https:// URL that takes pings as healthchecks does, or nothing",
        ),
        HIDDEN,
    ] = ""
    heartbeat_allow_private: Flag = False
    heartbeat_every_s: Annotated[float, seconds(1, 86_400)] = 60.0

    @property
    def heartbeat_place(self) -> Place | None:
        """Where the heartbeat goes; None: nowhere."""
        if not self.heartbeat_url:
            return None
        return parse_endpoint(
            self.heartbeat_url,
            allow_private=self.heartbeat_allow_private,
            key="heartbeat_allow_private",
        )

    def contradiction(self) -> str | None:
        """Say why the heartbeat cannot go to its URL."""
        try:
            _ = self.heartbeat_place
        except ValueError as exc:
            return f"heartbeat_url: {exc}"
        return None

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


def _listen_text(text: str) -> str:
    parse_listen_address(text)
    return text.strip()


_ListenAddress = Annotated[
    str,
    Meta(
        description="HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080, or nothing to turn it off"
    ),
    Check(_listen_text),
]


def _ip_addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ip_address(text)
        except ValueError:
            raise InvalidValueError(f"{text[:60]!r} is not an IP address") from None
    return texts


class WebSettings(Section, frozen=True, kw_only=True):
    """Where `monitor run` answers over HTTP, to whom, and how much the clients of a listener get.

    ``connections``: at a time. ``header_timeout_s``: for the headers of a request, from the opening
    of the connection or the response before. ``request_timeout_s``: from there to the end of
    the response. ``access``: to API, feeds and pages; see ``requires_token``.
    ``requests_per_minute``: to these, of one client; 0: any number. ``trusted_proxies``: whose
    ``X-Forwarded-For`` says who asks, and whose
    ``operator_header`` who the operator is. ``subscribe``: readers may subscribe on the page,
    ``subscriptions_per_address`` at most.
    """

    listen: _ListenAddress = "127.0.0.1:8080"
    public_listen: _ListenAddress = ""
    connections: Annotated[int, whole(1, 10_000)] = 64
    header_timeout_s: Seconds = 10.0
    request_timeout_s: Seconds = 30.0
    access: Annotated[
        Literal["", "open", "token"],
        Meta(description='open, token, or nothing: "open" on this machine\'s own address alone'),
    ] = ""
    requests_per_minute: Annotated[int, whole(0, 1_000_000, least_means="any number")] = 1200
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description='the IP address of a proxy in front, or a list of them: "127.0.0.1"'),
        Check(_ip_addresses),
    ] = ()
    operator_header: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z][0-9A-Za-z-]{0,63})?\Z",
            description="the name of a header that a trusted proxy sets, or nothing",
        ),
    ] = ""
    subscribe: Flag = False
    subscriptions_per_address: Annotated[int, whole(1, 1_000, of="subscriptions")] = 10

    def requires_token(self, host: str) -> bool:
        """Return whether who reads by a listener on this host needs a token."""
        # Behind a proxy the host is the proxy's way to us, often loopback: then `access` has to
        # say it (docs/configuration.md, "Who may read").
        return self.access == "token" or (self.access == "" and not is_loopback(host))

    @property
    def address(self) -> tuple[str, int] | None:
        """The operator's host, without brackets, and port; None when nothing is to listen."""
        return parse_listen_address(self.listen)

    @property
    def public_address(self) -> tuple[str, int] | None:
        """The same of the listener for readers; None when they have none of their own."""
        return parse_listen_address(self.public_listen)

    def contradiction(self) -> str | None:
        """Say that the two listeners have one address."""
        # Port 0 gives each of them one of its own.
        if self.public_address and self.public_address == self.address and self.address[1] != 0:
            return (
                f"public_listen = {self.public_listen!r} is what listen says, too; give readers"
                " another port"
            )
        return None


class DeliverySettings(Section, frozen=True, kw_only=True):
    """How often, how quickly and how patiently messages are sent; "" for a text: none.

    ``attempts``: tries of a message before it is a dead letter. ``lease_s``: how long a claim
    lasts that nobody renews. ``breaker_failures`` in a row let the channel rest for
    ``breaker_rest_s``. ``retry_after_max_s``: a service that asks for a longer pause gets this
    one. ``redeploy_s``: for so long after the first try a refusal is taken for a service that is
    being redeployed. ``timeout_s`` bounds each silence of a service, ``total_timeout_s`` a
    conversation with it.
    """

    # With these pauses ten tries take one and a half hours on average, three at most.
    attempts: Annotated[int, whole(1, 1000, least_means="no second try")] = 10
    backoff_initial_s: Annotated[float, seconds(0.1, 86_400)] = 30.0
    backoff_max_s: Annotated[float, seconds(0.1, 86_400)] = 3600.0
    retry_after_max_s: Annotated[float, seconds(0, 2_592_000)] = 86_400.0
    redeploy_s: Annotated[float, seconds(0, 86_400)] = 3600.0
    timeout_s: Annotated[float, seconds(0.1, 600)] = 30.0
    total_timeout_s: Annotated[float, seconds(0.1, 3600)] = 60.0
    answer_limit_kb: Annotated[int, whole(1, 65_536, of="kilobytes")] = 64
    abandoned_threads: Annotated[int, whole(1, 100)] = 4
    lease_s: Annotated[float, seconds(1, 86_400)] = 120.0
    claim_messages: Annotated[int, whole(1, 1000, of="messages")] = 50
    breaker_failures: Annotated[int, whole(1, 1000)] = 5
    breaker_rest_s: Annotated[float, seconds(1, 86_400)] = 300.0
    overdue_after_s: Annotated[float, seconds(1, 604_800)] = 900.0
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[!$->A-~]+)?\Z",
            description="http:// or https:// and a host under which readers reach the monitor,"
            " with a path at most: no user, no ?, no #",
        ),
        HIDDEN,
    ] = ""
    templates: Annotated[str, Meta(description="the path of a folder, or nothing")] = ""
    welcome: Flag = True
    operator: Annotated[str, Meta(description="the name of a [[channel]], or nothing")] = ""

    @property
    def event_source(self) -> str:
        """What webhooks and folders say that events come from."""
        return self.public_url or "trial-monitor"

    @property
    def answer_limit_bytes(self) -> int:
        """The most that a service may say in one conversation."""
        return self.answer_limit_kb << 10


DELIVERY_DEFAULTS = DeliverySettings()
