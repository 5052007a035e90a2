"""The ``monitor`` command, also as ``python -m monitor``."""

import gc
import os
import sys

# What a start loads is kept: looking through it for garbage again and again takes a fifth of the
# time of a short command.
_NEW_OBJECTS = 50_000


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(_NEW_OBJECTS)
    try:
        _open_streams()
        from monitor.cli.errors import report_unexpected  # noqa: PLC0415  # Ctrl-C from the start
        from monitor.cli.root import monitor  # noqa: PLC0415 - likewise

        sys.excepthook = report_unexpected
        monitor(prog_name="monitor")
    except KeyboardInterrupt:
        sys.exit(130)


def _open_streams() -> None:
    """Let nothing be written, where the standard streams are closed, instead of failing at it.

    Without, the store's own files would be opened under their numbers.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one's
            stream = os.fdopen(number, "r" if name == "stdin" else "w", encoding="utf-8")
            setattr(sys, name, stream)


if __name__ == "__main__":
    main()
