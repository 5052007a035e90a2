"""A folder: each message as files that any mail program, browser or script can open."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from itertools import count
from pathlib import Path
from typing import ClassVar

from monitor.channels.envelope import envelope
from monitor.channels.mail import compose
from monitor.errors import DeliveryError
from monitor.model.messages import Message, Rendering
from monitor.private_files import make_private_folder, open_private
from monitor.settings import DeliverySettings, FolderChannelSettings
from monitor.settings.channels import Format
from monitor.settings.hosts import Mailbox
from monitor.settings.sections import DELIVERY_DEFAULTS

_RENDERINGS: Mapping[Format, frozenset[Rendering]] = {
    "eml": frozenset({"text", "html"}),
    "html": frozenset({"html"}),
    "json": frozenset({"data"}),
}
_SENDER = Mailbox(name="Trial monitor", address="trial-monitor@localhost")
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
# What `_put` adds to the name of a repetition that says something else.
_NUMBER = re.compile(r"\.[0-9]+\Z")
# A file name has 255 bytes at most: two such pieces, a time and an extension fit.
_LONGEST = 60


class FolderChannel:
    """Writes messages into a folder."""

    type: ClassVar[str] = "folder"
    is_reachable: ClassVar[bool] = False
    targets: tuple[str, ...] = ("",)

    def __init__(
        self, settings: FolderChannelSettings, delivery: DeliverySettings = DELIVERY_DEFAULTS
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._source = delivery.event_source
        self.renderings = frozenset[Rendering]().union(
            *(_RENDERINGS[kind] for kind in settings.formats)
        )

    @contextlib.contextmanager
    def connect(self) -> Iterator["FolderConnection"]:
        """Yield what writes."""
        yield FolderConnection(Path(self.settings.path), self.settings.formats, self._source)


class FolderConnection:
    """Writes one message after the other."""

    def __init__(self, folder: Path, formats: tuple[Format, ...], source: str) -> None:
        self._folder = folder
        self._formats = formats
        self._source = source
        self._stems: dict[str, str] | None = None

    def send(self, message: Message) -> str:
        """Write the message's files, each whole or not at all, and return their common name.

        Names begin with the time of the change and end with the message's uid. A repetition that
        says the same changes nothing; one that says something else, if only when it was seen, gets
        files beside the first: ``….2.json``. Nothing is ever overwritten. DeliveryError, not
        permanent, when the folder or the disk fails.
        """
        try:
            make_private_folder(self._folder)
            contents = {kind: self._content(message, kind) for kind in self._formats}
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
            paths = {self._folder / f"{name}.{kind}": kind for kind in contents}
            # Formats may have been added to the settings since: a repetition then writes what is
            # missing.
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
        return envelope(message, self._source)

    def _stem(self, message: Message) -> str:
        """Return the name that the message has already, or its own."""
        if self._stems is None:
            # Once for each connection: a folder can hold many thousands of files.
            entries = os.scandir(self._folder)
            names = (_NUMBER.sub("", entry.name.rpartition(".")[0]) for entry in entries)
            # Found by uid: the time at the beginning of the name can differ in a repetition.
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
    # The dot hides it from programs that watch the folder until it has its name.
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(new, "wb", opener=open_private) as file:  # Path's has no opener
            file.write(content)
            file.flush()
            # Before it has its name: after a power cut, a name must not stand for an empty file.
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
