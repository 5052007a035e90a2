"""Log lines, for people and for machines."""

import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from monitor.app.logs import bound_fields, configure, get_logger
from monitor.settings import LogSettings

JSON = LogSettings(format="json")


@pytest.fixture(autouse=True)
def _untouched() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Return what was logged as JSON; nothing may be on standard output."""
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_a_line_for_machines_has_event_level_time_and_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(JSON)
    get_logger().info("pass finished", source="lupus", stored=3)
    (line,) = lines(capsys)
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {"event": "pass finished", "level": "info", "source": "lupus", "stored": 3}


def test_a_line_for_people_cannot_steer_their_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSettings())
    get_logger().error("pass failed", reason="said \x1b[2J\nforged line", source="x")
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "said ␛[2J forged line" in err
    assert "\x1b" not in err


def test_a_traceback_for_people_keeps_its_lines_and_nothing_that_steers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(LogSettings())
    get_logger().error("pass crashed", exc_info=ValueError("odd \x1b[31m"))
    err = capsys.readouterr().err
    assert "\nValueError: odd ␛[31m\n" in err


@pytest.mark.parametrize(
    ("level", "count"),
    [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)],
)
def test_less_than_the_level_is_not_written(
    capsys: pytest.CaptureFixture[str], level: str, count: int
) -> None:
    configure(LogSettings(format="json", level=level))  # type: ignore[arg-type]  # one of four
    log = get_logger()
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert len(lines(capsys)) == count


def test_fields_of_a_pass_are_in_all_lines_of_its_thread_and_in_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(JSON)
    with bound_fields(number=7, source="lupus"):
        get_logger().info("inside")
        other = threading.Thread(target=lambda: get_logger().info("elsewhere"))
        other.start()
        other.join()
    get_logger().info("after")
    found = {line["event"]: line.get("number") for line in lines(capsys)}
    assert found == {"inside": 7, "elsewhere": None, "after": None}


@pytest.mark.parametrize("name", ["apscheduler", "httpcore2", "httpx2", "urllib3", "uvicorn"])
def test_libraries_speak_up_from_warnings_on_whatever_the_level(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    configure(LogSettings(format="json", level="debug"))
    library = logging.getLogger(f"{name}.part")
    library.info("GET https://registry.example/?secret=1")
    library.warning("pool is %s", "full")
    (line,) = lines(capsys)
    assert (line["event"], line["level"]) == ("pool is full", "warning")


def test_configuring_again_replaces_what_was(capsys: pytest.CaptureFixture[str]) -> None:
    log = get_logger()
    configure(LogSettings(level="error"))
    configure(JSON)
    log.info("now")
    logging.getLogger("urllib3").warning("once")
    assert [line["event"] for line in lines(capsys)] == ["now", "once"]


def test_a_reader_of_the_log_that_has_gone_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        """A standard error that nobody reads any more."""

        def write(self, _: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stderr", Gone())
    configure(JSON)
    get_logger().error("nobody hears this")
    logging.getLogger("urllib3").warning("nor this")
