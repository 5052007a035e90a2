"""The monitor as a process: what it loads, how it ends, what it leaves behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.calls import MADE, Monitor
from tests.cli.studies import NCT, OTHER, study

REPO = Path(__file__).parents[2]
HEAVY = ("alembic", "psycopg", "deepdiff", "apprise", "rich", "structlog", "rapidfuzz")
LOADED = """
import sys
from monitor.__main__ import main
sys.argv[0] = "monitor"
try:
    main()
finally:
    names = {name.partition(".")[0] for name in sys.modules}
    print(*sorted(names & set(HEAVY)), file=sys.stderr)
"""


def environment() -> dict[str, str]:
    """Return this process's environment without what changes how Python writes."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def process(
    monitor: Monitor, *args: str, script: str | None = None, **environ: str
) -> subprocess.Popen[str]:
    """Start the monitor as a process of its own."""
    start = ["-c", script] if script else ["-m", "monitor"]
    return subprocess.Popen(
        [sys.executable, *start, *args],
        cwd=REPO,
        env={**environment(), "MONITOR_DATABASE_URL": monitor.url, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(monitor: Monitor, *args: str, **options: str) -> tuple[int, str, str]:
    """Run it to its end; return exit code and what it wrote."""
    started = process(monitor, *args, **options)
    out, err = started.communicate(timeout=60)
    return started.returncode, out, err


@pytest.mark.parametrize(
    "arguments",
    [
        ("history", NCT),
        ("history", NCT, "--json"),
        ("show", NCT),
        ("show", NCT, "--field", "overallStatus"),
        ("trials",),
        ("quarantine", "list"),
    ],
    ids=" ".join,
)
def test_looking_something_up_loads_nothing_heavy(
    filled: Monitor, arguments: tuple[str, ...]
) -> None:
    script = LOADED.replace("HEAVY", repr(HEAVY))
    code, out, err = run(filled, *arguments, script=script)
    assert (code, err.split()) == (0, [])
    assert out


def test_help_loads_no_database(filled: Monitor) -> None:
    script = LOADED.replace("HEAVY", repr((*HEAVY, "sqlalchemy")))
    code, out, err = run(filled, "--help", script=script)
    assert (code, err.split()) == (0, [])
    assert out


def test_a_reader_that_goes_away_is_no_failure_to_speak_of(filled: Monitor) -> None:
    many = [study(nct_id=f"NCT{number:08d}", title="t" * 500) for number in range(1, 400)]
    filled.ingest(*many)
    with process(filled, "trials") as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.readline()
        started.stdout.close()
        assert started.stderr.read() == ""
        assert started.wait(timeout=60) == 141


def test_a_reader_that_was_never_there_is_none_either(filled: Monitor) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    found = subprocess.run(
        [sys.executable, "-m", "monitor", "history", NCT],
        cwd=REPO,
        env={**environment(), "MONITOR_DATABASE_URL": filled.url},
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)
    assert (found.returncode, found.stderr) == (141, "")


def test_errors_are_one_line_and_an_exit_code(monitor: Monitor) -> None:
    code, out, err = run(monitor, "history", "12")
    assert (code, out) == (2, "")
    assert err.startswith("monitor: '12' is not an NCT ID")
    code, out, err = run(monitor, "trials")
    assert (code, out, err.count("\n")) == (1, "", 1)


def test_an_output_that_cannot_be_written_is_one_line(filled: Monitor) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("w") as stdout:
        found = subprocess.run(
            [sys.executable, "-m", "monitor", "trials"],
            cwd=REPO,
            env={**environment(), "MONITOR_DATABASE_URL": filled.url},
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert found.returncode == 1
    assert found.stderr == "monitor: No space left on device (OSError)\n"


@pytest.mark.parametrize("closed", [">&-", "<&- >&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_take_nothing_and_break_nothing(
    filled: Monitor, closed: str
) -> None:
    for command in ("trials", f"history {NCT} --json", "ingest seeds/2026-07"):
        found = subprocess.run(
            ["/bin/sh", "-c", f'exec "$0" -m monitor {command} {closed}', sys.executable],
            cwd=REPO,
            env={**environment(), "MONITOR_DATABASE_URL": filled.url},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert (found.returncode, found.stderr) == (0, "")
    assert "NCT06733935" in filled.answer("trials")  # the store's files are whole


def test_letters_that_the_output_cannot_take_do_not_stop_it(filled: Monitor) -> None:
    code, out, err = run(filled, "history", NCT, PYTHONIOENCODING="ascii")
    assert (code, err) == (0, "")
    assert "144 ? 240" in out


def test_an_unforeseen_error_is_one_line_until_more_is_asked_for(filled: Monitor) -> None:
    script = """
import sys
from monitor.cli.errors import report_unexpected
sys.excepthook = report_unexpected
raise RuntimeError("first\\nsecond \\x1b[2J")
"""
    code, out, err = run(filled, script=script)
    assert (code, out) == (1, "")
    assert err == (
        "monitor: unexpected RuntimeError: first second ␛[2J (run it with --debug to see where)\n"
    )
    _, _, err = run(filled, script=script, MONITOR_DEBUG="1")
    assert err.startswith("Traceback")
    _, _, err = run(filled, "--debug", script=script)
    assert err.startswith("Traceback")


def test_interrupted_it_keeps_what_was_stored_and_says_so(monitor: Monitor, tmp_path: Path) -> None:
    pipe = tmp_path / "records"
    os.mkfifo(pipe)
    started = process(monitor, "ingest", str(pipe), MONITOR_INGEST__BATCH_RECORDS="10")
    many = [study(nct_id=f"NCT{number:08d}", title="t" * 9000) for number in range(1, 61)]
    with pipe.open("w") as records:
        records.writelines(json.dumps(one) + "\n" for one in many)
        records.flush()
        wait_for_trials(monitor, 10)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=60)
    assert (started.returncode, out) == (130, "")
    assert "monitor: interrupted; what was stored stays, at least: " in err
    assert len([line for line in MADE.sub("", err).splitlines() if line]) == 1
    stored = len(monitor.json("trials"))
    counted = re.search(r"(\d+) stored", err)
    filled = int(counted.group(1)) if counted else 0
    assert stored >= 10
    assert (
        filled <= stored <= filled + 10
    )  # the batch at hand may have been committed, not yet told
    assert monitor.ingest(*many).exit_code == 0
    assert len(monitor.json("trials")) == 60


def wait_for_trials(monitor: Monitor, count: int) -> None:
    """Wait until the store holds so many trials."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = monitor("trials", "--json")
        if found.exit_code == 0 and len(json.loads(found.stdout)) >= count:
            return
    pytest.fail("nothing was stored in time")


def test_the_steps_of_a_pass_are_logged_where_they_are_asked_for(
    monitor: Monitor, tmp_path: Path
) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(study()))
    environ = {"MONITOR_LOG__LEVEL": "debug", "MONITOR_LOG__FORMAT": "json"}
    code, _, err = run(monitor, "ingest", str(file), **environ)
    steps = [json.loads(line) for line in MADE.sub("", err).splitlines()]
    assert code == 0
    assert [step["event"] for step in steps] == [
        "ingest started", "batch stored", "ingest finished",
    ]  # fmt: skip
    assert steps[-1]["stored"] == 1
    assert steps[-1]["level"] == "debug"
    code, _, err = run(monitor, "ingest", str(file), MONITOR_LOG__LEVEL="debug")
    assert "batch stored" in err
    assert run(monitor, "ingest", str(file))[2] == ""


def test_the_version_is_told(monitor: Monitor) -> None:
    code, out, _ = run(monitor, "--version")
    assert (code, out) == (0, "monitor 0.1.0\n")


def test_commands_and_options_that_are_not_there_are_told_with_the_nearest(
    monitor: Monitor,
) -> None:
    assert "did you mean history?" in monitor.complaint("histroy", code=2)
    assert "did you mean NCT" not in monitor.complaint("zzz", code=2)
    assert "--sinc" in monitor.complaint("history", OTHER, "--sinc", "2026", code=2)
    assert "no such key" in monitor.complaint("--config", str(wrong(monitor)), "trials", code=2)
    missing = monitor.complaint("--config", "nowhere.toml", "trials", code=2)
    assert "nowhere.toml" in missing


def wrong(monitor: Monitor) -> Path:
    """Return a configuration with a key that is not there."""
    file = monitor.folder / "wrong.toml"
    file.write_text("[store]\nurll = 'sqlite:///x.db'\n")
    return file
