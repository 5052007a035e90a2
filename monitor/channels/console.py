"""The console: each message as plain text on standard output or error."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TextIO

from monitor.channels.checking import wrong
from monitor.errors import DeliveryError
from monitor.model.messages import Message
from monitor.model.neutral import neutral, neutral_lines

_RULE = "-" * 72


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """Which of the two. ConfigError for any other."""

    name: str
    stream: Literal["stdout", "stderr"] = "stdout"

    def __post_init__(self) -> None:
        """Check the stream."""
        if self.stream not in {"stdout", "stderr"}:
            raise wrong(self.name, "stream", "stdout or stderr")


class ConsoleChannel:
    """Writes messages to the console, or to the given stream."""

    type: ClassVar[str] = "console"
    targets: tuple[str, ...] = ("",)

    def __init__(self, settings: ConsoleSettings, *, stream: TextIO | None = None) -> None:
        self.settings = settings
        self.name = settings.name
        self._stream = stream

    @contextlib.contextmanager
    def connected(self) -> Iterator["ConsoleConnection"]:
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
        lines = [_RULE, neutral(heading), "", *neutral_lines(message.text), ""]
        text = "\n".join(lines) + "\n"
        encoding = self._stream.encoding or "utf-8"
        try:
            # A terminal that lacks a letter shows a question mark for it.
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError) as exc:  # the latter when it was closed
            reason = getattr(exc, "strerror", None) or "it is closed"
            raise DeliveryError(f"the console: {reason}", permanent=False) from exc
        return "written"
