"""What can be set for a channel: one struct for each type of ``[[channel]]`` table."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from monitor.settings.secret import Secret
from monitor.settings.section import HIDDEN, Flag, Name, Section, whole

_PerMinute = Annotated[int, whole(0, 60_000, least_means="any")]
_GroupAbove = Annotated[int, whole(0, 100_000, of="messages", least_means="never")]


class ChannelSettings(Section, frozen=True, kw_only=True):
    """What every channel has.

    A name, how many messages a minute it may send (0: any), and from how many on that would go at
    once to one address they become one message (0: never).
    """

    name: Name
    per_minute: _PerMinute = 0
    group_above: _GroupAbove = 5


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
        HIDDEN,
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
    allow_private: Flag = False
    per_minute: _PerMinute = 60


class WebhookChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """A server of one's own that takes signed JSON; several secrets while they rotate."""

    type: Annotated[Literal["webhook"], Meta(description="webhook")] = "webhook"
    url: Annotated[Secret, Meta(description="an https:// URL, or url_file")]
    secret: Annotated[
        tuple[Secret, ...],
        Meta(description='a text whsec_…, "${HOOK_SECRET}", a list of them, or secret_file'),
    ] = ()
    allow_private: Flag = False
    group_above: _GroupAbove = 0
    split_above_kb: Annotated[int, whole(0, 65_536, of="kilobytes", least_means="never")] = 256


class FolderChannelSettings(ChannelSettings, frozen=True, kw_only=True):
    """A folder in which each message becomes files."""

    type: Annotated[Literal["folder"], Meta(description="folder")] = "folder"
    path: Annotated[str, Meta(pattern=r"\S", description="the path of a folder")]
    formats: Annotated[
        tuple[Literal["eml", "html", "json"], ...],
        Meta(min_length=1, description='one or a list of "eml", "html" and "json"'),
    ] = ("eml", "html", "json")
    group_above: _GroupAbove = 0


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
