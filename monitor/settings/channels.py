"""What can be set for a channel: one struct for each type of ``[[channel]]`` table."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from monitor.model.readers import SUBSCRIBERS
from monitor.settings.hosts import Mailbox, is_loopback, parse_mail_server, read_address
from monitor.settings.secret import Secret
from monitor.settings.section import HIDDEN, Check, Flag, InvalidValueError, Name, Section, whole

Security = Literal["none", "starttls", "tls"]

Format = Literal["eml", "html", "json"]

# 587 is for mail from programs (RFC 6409), 465 the same in TLS from the first byte (RFC 8314).
_PORTS: Mapping[Security, int] = {"none": 25, "starttls": 587, "tls": 465}
_SHOWN = 60
_PerMinute = Annotated[int, whole(0, 60_000, least_means="any")]
_GroupAbove = Annotated[int, whole(0, 100_000, of="messages", least_means="never")]


class ChannelSettings(Section, frozen=True, kw_only=True):
    """What every channel has.

    A name, how many messages a minute it may send (0: any), and from how many on that would go at
    once to one address they become one message (0: never).
    """

    name: Name
    per_minute: _PerMinute = 0
    # A pass that changes 73 trials is one mail, not 73 (docs/delivery.md, "Groups").
    group_above: _GroupAbove = 5

    @property
    def targets(self) -> tuple[str, ...]:
        """Whom it serves, each with messages of its own; ("",) where it has one place."""
        return ("",)

    @property
    def shown_place(self) -> str:
        """Where it leads, without any secret."""
        # Of most channels the URL itself is the key to the service.
        return "its URL"

    # A key of the channels that have it; a field of this name takes this one's place.
    @property
    def split_above_kb(self) -> int:
        """Above how many kilobytes of CloudEvents a message becomes several; 0: never."""
        return 0


def _server(text: str) -> str:
    parse_mail_server(text)
    return text.strip()


def _sender(text: str) -> str:
    if read_address(text) is None:
        raise InvalidValueError(f"{text[:_SHOWN]!r} is not an e-mail address")
    return text


def _recipients(texts: tuple[str, ...]) -> tuple[str, ...]:
    if texts == SUBSCRIBERS:
        return texts
    for text in texts:
        found = read_address(text)
        # The bare address: it identifies whom a message is for, and a name in front would make
        # another of it.
        if found is None or found.name:
            raise InvalidValueError(f"{text[:_SHOWN]!r} is not an e-mail address")
    return tuple(dict.fromkeys(texts))


class EmailChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """Mail by SMTP; each address of ``to`` gets a message of its own.

    ``to`` = SUBSCRIBERS: each reader who subscribed on the page, at the address they confirmed.

    ``server``: HOST or HOST:PORT; the port is 587 for ``starttls``, 465 for ``tls`` (from the
    first byte) and 25 for ``none``. ``sender`` with or without a name. ``certificates``: a file
    of authorities to trust instead of the system's. ``hello``: what this machine calls itself. A
    password goes over an unencrypted connection to this very machine only.
    """

    type: Annotated[Literal["email"], Meta(description="email")] = "email"
    server: Annotated[
        str,
        # A login in it would be shown as a part of the place.
        Meta(
            pattern=r"^\s*[^@/\s]+\s*\Z",
            description=(
                "HOST or HOST:PORT, smtp.example.org:587; a login goes into username and password"
            ),
        ),
        HIDDEN,
        Check(_server),
    ]
    security: Annotated[Security, Meta(description="none, starttls or tls")] = "starttls"
    username: Annotated[str, Meta(description="the name to log in with, or nothing")] = ""
    password: Annotated[
        Secret | None, Meta(description='the password, "${SMTP_PASSWORD}", or password_file')
    ] = None
    sender: Annotated[
        str,
        Meta(pattern="@", description='an address, "Trial monitor <monitor@example.org>"'),
        Check(_sender),
    ]
    to: Annotated[
        tuple[Annotated[str, Meta(pattern=r"@|^subscribers\Z")], ...],
        Meta(
            min_length=1,
            description=(
                'an address or a list of them: "ana@example.org"; or "subscribers" alone:'
                " who subscribes on the page"
            ),
        ),
        Check(_recipients),
    ]
    certificates: Annotated[str, Meta(description="the path of a PEM file, or nothing")] = ""
    hello: Annotated[
        str,
        Meta(
            pattern=r"^[0-9A-Za-z.:\[\]-]{0,255}\Z",
            description="what this machine calls itself: a host name, an address, or nothing",
        ),
    ] = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The addresses."""
        return self.to

    @property
    def shown_place(self) -> str:
        """The server, and how the connection to it is secured."""
        return f"{self.server} ({self.security})"

    @property
    def is_for_readers(self) -> bool:
        """Whether it sends to those who subscribed on the page, and to nobody else."""
        return self.to == SUBSCRIBERS

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, port = parse_mail_server(self.server)
        return host, port or _PORTS[self.security]

    @property
    def mailbox(self) -> Mailbox:
        """The sender's name and address; ValueError where it was not checked and is none."""
        found = read_address(self.sender)
        if found is None:
            raise ValueError(self.sender)
        return found

    def contradiction(self) -> str | None:
        """Say that a login is incomplete, or would cross the network unencrypted."""
        if bool(self.username) != (self.password is not None):
            return "has a username or a password alone; write both, or none"
        if self.username and self.security == "none" and not is_loopback(self.place[0]):
            return (
                'would send its password unencrypted; write security = "starttls" or "tls" '
                "(none is for a server on this machine)"
            )
        return None


class SlackChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """An incoming webhook of Slack, or of what speaks its language; one message a second.

    ``allow_private``: as of webhooks.
    """

    type: Annotated[Literal["slack"], Meta(description="slack")] = "slack"
    url: Annotated[
        Secret, Meta(description='the webhook\'s URL, "${SLACK_WEBHOOK_URL}", or url_file')
    ]
    allow_private: Flag = False
    # https://docs.slack.dev/apis/web-api/rate-limits
    per_minute: _PerMinute = 60


class WebhookChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """A server of one's own that takes signed JSON.

    ``url``: https, or http where ``allow_private`` is true, which also allows addresses of
    private and loopback ranges; it is never shown whole, since who has it can post. ``secret``:
    ``whsec_…``, several while they rotate: each signs; without any, events are not signed.
    """

    type: Annotated[Literal["webhook"], Meta(description="webhook")] = "webhook"
    url: Annotated[Secret, Meta(description="an https:// URL, or url_file")]
    secret: Annotated[
        tuple[Secret, ...],
        Meta(description='a text whsec_…, "${HOOK_SECRET}", a list of them, or secret_file'),
    ] = ()
    allow_private: Flag = False
    # A program would only take a group apart again.
    group_above: _GroupAbove = 0
    # docs/delivery.md, "Parts"
    split_above_kb: Annotated[int, whole(0, 65_536, of="kilobytes", least_means="never")] = 256


class FolderChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """A folder in which each message becomes files."""

    type: Annotated[Literal["folder"], Meta(description="folder")] = "folder"
    path: Annotated[str, Meta(pattern=r"\S", description="the path of a folder")]
    formats: Annotated[
        tuple[Format, ...],
        Meta(min_length=1, description='one or a list of "eml", "html" and "json"'),
    ] = ("eml", "html", "json")
    group_above: _GroupAbove = 0

    @property
    def shown_place(self) -> str:
        """The path."""
        return self.path


class ConsoleChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """What the monitor itself writes to."""

    type: Annotated[Literal["console"], Meta(description="console")] = "console"
    stream: Annotated[Literal["stdout", "stderr"], Meta(description="stdout or stderr")] = "stdout"

    @property
    def shown_place(self) -> str:
        """The stream."""
        return self.stream


class AppriseChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """Any service that apprise knows, and one target of it."""

    type: Annotated[Literal["apprise"], Meta(description="apprise")] = "apprise"
    url: Annotated[Secret, Meta(description='a URL of apprise, "${APPRISE_URL}", or url_file')]


AnyChannelSettings = (
    EmailChannelSettings
    | SlackChannelSettings
    | WebhookChannelSettings
    | FolderChannelSettings
    | ConsoleChannelSettings
    | AppriseChannelSettings
)

CHANNEL_TYPES: Mapping[str, type[AnyChannelSettings]] = {
    "email": EmailChannelSettings,
    "slack": SlackChannelSettings,
    "webhook": WebhookChannelSettings,
    "folder": FolderChannelSettings,
    "console": ConsoleChannelSettings,
    "apprise": AppriseChannelSettings,
}
BUILT_IN_CHANNELS: tuple[AnyChannelSettings, ...] = (
    FolderChannelSettings(name="alerts", path="snapshots/alerts"),
)
"""What there is, beside the store, while the configuration has no ``[[channel]]`` of its own."""
