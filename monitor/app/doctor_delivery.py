"""Trying channels and subscriptions, without sending anything."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from monitor.app.channels import channel_of, with_deadline
from monitor.app.doctor_store import limited_reader
from monitor.app.doctor_timeouts import run_checks
from monitor.app.incidents import overdue_messages
from monitor.app.subscribers import wanted_subscriptions
from monitor.app.unmatched import empty_sources, unmatched_subscriptions
from monitor.app.wiring import App
from monitor.channels.bounded import BoundedChannel
from monitor.errors import ConfigError, DeliveryError, StoreError
from monitor.model.checks import CheckStatus, Finding
from monitor.model.subscriptions import Subscription, SubscriptionOrigin, SubscriptionStatus
from monitor.private_files import is_open_to_others
from monitor.render.values import count_text
from monitor.settings.channels import AnyChannelSettings, FolderChannelSettings

_SHOWN = 5
_TRY_S = 10.0


def channel_findings(app: App, *, offline: bool) -> Iterator[Finding]:
    """Make each channel with its secrets and go as far as one can without sending anything.

    Mail servers are greeted and logged in to, hosts of URLs are connected to. ``offline``: not.
    """
    if app.settings.default_channels:
        yield _built_in(app.settings.channels)
        return
    for given in app.settings.channels:
        about = f"channel {given.name}"
        yield from run_checks(about, partial(_channel, about, app, given, offline=offline))


def _built_in(channels: Sequence[AnyChannelSettings]) -> Finding:
    """Say where messages go without any table; that nobody may write there harms nobody yet."""
    about, (given,) = "channels", channels
    detail = f"none is configured; what subscriptions ask for goes to {given.shown_place}"
    fault = _folder_fault(Path(given.shown_place))
    if fault is None:
        return Finding(about=about, verdict=CheckStatus.FINE, detail=detail)
    fix = "write a [[channel]] table, or let this user write there"
    return Finding(
        about=about, verdict=CheckStatus.WARNING, detail=f"{detail}, but {fault}", fix=fix
    )


def _channel(
    about: str, app: App, given: AnyChannelSettings, *, offline: bool
) -> Iterator[Finding]:
    delivery = app.settings.delivery
    try:
        tried = _try_channel(channel_of(given, with_deadline(delivery, _TRY_S)), offline=offline)
    except ConfigError as exc:
        yield Finding(about=about, verdict=CheckStatus.FAILED, detail=str(exc), fix="fix this")
        return
    except DeliveryError as exc:
        fix = _fix(str(exc))
        yield Finding(about=about, verdict=CheckStatus.FAILED, detail=str(exc), fix=fix)
        return
    if isinstance(given, FolderChannelSettings) and (fault := _folder_fault(Path(given.path))):
        fix = "make it a folder that this user can write"
        yield Finding(about=about, verdict=CheckStatus.FAILED, detail=fault, fix=fix)
        return
    detail = (
        f"{given.type}, {given.shown_place}{tried}; nothing was sent (`monitor channel test` does)"
    )
    yield Finding(about=about, verdict=CheckStatus.FINE, detail=detail)
    if isinstance(given, FolderChannelSettings):
        yield from _exposure_findings(about, Path(given.path))


def _exposure_findings(about: str, folder: Path) -> Iterator[Finding]:
    """Say where others can read the messages in a folder."""
    if not is_open_to_others(folder):
        return
    with os.scandir(folder) as entries:
        seen = next((one.name for one in entries if is_open_to_others(Path(one.path))), None)
    if seen is not None:
        detail = f"others can read messages in {folder}, for example {seen}"
        fix = f"chmod -R go= {folder}, unless they shall"
        yield Finding(about=about, verdict=CheckStatus.WARNING, detail=detail, fix=fix)


def _try_channel(channel: BoundedChannel, *, offline: bool) -> str:
    """Reach for a channel where it can be; DeliveryError when it is out of reach."""
    # Services of apprise can be tried with a message only.
    if channel.type == "apprise":
        return ": the service was not tried"
    if not channel.is_reachable:
        return ""
    return ": not tried (--offline)" if offline else f": {channel.reach()}"


def _fix(detail: str) -> str:
    """Return what to do about a channel that is out of reach."""
    # The first that fits counts, so words that say more come first.
    for words, fix in (
        ("refused the login", "check username and password"),
        ("certificate", "name its authority: certificates for mail, else SSL_CERT_FILE"),
        ("does not offer", "check security, username and password"),
        ("TLS failed", "check security and the port, or whether the URL is one of https"),
        (
            "delivery.total_timeout_s",
            "check host and port: what answers there does not come to an end",
        ),
        ("delivery.answer_limit_kb", "check host and port: what answers there is no such service"),
        ("allow_private", "set it, where the address is one's own"),
    ):
        if words in detail:
            return fix
    return "check host, port, DNS and firewall"


def _folder_fault(folder: Path) -> str | None:
    """Say why messages could not be written there; None when they could."""
    # What is missing is made with the first message: the nearest folder above decides.
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return f"{there} is no folder"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written"
    return None


def subscription_findings(app: App) -> Iterator[Finding]:
    """Read what the file and the store say of subscriptions; nothing is changed."""
    about = "subscriptions"
    try:
        of_file = wanted_subscriptions(app.settings, app.now())
    except ConfigError as exc:
        yield Finding(about=about, verdict=CheckStatus.FAILED, detail=str(exc), fix="fix this")
        return
    try:
        with limited_reader(app) as reader:
            stored = reader.subscribers.subscriptions(status=SubscriptionStatus.ACTIVE)
    except StoreError:  # there is none yet, or its own finding tells what is wrong
        stored = []
    known = {given.name for given in app.settings.channels}
    by_command = (one for one in stored if one.origin is SubscriptionOrigin.COMMAND)
    wanting = {(one.subscriber, one.name): one.channels for one in by_command}
    wanting |= {names: one.channels for names, one in of_file.items()}
    lost = sorted({name for channels in wanting.values() for name in channels} - known)
    if lost:
        shown = ", ".join(lost[:_SHOWN])
        yield Finding(
            about=about,
            verdict=CheckStatus.FAILED,
            detail=f"some name channels that the configuration does not have: {shown}",
            fix="write their [[channel]] tables, or `monitor subscription list` and remove them",
        )
        return
    by_command = (one for one in stored if one.origin is SubscriptionOrigin.COMMAND)
    yield from _unmatched_findings(app, [*by_command, *of_file.values()])
    verdict = CheckStatus.FINE if wanting or app.settings.default_channels else CheckStatus.WARNING
    detail = f"{count_text(len(wanting), 'subscription')}, {len(of_file)} of them in the file"
    fix = (
        ""
        if verdict is CheckStatus.FINE
        else "`monitor subscription add`, or write [[subscription]]"
    )
    yield Finding(
        about=about, verdict=verdict, detail=detail if wanting else "there are none", fix=fix
    )


def _unmatched_findings(app: App, subscriptions: Sequence[Subscription]) -> Iterator[Finding]:
    """Report what subscriptions and sources name that matches nothing."""
    try:
        with limited_reader(app) as reader:
            found = [
                *empty_sources(app, reader),
                *unmatched_subscriptions(app, reader, subscriptions),
            ]
    except StoreError:  # as above
        return
    for one in found:
        yield Finding(about=one.about, verdict=CheckStatus.WARNING, detail=one.detail, fix=one.fix)


def delivery_findings(app: App) -> Iterator[Finding]:
    """Look whether a message is due for longer than the settings put up with."""
    about, after_s = "deliveries", app.settings.delivery.overdue_after_s
    try:
        with limited_reader(app) as reader:
            late = overdue_messages(reader, after_s=after_s, now=app.now())
    except StoreError:  # there is none yet, or its own finding tells what is wrong
        return
    for one in late:
        fix = "see whether `monitor run` or `monitor deliver` runs, and what the channel says"
        detail = f"{one.began}: {one.detail}"
        yield Finding(about=about, verdict=CheckStatus.WARNING, detail=detail, fix=fix)
    if not late:
        detail = f"no message is due for longer than {after_s:,g} s"
        yield Finding(about=about, verdict=CheckStatus.FINE, detail=detail)
