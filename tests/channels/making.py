"""Channels as tests want them: made of settings by name, those of deliveries among them."""

from collections.abc import Callable
from typing import Any

from monitor.channels.apprise_channel import AppriseChannel
from monitor.channels.console import ConsoleChannel
from monitor.channels.email import EmailChannel
from monitor.channels.folder import FolderChannel
from monitor.channels.slack import SlackChannel
from monitor.channels.webhook import WebhookChannel
from monitor.settings import ConsoleChannelSettings, DeliverySettings, Secret
from monitor.settings.channels import CHANNEL_TYPES

_OF_DELIVERIES = ("timeout_s", "answer_limit_kb")


def _made(kind: Callable[..., Any], type_: str, keys: dict[str, Any]) -> Any:
    world = {key: keys.pop(key) for key in ("now", "resolve") if key in keys}
    delivery = DeliverySettings(**{key: keys.pop(key) for key in _OF_DELIVERIES if key in keys})
    for key in ("url", "password"):
        if key in keys:
            keys[key] = Secret.of(keys[key])
    if "secret" in keys:
        keys["secret"] = tuple(map(Secret.of, keys["secret"]))
    return kind(CHANNEL_TYPES[type_](**keys), delivery, **world)


def email_channel(**keys: Any) -> EmailChannel:
    """Return a channel that mails to Ana, by default without encryption."""
    given = {
        "name": "mail",
        "security": "none",
        "sender": "monitor@example.org",
        "to": ("ana@example.org",),
        **keys,
    }
    made: EmailChannel = _made(EmailChannel, "email", given)
    return made


def slack_channel(**keys: Any) -> SlackChannel:
    """Return a channel to what speaks Slack's language, on loopback too."""
    made: SlackChannel = _made(
        SlackChannel, "slack", {"name": "team", "allow_private": True, **keys}
    )
    return made


def webhook_channel(**keys: Any) -> WebhookChannel:
    """Return a channel to a webhook."""
    made: WebhookChannel = _made(WebhookChannel, "webhook", {"name": "hook", **keys})
    return made


def folder_channel(**keys: Any) -> FolderChannel:
    """Return a channel to a folder."""
    made: FolderChannel = _made(
        FolderChannel, "folder", {"name": "outbox", **keys, "path": str(keys["path"])}
    )
    return made


def apprise_channel(url: str) -> AppriseChannel:
    """Return a channel over apprise."""
    made: AppriseChannel = _made(AppriseChannel, "apprise", {"name": "team", "url": url})
    return made


def console_channel(stream: Any) -> ConsoleChannel:
    """Return a channel to "stdout" or "stderr", or to an open stream."""
    if isinstance(stream, str):
        made: ConsoleChannel = _made(ConsoleChannel, "console", {"name": "c", "stream": stream})
        return made
    return ConsoleChannel(ConsoleChannelSettings(name="c"), stream=stream)
