"""Trying the store: whether it opens, has our schema, can be written, and has room."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.app.doctor_timeouts import CheckTimeoutError, run_check
from monitor.app.follows import following
from monitor.app.store_checks import last_check
from monitor.app.wiring import App
from monitor.errors import StoreError
from monitor.model.checks import CheckStatus, Finding
from monitor.model.tracking import SourceRow
from monitor.private_files import is_open_to_others
from monitor.render.values import count_text, moment
from monitor.store.address import StoreAddress
from monitor.store.copying import side_files
from monitor.store.integrity import is_sound
from monitor.store.reader import open_reader, schema_status
from monitor.store.revisions import require_current
from monitor.store.writer import open_store

if TYPE_CHECKING:
    from monitor.store.reader import Reader

_PATIENCE_S = 5.0
_GIGABYTE = 1_000_000_000
_LITTLE_BYTES = _GIGABYTE
_TOO_LITTLE_BYTES = _GIGABYTE // 10
_NOBODY = "doctor"  # no source, which follows nothing: its deletion is a write without effect


def store_findings(app: App) -> Iterator[Finding]:
    """Try the store; it is neither made nor changed, and waited for at most 5 s at a time."""
    url = _limit_connect_time(app.settings.store.url)
    patience_s = min(_PATIENCE_S, app.settings.store.busy_timeout_s)
    try:
        address = StoreAddress.parse(url)
        yield from _open_findings(app, url, address, patience_s)
    except StoreError as exc:
        yield _failure(str(exc), _fix(str(exc)))
        return
    if address.path is not None:
        yield from _exposure_findings(address.path)
        yield from _room(address.path)


@contextmanager
def limited_reader(app: App) -> "Iterator[Reader]":
    """Open the store for looking something up; it is waited for at most 5 s at a time."""
    store = app.settings.store
    patience_s = min(_PATIENCE_S, store.busy_timeout_s)
    with open_reader(_limit_connect_time(store.url), busy_timeout_s=patience_s) as reader:
        yield reader


def limited_with_followed(app: App) -> App:
    """Return the monitor with what is followed by command, where the store tells that in time."""
    try:
        nct_ids = run_check(partial(_followed_ids, app), about="store", within_s=2 * _PATIENCE_S)
    except (StoreError, CheckTimeoutError):  # reported among the findings of the store
        return app
    return following(app, nct_ids)


def _followed_ids(app: App) -> list[str]:
    with limited_reader(app) as reader:
        return reader.sources.followed_by_command()


def known_sources(app: App) -> dict[str, SourceRow]:
    """Return what the store knows of the sources; nothing where it is new, or cannot be read."""
    try:
        return run_check(partial(_sources, app), about="store", within_s=2 * _PATIENCE_S)
    except (StoreError, CheckTimeoutError):  # reported among the findings of the store
        return {}


def _sources(app: App) -> dict[str, SourceRow]:
    with limited_reader(app) as reader:
        return {row.name: row for row in reader.sources.all()}


def _limit_connect_time(url: str) -> str:
    """Return the URL with a limit to connecting, where PostgreSQL would wait for minutes."""
    if url.startswith("sqlite") or "connect_timeout=" in url:
        return url
    # A parameter of libpq, in whole seconds.
    return f"{url}{'&' if '?' in url else '?'}connect_timeout={_PATIENCE_S:.0f}"


def _open_findings(
    app: App, url: str, address: StoreAddress, patience_s: float
) -> Iterator[Finding]:
    status = schema_status(url, busy_timeout_s=patience_s)
    if status.status == "empty":
        yield _creation_finding(address)
        return
    require_current(status, address)
    sound = is_sound(url, within_s=_PATIENCE_S)
    with open_reader(url, busy_timeout_s=patience_s) as reader:
        counts = reader.sources.counts()
        check = last_check(reader)
    checked = ", its structure sound" if sound else ""
    holds = count_text(counts.trials, "trial") if counts.trials else "empty: it holds no trial yet"
    detail = f"schema {status.revision}{checked}, {holds}"
    yield _fine(f"{app.store_name}: {detail}")
    if check is not None and check.damage:
        outcome = f"the check of {moment(check.at)} UTC found damage: {check.damage}"
        yield _failure(outcome, "`monitor db verify` names what is damaged; " + _fix(outcome))
    with (
        open_store(url, create=False, busy_timeout_s=patience_s) as store,
        store.transaction() as transaction,
    ):
        transaction.sources.unfollow(_NOBODY, [_NOBODY])
    yield _fine("can be written")


def _creation_finding(address: StoreAddress) -> Finding:
    """Say whether the first writer will be able to make the store."""
    if address.path is None:
        return _fine(f"{address.shown} has no tables yet; `monitor run` makes them")
    path = address.path.absolute()
    if path.exists():
        place, outcome = path, "has no tables yet; `monitor run` makes them"
        usable = os.access(path, os.W_OK)
    else:
        place = next(folder for folder in path.parents if folder.exists())
        outcome = "is not there yet; `monitor run` makes it"
        # A new file needs write and search permission on its folder.
        usable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    if usable:
        return _fine(f"{address.shown} {outcome}")
    detail = f"{address.shown} cannot be made: {place} cannot be written"
    return _failure(detail, _writable(place))


def _exposure_findings(path: Path) -> Iterator[Finding]:
    """Name the files of the store, and of stores that were replaced, that others can read."""
    files = [path, *side_files(path), *sorted(path.parent.glob(f"{path.name}.replaced-*"))]
    open_ones = [file for file in files if is_open_to_others(file)]
    if open_ones:
        named = ", ".join(f"{file} (mode {file.stat().st_mode & 0o777:o})" for file in open_ones)
        fix = f"chmod 600 {' '.join(str(file) for file in open_ones)}"
        yield Finding(
            about="store", verdict=CheckStatus.WARNING, detail=f"others can read {named}", fix=fix
        )


def _room(path: Path) -> Iterator[Finding]:
    place = next((one for one in path.absolute().parents if one.is_dir()), None)
    if place is None:
        return
    free = shutil.disk_usage(place).free
    detail = f"{free / _GIGABYTE:,.1f} GB free on the disk of {place}"
    if free >= _LITTLE_BYTES:
        yield _fine(detail)
    else:
        verdict = CheckStatus.FAILED if free < _TOO_LITTLE_BYTES else CheckStatus.WARNING
        fix = "make room, or move the store: [store] url"
        yield Finding(about="store", verdict=verdict, detail=detail, fix=fix)


def _fix(detail: str) -> str:
    """Return what to do about a store's error; "" where the error says it by itself."""
    if "`monitor db upgrade`" in detail:
        return "back the store up before: `monitor db backup`"
    for words, fix in (
        ("newer version", "upgrade the monitor"),
        ("another program and no", "name another place: [store] url"),
        ("read-only", "give this user leave to write the store and its folder"),
        ("damaged", "stop the monitor and put a backup back: `monitor db restore`"),
        ("not a SQLite database", "name another place: [store] url"),
        ("is locked", "look which other program keeps it; a second `monitor run` does not"),
        ("cannot be reached", "see whether the server runs and the URL's host and port are right"),
        ("refused", "check user and password in MONITOR_DATABASE_URL or its _FILE"),
        ("does not exist", "make the database, or mend its name in the URL"),
    ):
        if words in detail:
            return fix
    return "check what the database says"


def _writable(place: Path) -> str:
    user = f"uid {os.geteuid()}" if hasattr(os, "geteuid") else "this user"
    return f"let {user} write {place}, or name another place: [store] url"


def _fine(detail: str) -> Finding:
    return Finding(about="store", verdict=CheckStatus.FINE, detail=detail)


def _failure(detail: str, fix: str) -> Finding:
    return Finding(about="store", verdict=CheckStatus.FAILED, detail=detail, fix=fix)
