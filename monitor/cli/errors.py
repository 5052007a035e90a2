"""What the user sees when a command fails: one clear line, and an exit code to act upon."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from types import TracebackType

import click

from monitor.errors import ConfigError, MonitorError, NotFoundError, UsageError
from monitor.model.sanitize import sanitize

FAILED = 1
# As click and argparse exit after a usage error.
USAGE_ERROR = 2
NOT_FOUND = 3
# 128 + SIGINT, as shells report it.
INTERRUPTED = 130
PIPE_CLOSED = 141  # what a shell reports for a program that SIGPIPE ended


class Failure(Exception):  # noqa: N818  # not an error of the program: the end of a command
    """A command's end with an exit code, after it has said what there was to say."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def exit_code(error: MonitorError) -> int:
    """Return 2 for a wrong question or configuration, 3 for what is not there, else 1."""
    if isinstance(error, UsageError | ConfigError):
        return USAGE_ERROR
    return NOT_FOUND if isinstance(error, NotFoundError) else FAILED


def print_error(message: str) -> None:
    """Write one line to standard error, whatever the message holds."""
    # One line whatever it holds, so that a log takes it for one entry; names of files and registry
    # text may contain line ends and control characters.
    click.echo(f"monitor: {sanitize(' '.join(message.split()))}", err=True)


def report_created_stores() -> None:
    """Say on standard error which stores the command made, as it does where there is none."""
    for name in _created_stores():
        print_error(f"made a new store at {name}")


def forget_created_stores() -> None:
    """Leave out what was made before the command, where a process runs several."""
    _created_stores()


def _created_stores() -> list[str]:
    migrate = sys.modules.get("monitor.store.migrate")  # not loaded: nothing was written
    return migrate.made_stores() if migrate else []


def wants_traceback(args: Sequence[str]) -> bool:
    """Return whether --debug or MONITOR_DEBUG asks for tracebacks."""
    return "--debug" in args or bool(os.environ.get("MONITOR_DEBUG"))


@contextlib.contextmanager
def handle_errors(args: Sequence[str]) -> Iterator[None]:
    """Turn the known ways to fail into one line on standard error and an exit code."""
    try:
        yield
    except MonitorError as error:
        if wants_traceback(args):
            import traceback

            traceback.print_exc()
        print_error(str(error))
        sys.exit(exit_code(error))
    except Failure as failure:
        # The command has printed what there was to say.
        sys.exit(failure.code)
    # `monitor db` alone: its help is shown, and the exit code tells a script that nothing was
    # done.
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(USAGE_ERROR)
    except click.ClickException as error:
        help_of = (
            error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
        )
        hint = f" (`{help_of} --help` tells more)" if help_of else ""
        print_error(error.format_message().rstrip(".") + hint)
        sys.exit(error.exit_code)
    except click.Abort:
        print_error("interrupted")
        sys.exit(INTERRUPTED)


def close_output() -> None:
    """Send what is still to be written nowhere: the reader is gone, or the disk full."""
    with contextlib.suppress(OSError, ValueError):
        # Python flushes standard output at its end, and would fail there once more.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def report_unexpected(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Write an unforeseen error as one line (``sys.excepthook``); in full where asked for."""
    if wants_traceback(sys.argv):
        import traceback

        traceback.print_exception(kind, error, trace)
    elif isinstance(error, OSError):
        print_error(f"{error.strerror or error}{_file_suffix(error)} ({kind.__name__})")
    else:
        print_error(f"unexpected {kind.__name__}: {error} (run it with --debug to see where)")
    close_output()


def _file_suffix(error: OSError) -> str:
    return f": {error.filename}" if error.filename else ""
