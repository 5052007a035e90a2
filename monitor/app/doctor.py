"""``monitor doctor``: trying every part of an installation, one after the other."""

import importlib.metadata
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.app.clock_skew import LatestRun, time_findings
from monitor.app.doctor_delivery import channel_findings, delivery_findings, subscription_findings
from monitor.app.doctor_registry import REGISTRY_S, registry_findings
from monitor.app.doctor_store import known_sources, limited_with_followed, store_findings
from monitor.app.doctor_timeouts import CheckTimeoutError, run_check, run_checks, timeout_finding
from monitor.app.doctor_web import IsAnswered, heartbeat_findings, web_findings
from monitor.app.gate import gates
from monitor.app.last_store import LastStore
from monitor.app.wiring import App, utc_now
from monitor.config.load import Origin, origin
from monitor.errors import ConfigError, StoreError
from monitor.model.checks import CheckStatus, Finding
from monitor.model.tracking import SourceRow
from monitor.render.gate import what_to_do
from monitor.render.values import count_text, moment
from monitor.settings import AnySourceSettings, FilesSourceSettings
from monitor.settings.times import duration_text

NextRun = Callable[[AnySourceSettings, SourceRow | None, datetime], datetime]
"""Says when `monitor run` reads a source, if it starts at a time: then, where it is due already.

The row is what the store knows of it (None: it was never read). ConfigError when the settings name
no time.
"""


def examine(
    config: Path | None,
    *,
    environ: Mapping[str, str],
    next_run: NextRun,
    latest_run: LatestRun | None = None,
    is_answered: IsAnswered = lambda _: False,
    offline: bool = False,
    now: Callable[[], datetime] = utc_now,
) -> Iterator[Finding]:
    """Try configuration, store, time zones, sources, channels, subscriptions, web and registry.

    Yields what came of it. ``latest_run``: see ``monitor.app.clock_skew``. ``is_answered``: see
    ``web_findings``. ``offline``: nobody is asked but the store, and who listens on this machine.
    Changes nothing; what fails is a finding, no error, and so is what comes to no end. A wrong
    configuration is the only finding, since the rest hangs on it.
    """
    about = "configuration"
    try:
        app, source = run_check(partial(_load_config, config, environ), about=about)
    except ConfigError as exc:
        fix = "fix this; nothing else was tried"
        yield Finding(about=about, verdict=CheckStatus.FAILED, detail=str(exc), fix=fix)
        return
    except CheckTimeoutError as exc:
        yield timeout_finding(about, str(exc))
        return
    app = App(settings=app.settings, now=now)
    yield Finding(about=about, verdict=CheckStatus.FINE, detail=_describe_origin(source))
    yield from run_checks("store", partial(store_findings, app))
    yield from run_checks("store", partial(_another_store, app, source.file, environ))
    yield from run_checks("stored times", partial(time_findings, app, latest_run))
    yield from run_checks("time zones", partial(zone_findings, app))
    # From here on with what `monitor follow` was given.
    app = limited_with_followed(app)
    yield from source_findings(app, next_run)
    yield from run_checks("gate", partial(gate_findings, app))
    yield from channel_findings(app, offline=offline)
    yield from run_checks("subscriptions", partial(subscription_findings, app))
    yield from run_checks("web", partial(web_findings, app, is_answered))
    yield from run_checks("heartbeat", partial(heartbeat_findings, app, offline=offline))
    yield from run_checks("deliveries", partial(delivery_findings, app))
    yield from run_checks(
        "registry", partial(registry_findings, app, offline=offline), within_s=REGISTRY_S
    )


def _load_config(config: Path | None, environ: Mapping[str, str]) -> tuple[App, Origin]:
    return App.configured(config, environ=environ), origin(config, environ=environ)


