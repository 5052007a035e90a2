"""What can be set for a channel: one struct for each type of ``[[channel]]`` table."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from monitor.config.secret import Secret
from monitor.config.section import Section

_NAME = r"^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?\Z"


GroupAbove = Annotated[
    int,
    Meta(ge=0, le=100_000, description="a whole number of messages from 0 (never) to 100000"),
]
"""More messages than that which go at once to one address become one; programs want each alone."""


class ChannelSettings(Section, frozen=True, kw_only=True):
    """What every channel has.

    A name, how many messages a minute it may send (0: any), and from how many on that would go at
    once to one address they become one message (0: never).
    """

    name: Annotated[
        str,
        Meta(
            pattern=_NAME,
            description=(
                "1 to 64 letters (A to Z), digits, spaces, dots, dashes and underscores, a letter"
                " or digit first and last"
            ),
        ),
    ]
    per_minute: Annotated[
        int, Meta(ge=0, le=60_000, description="a whole number from 0 (any) to 60000")
    ] = 0
    group_above: GroupAbove = 5


class EmailChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """Mail by SMTP; each address of ``to`` gets a message of its own."""

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
    ]
    security: Annotated[
        Literal["none", "starttls", "tls"], Meta(description="none, starttls or tls")
    ] = "starttls"
    username: Annotated[str, Meta(description="the name to log in with, or nothing")] = ""
    password: Annotated[
        Secret | None, Meta(description='the password, "${SMTP_PASSWORD}", or password_file')
    ] = None
    sender: Annotated[
        str, Meta(pattern="@", description='an address, "Trial monitor <monitor@example.org>"')
    ]
    to: Annotated[
        tuple[Annotated[str, Meta(pattern="@")], ...],
        Meta(min_length=1, description='an address or a list of them: "ana@example.org"'),
    ]
    certificates: Annotated[str, Meta(description="the path of a PEM file, or nothing")] = ""
    hello: Annotated[str, Meta(description="what this machine calls itself, or nothing")] = ""


class SlackChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """An incoming webhook of Slack, which takes one message a second."""

    type: Annotated[Literal["slack"], Meta(description="slack")] = "slack"
    url: Annotated[
        Secret, Meta(description='the webhook\'s URL, "${SLACK_WEBHOOK_URL}", or url_file')
    ]
    allow_private: Annotated[bool, Meta(description="true or false")] = False
    per_minute: Annotated[
        int, Meta(ge=0, le=60_000, description="a whole number from 0 (any) to 60000")
    ] = 60


class WebhookChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """A server of one's own that takes signed JSON; several secrets while they rotate."""

    type: Annotated[Literal["webhook"], Meta(description="webhook")] = "webhook"
    url: Annotated[Secret, Meta(description="an https:// URL, or url_file")]
    secret: Annotated[
        tuple[Secret, ...],
        Meta(description='a text whsec_…, "${HOOK_SECRET}", a list of them, or secret_file'),
    ] = ()
    allow_private: Annotated[bool, Meta(description="true or false")] = False
    group_above: GroupAbove = 0
    split_above_kb: Annotated[
        int,
        Meta(ge=0, le=65_536, description="a whole number of kilobytes from 0 (never) to 65536"),
    ] = 256


class FolderChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """A folder in which each message becomes files."""

    type: Annotated[Literal["folder"], Meta(description="folder")] = "folder"
    path: Annotated[str, Meta(pattern=r"\S", description="the path of a folder")]
    formats: Annotated[
        tuple[Literal["eml", "html", "json"], ...],
        Meta(min_length=1, description='one or a list of "eml", "html" and "json"'),
    ] = ("eml", "html", "json")
    group_above: GroupAbove = 0


class ConsoleChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """What the monitor itself writes to."""

    type: Annotated[Literal["console"], Meta(description="console")] = "console"
    stream: Annotated[Literal["stdout", "stderr"], Meta(description="stdout or stderr")] = "stdout"


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
SECRET_KEYS = ("password", "url", "secret")
"""Keys of which nothing is ever shown; each may also be written KEY_file, naming a file."""
