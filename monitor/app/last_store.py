"""Which store a configuration ran with: a relative path from a wrong folder begins no new one.

Remembered is one small file for each configuration in the user's state folder, named by a digest of
the configuration's absolute path. A store that is there is never refused.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from monitor.app.wiring import App
from monitor.errors import ConfigError
from monitor.private_files import make_private_folder, open_private
from monitor.store.address import StoreAddress

_FOLDER = "trial-monitor"
_ALLOW = "or allow a new store with --new-store"


class LastStore:
    """What is remembered of one configuration file (None: there is none, and nothing is)."""

    def __init__(self, config: Path | None, environ: Mapping[str, str]) -> None:
        self._config = config and Path(os.path.abspath(config))  # noqa: PTH100 - links stay
        self._environ = environ

    def check_new(self, app: App) -> None:
        """Pass when the app's store is there, or may be made; else ConfigError names both stores.

        It may not where the configuration ran with another one that is still there, or where a
        SQLite store with the same relative path lies beside the configuration.
        """
        if self._config is None or app.schema_status().status != "empty":
            return
        address = StoreAddress.parse(app.settings.store.url)
        here = _name(address)
        missing = f"there is no store at {here} yet, and the configuration {self._config}"
        before = self._remembered()
        if before is not None and before != here and _may_be_there(before):
            raise ConfigError(
                f"{missing} ran with {before} before; start it where it was started then, give"
                f" [store] url an absolute path, {_ALLOW}"
            )
        for beside in self._beside(address):
            raise ConfigError(
                f"{missing} has a store beside it: {beside}; start the monitor in the folder that"
                f" leads there, give [store] url an absolute path, {_ALLOW}"
            )

    def remember(self, app: App) -> None:
        """Note the app's store as that of the configuration; where nothing can be noted, nothing.

        That is so in a container with a read-only root, where the folder is the same each time.
        """
        store = _name(StoreAddress.parse(app.settings.store.url))
        if self._config is None or self._remembered() == store:
            return
        file = self._file()
        content = json.dumps({"configuration": str(self._config), "store": store}, indent=2)
        with suppress(OSError, ValueError):
            make_private_folder(file.parent)
            # Renamed into its place, so that nobody reads half of it.
            beside = file.with_name(f".{file.name}.{os.getpid()}")
            with open(beside, "w", encoding="utf-8", opener=open_private) as stream:
                stream.write(content + "\n")
            beside.replace(file)

    def _remembered(self) -> str | None:
        """Return the store that the configuration ran with last; None where that is not known."""
        try:
            known: Any = json.loads(self._file().read_text("utf-8"))
            return str(known["store"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _file(self) -> Path:
        digest = sha256(os.fsencode(str(self._config))).hexdigest()[:32]
        return _state_folder(self._environ) / "stores" / f"{digest}.json"

    def _beside(self, address: StoreAddress) -> Iterator[Path]:
        """Yield other files where the relative path of a SQLite store may have led."""
        if self._config is None or address.path is None or address.path.is_absolute():
            return
        folder = self._config.parent
        for place in (folder, folder.parent):  # config/monitor.toml is read from the one above
            found = Path(os.path.normpath(place / address.path))
            if found.is_file() and found.stat().st_size:
                yield found
        if (named := folder / address.path.name).is_file() and named.stat().st_size:
            yield named


def _state_folder(environ: Mapping[str, str]) -> Path:
    """Return where programs keep their state: systemd's folder, XDG's, or the user's.

    Source: systemd.exec(5), XDG Base Directory Specification.
    """
    named = environ.get("STATE_DIRECTORY", "").partition(":")[0] or environ.get("XDG_STATE_HOME")
    if named and Path(named).is_absolute():
        return Path(named) / _FOLDER
    try:
        return Path.home() / ".local" / "state" / _FOLDER
    except RuntimeError:  # a user without a home
        return Path("/nonexistent")


def _name(address: StoreAddress) -> str:
    """Return a store's absolute path, or its URL without user and password."""
    return address.shown if address.path is None else os.path.abspath(address.path)  # noqa: PTH100 - as above


def _may_be_there(store: str) -> bool:
    """Return whether a remembered store is still there; of a database that is not asked."""
    return "://" in store or Path(store).exists()
