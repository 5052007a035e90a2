"""A folder: each message as files that any mail program, browser or script can open."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import count
from pathlib import Path
from typing import ClassVar, Literal

from monitor.channels.checking import wrong
from monitor.channels.envelope import envelope
from monitor.channels.mail import Mailbox, compose
from monitor.errors import DeliveryError
from monitor.model.messages import Message, Rendering
from monitor.private_files import make_private_folder, open_private

Format = Literal["eml", "html", "json"]

_FORMATS: tuple[Format, ...] = ("eml", "html", "json")
_RENDERINGS: Mapping[Format, frozenset[Rendering]] = {
    "eml": frozenset({"text", "html"}),
    "html": frozenset({"html"}),
    "json": frozenset({"data"}),
}
_SENDER = Mailbox(name="Trial monitor", address="trial-monitor@localhost")
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_NUMBER = re.compile(r"\.[0-9]+\Z")
_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSettings:
    """Where messages are written (made when it is missing), and as what.

    ``source``: what the JSON says that it comes from. ConfigError where they cannot work.
    """

    name: str
    path: Path
    formats: tuple[Format, ...] = _FORMATS
    source: str = "trial-monitor"

    def __post_init__(self) -> None:
        """Check the formats."""
        if not self.formats or not set(self.formats) <= set(_FORMATS):
            raise wrong(self.name, "formats", f"one or more of {', '.join(_FORMATS)}")


class FolderChannel:
    """Writes messages into a folder."""

    type: ClassVar[str] = "folder"
    targets: tuple[str, ...] = ("",)

    def __init__(self, settings: FolderSettings) -> None:
        self.settings = settings
        self.name = settings.name
        self.renderings = frozenset[Rendering]().union(
            *(_RENDERINGS[kind] for kind in settings.formats)
        )

    @contextlib.contextmanager
    def connected(self) -> Iterator["FolderConnection"]:
        """Yield what writes."""
        yield FolderConnection(self.settings)


class FolderConnection:
    """Writes one message after the other."""

    def __init__(self, settings: FolderSettings) -> None:
        self._settings = settings
        self._stems: dict[str, str] | None = None

    def send(self, message: Message) -> str:
        """Write the message's files, each whole or not at all, and return their common name.

        Names begin with the time of the change and end with the message's uid. A repetition that
        says the same changes nothing; one that says something else, if only when it was seen, gets
        files beside the first: ``….2.json``. Nothing is ever overwritten. DeliveryError, not
        permanent, when the folder or the disk fails.
        """
        try:
            make_private_folder(self._settings.path)
            contents = {kind: self._content(message, kind) for kind in self._settings.formats}
            stem = self._put(self._stem(message), contents)
        except OSError as exc:
            reason = exc.strerror or "it cannot be written"
            raise DeliveryError(f"the folder: {reason}", permanent=False) from exc
        return stem

    def cut(self) -> bool:
        """Do nothing: it does not let itself be ended from outside."""
        return False

    def _put(self, stem: str, contents: Mapping[Format, bytes]) -> str:
        """Write what is not there yet under the first name that holds nothing else."""
        for number in count(1):
            name = stem if number == 1 else f"{stem}.{number}"
            paths = {self._settings.path / f"{name}.{kind}": kind for kind in contents}
            missing = [path for path in paths if not path.exists()]
            there = paths.keys() - set(missing)
            if all(path.read_bytes() == contents[paths[path]] for path in there):
                for path in missing:
                    _write(path, contents[paths[path]])
                return name
        raise AssertionError("unreachable: counting does not end")

    def _content(self, message: Message, kind: Format) -> bytes:
        if kind == "eml":
            return compose(message, _SENDER, to=f"{_plain(message.subscriber)}@localhost")
        if kind == "html":
            return message.html.encode("utf-8", "replace")
        return envelope(message, self._settings.source)

    def _stem(self, message: Message) -> str:
        """Return the name that the message has already, or its own."""
        if self._stems is None:
            entries = os.scandir(self._settings.path)
            names = (_NUMBER.sub("", entry.name.rpartition(".")[0]) for entry in entries)
            self._stems = {stem.rpartition("_")[2]: stem for stem in names if "_" in stem}
        at = message.occurred_at.astimezone(UTC)
        uid = _plain(message.uid)
        own = f"{at:%Y%m%dT%H%M%SZ}_{_plain(message.thread)}_{uid}"
        return self._stems.setdefault(uid, own)


def _plain(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-")[:_LONGEST] or "x"


def _write(path: Path, content: bytes) -> None:
    """Write a new file so that its name always stands for all of it, whatever dies meanwhile.

    FileExistsError when somebody else made one of that name.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(new, "wb", opener=open_private) as file:  # Path's has no opener
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _give_name(new, path)
    finally:
        new.unlink(missing_ok=True)


def _give_name(new: Path, path: Path) -> None:
    try:
        path.hardlink_to(new)  # unlike a rename it never takes another file's place
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if path.exists():
            raise FileExistsError(path) from None
        new.rename(path)
