"""Log lines: a constant message and fields, on standard error, for people or for machines."""

import contextlib
import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from monitor.app.log_queue import queue_standard_error
from monitor.model.sanitize import sanitize, sanitize_lines
from monitor.settings import LogSettings

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor

    from monitor.sources.http import RequestLog

# Below a warning they tell of every request, every job and every connection.
_TALKATIVE = ("apscheduler", "httpcore2", "httpx2", "urllib3", "uvicorn")


def configure(settings: LogSettings) -> None:
    """Let everything that is logged from now on look as the settings say.

    Libraries that log in the standard way go the same way, from WARNING on.
    """
    least = logging.getLevelNamesMapping()[settings.level.upper()]
    stamped: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    written = _as_json() if settings.format == "json" else _console_processors()
    structlog.configure(
        processors=[*stamped, *written],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=_printer,
        # `configure` is called again with each reload.
        cache_logger_on_first_use=False,
    )
    _route_standard_logging(stamped, written, max(least, logging.WARNING))


def never_wait() -> None:
    """Let no log line hold the process: one that nobody reads in time is dropped and counted.

    For what runs long. The count is logged when there is room again.
    """

    def warn_dropped(lines: int) -> None:
        get_logger().warning("log lines dropped", lines=lines)

    queue_standard_error(warn_dropped)


def get_logger() -> "FilteringBoundLogger":
    """Return a logger; with the default settings where ``configure`` was not called yet."""
    if not structlog.is_configured():
        configure(LogSettings())
    made: FilteringBoundLogger = structlog.get_logger()
    return made


def bound_fields(**fields: object) -> AbstractContextManager[None]:
    """Put the fields into every line that this thread or task logs inside the block."""
    return structlog.contextvars.bound_contextvars(**fields)


def log_request(request: "RequestLog") -> dict[str, object]:
    """Return the fields that tell of a request."""
    return {
        "host": request.host,
        "path": request.path,
        "status": request.status,
        "error": request.error,
        "seconds": round(request.elapsed_s, 3),
        "bytes": request.size,
        "attempt": request.attempt,
    }


def _as_json() -> "list[Processor]":
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _console_processors() -> "list[Processor]":
    # A traceback comes as text, in which nothing steers either.
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)
    return [structlog.processors.format_exc_info, _sanitize_fields, console]


def _sanitize_fields(_logger: object, _method: str, fields: "EventDict") -> "EventDict":
    """Take from texts what would steer a terminal: they may be the registry's."""
    for name, value in fields.items():
        if isinstance(value, str):
            lines = sanitize_lines(value) if name == "exception" else [sanitize(value)]
            fields[name] = "\n".join(lines)
    return fields


class _ToStandardError:
    """Standard error as it is at the moment of writing; a reader that has gone stops nobody."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


_OUTPUT: Any = _ToStandardError()


def _printer(*_: object) -> structlog.WriteLogger:
    output: TextIO = _OUTPUT
    return structlog.WriteLogger(output)  # a line is one write: it is kept or dropped as a whole


def _route_standard_logging(
    stamped: "list[Processor]", written: "list[Processor]", least: int
) -> None:
    """Let the standard library's loggers write the same lines."""
    remove_meta: Callable[..., Any] = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*stamped, structlog.stdlib.ExtraAdder()],
        processors=[remove_meta, *written],
    )
    handler = logging.StreamHandler(_OUTPUT)
    handler.setFormatter(formatter)
    handler.set_name("monitor")
    root = logging.getLogger()
    # With each reload: one handler, not one more.
    for old in [one for one in root.handlers if one.get_name() == "monitor"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(least)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(least)


def log_step(event: str, facts: Mapping[str, object]) -> None:
    """Log what happened in a pass besides its pages, as a source tells it."""
    get_logger().info(event.replace("_", " "), **facts)
