"""Backups of the store, and verifying it, by the settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.app.wiring import App

if TYPE_CHECKING:
    from monitor.model.problem import Problem
    from monitor.store.backup import Backup
    from monitor.store.copying import OnStep
    from monitor.store.restore import Restored


def back_up(app: App, file: Path, *, overwrite: bool, on_step: "OnStep") -> "Backup":
    """Write a backup of the store; see ``monitor.store.backup``."""
    from monitor.store.backup import back_up  # noqa: PLC0415  # what loads with `monitor db`

    store = app.settings.store
    return back_up(
        store.url,
        file,
        overwrite=overwrite,
        busy_timeout_s=store.busy_timeout_s,
        on_step=on_step,
    )


def restore(app: App, file: Path, *, keep: bool, on_step: "OnStep") -> "Restored":
    """Put a backup in the place of the store; see ``monitor.store.restore``."""
    from monitor.store.restore import restore  # noqa: PLC0415  # likewise

    store = app.settings.store
    return restore(
        store.url,
        file,
        now=app.now(),
        keep=keep,
        busy_timeout_s=store.busy_timeout_s,
        on_step=on_step,
    )


def verify(app: App, *, on_step: "OnStep") -> "Iterator[Problem]":
    """Yield what is wrong with the store; see ``monitor.store.verify``."""
    from monitor.store.verify import verify  # noqa: PLC0415  # likewise

    store = app.settings.store
    yield from verify(store.url, busy_timeout_s=store.busy_timeout_s, on_step=on_step)