def _another_store(app: App, file: Path | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Say where `monitor run` would make no store, because there was another one before."""
    try:
        LastStore(file, environ).check_new(app)
    except ConfigError as exc:
        fix = "start it in the right folder, or name the store by an absolute path"
        yield Finding(about="store", verdict=CheckStatus.FAILED, detail=str(exc), fix=fix)
    except StoreError:  # reported among the findings of the store
        return


def _describe_origin(source: Origin) -> str:
    detail = "no file: the defaults hold"
    if source.file:
        own = list(source.from_file)
        own += [count_text(count, name) for name, count in source.tables.items()]
        detail = (
            f"{source.file} sets {', '.join(own)}" if own else f"{source.file}: all at its default"
        )
    if source.from_environment:
        detail += f"; the environment sets {', '.join(source.from_environment)}"
    return detail


def zone_findings(app: App) -> Iterator[Finding]:
    """Look for every configured time zone, and for the data that all of them come from."""
    names = sorted({"UTC", *(source.timezone for source in app.settings.sources)})
    missing = [name for name in names if not _is_zone(name)]
    if missing:
        yield Finding(
            about="time zones",
            verdict=CheckStatus.FAILED,
            detail=f"not found: {', '.join(missing)}",
            fix="mend the name, or install the time zones: the package tzdata",
        )
        return
    try:
        data = f"tzdata {importlib.metadata.version('tzdata')}"
    except importlib.metadata.PackageNotFoundError:
        data = "the system's alone (tzdata is not installed)"
    detail = f"{', '.join(names)}; time zones of {data}"
    yield Finding(about="time zones", verdict=CheckStatus.FINE, detail=detail)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):  # a folder's name, one with ".." in it
        return False
    return True


def source_findings(app: App, next_run: NextRun) -> Iterator[Finding]:
    """Look whether each source can run at all, and say when it will."""
    if not any(source.enabled for source in app.settings.sources):
        none = "all are switched off" if app.settings.sources else "there are none"
        yield Finding(
            about="sources",
            verdict=CheckStatus.WARNING,
            detail=f"{none}: `monitor run` follows nothing",
            fix="write a [[source]] table (docs/configuration.md)",
        )
    rows = known_sources(app)
    for source in app.settings.sources:
        about = f"source {source.name}"
        first = partial(next_run, source, rows.get(source.name))
        yield from run_checks(about, partial(_source, about, source, first, app.now()))


def _source(
    about: str,
    source: AnySourceSettings,
    next_run: Callable[[datetime], datetime],
    now: datetime,
) -> Iterator[Finding]:
    if not source.enabled:
        yield Finding(
            about=about, verdict=CheckStatus.SKIPPED, detail="switched off (enabled = false)"
        )
        return
    try:
        at = next_run(now)
    except ConfigError as exc:
        yield Finding(about=about, verdict=CheckStatus.FAILED, detail=str(exc), fix="fix this")
        return
    if isinstance(source, FilesSourceSettings) and (fault := _folder_fault(source.path)):
        fix = f"make {source.path} a folder that this user ({_user()}) can read"
        yield Finding(about=about, verdict=CheckStatus.FAILED, detail=fault, fix=fix)
        return
    when = f"every {duration_text(source.every)}" if source.every else f"at {source.cron}"
    zone = "" if source.every else f" ({source.timezone})"
    first = "at once" if at <= now else f"at {moment(at)} UTC"
    detail = f"{source.type}, {when}{zone}; `monitor run` reads it first {first}"
    yield Finding(about=about, verdict=CheckStatus.FINE, detail=detail)


def gate_findings(app: App) -> Iterator[Finding]:
    """Report what is held of the sources, and which of their records cannot be read."""
    try:
        found = gates(app)
    except StoreError:  # told among the findings of the store
        return
    for gate in found:
        about, named = f"source {gate.source}", f'"{gate.source}"'
        if gate.state.reason:
            fix = f"`monitor source show {named}` tells more. {what_to_do(gate.source, gate.state)}"
            detail = f"held: {gate.state.reason}"
            yield Finding(about=about, verdict=CheckStatus.FAILED, detail=detail, fix=fix)
        if gate.unread.count:
            detail = f"{count_text(gate.unread.count, 'followed record')} cannot be read"
            fix = "`monitor quarantine list` tells why; they are asked for in every pass"
            yield Finding(about=about, verdict=CheckStatus.WARNING, detail=detail, fix=fix)


def _folder_fault(path: str) -> str | None:
    try:
        with os.scandir(path) as entries:
            next(entries, None)
    except OSError as exc:
        return f"{path} cannot be looked into: {exc.strerror}"
    return None


def _user() -> str:
    return f"uid {os.geteuid()}" if hasattr(os, "geteuid") else "yours"
