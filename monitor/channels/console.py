"""The console: each message as plain text on standard output or error."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import ClassVar, TextIO

from monitor.errors import DeliveryError
from monitor.model.messages import Message, Rendering
from monitor.model.sanitize import sanitize, sanitize_lines
from monitor.settings import ConsoleChannelSettings, DeliverySettings
from monitor.settings.sections import DELIVERY_DEFAULTS

_RULE = "-" * 72


class ConsoleChannel:
    """Writes messages to the console, or to the given stream."""

    type: ClassVar[str] = "console"
    is_reachable: ClassVar[bool] = False
    renderings: ClassVar[frozenset[Rendering]] = frozenset({"text"})
    targets: tuple[str, ...] = ("",)

    def __init__(
        self,
        settings: ConsoleChannelSettings,
        _: DeliverySettings = DELIVERY_DEFAULTS,
        *,
        stream: TextIO | None = None,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._stream = stream

    @contextlib.contextmanager
    def connect(self) -> Iterator["ConsoleConnection"]:
        """Yield what writes."""
        standard = sys.stderr if self.settings.stream == "stderr" else sys.stdout
        yield ConsoleConnection(self._stream or standard)


class ConsoleConnection:
    """Writes one message after the other."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, message: Message) -> str:
        """Write the message, a rule above it; nothing in it steers the terminal.

        DeliveryError, not permanent, when nobody reads any more or the disk is full.
        """
        heading = f"To {message.subscriber}: {message.subject}"
        lines = [_RULE, sanitize(heading), "", *sanitize_lines(message.text), ""]
        text = "\n".join(lines) + "\n"
        # A terminal that lacks a letter shows a question mark for it.
        encoded = text.encode(self._stream.encoding or "utf-8", "replace")
        try:
            # First what `print` has left in the buffer, which `os.write` would overtake.
            self._stream.flush()
            self._write(encoded)
        except (OSError, ValueError) as exc:  # the latter when it was closed
            reason = getattr(exc, "strerror", None) or "it is closed"
            raise DeliveryError(f"the console: {reason}", permanent=False) from exc
        return "written"

    def cut(self) -> bool:
        """Do nothing: a write does not let itself be ended from outside."""
        return False

    def _write(self, text: bytes) -> None:
        """Write past the stream's buffer, where it has a file.

        Whoever waits for ever in a write (nobody drains the pipe) must hold no lock of the stream:
        Python takes that lock at its end, to write what is left in the buffer.
        """
        try:
            file = self._stream.fileno()
        except OSError:  # it is none, but a stream in memory
            self._stream.write(text.decode(self._stream.encoding or "utf-8"))
            self._stream.flush()
            return
        # `os.write` may take less than it is given, as a pipe does that is nearly full.
        while text:
            text = text[os.write(file, text) :]
