"""The monitor on a real terminal: colours, its width, and a bar on long runs."""

import json
import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.calls import MADE, Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.deliver.configured import folder_channel

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
REPO = Path(__file__).parents[2]
SGR = re.compile(r"\x1b\[[\d;]*m")


def on_terminal(monitor: Monitor, *args: str, **environ: str) -> tuple[str, str]:
    """Run it with output and errors on a terminal each; return what they show."""
    code, shown, errors = ended_on_terminal(monitor, *args, **environ)
    assert code == 0, errors
    return shown, errors


def ended_on_terminal(monitor: Monitor, *args: str, **environ: str) -> tuple[int, str, str]:
    """Do the same, and return the exit code before it."""
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    ends = [pty.openpty() for _ in range(2)]
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", *args],
        cwd=REPO,
        env={**clean, "MONITOR_DATABASE_URL": monitor.url, "TERM": "xterm", **environ},
        stdin=subprocess.DEVNULL,
        stdout=ends[0][1],
        stderr=ends[1][1],
    ) as process:
        for _, theirs in ends:
            os.close(theirs)
        with ThreadPoolExecutor() as readers:  # neither end may fill up meanwhile
            shown, errors = readers.map(read_all, (ours for ours, _ in ends))
        return process.wait(timeout=60), shown, errors


def read_all(terminal: int) -> str:
    """Read until the other end is closed."""
    pieces = []
    with os.fdopen(terminal, "rb", buffering=0) as stream:
        try:
            while piece := stream.read(65536):
                pieces.append(piece)
        except OSError:  # Linux: nobody holds the other end any more
            pass
    return b"".join(pieces).decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours_and_lines_of_its_width(filled: Monitor) -> None:
    shown, _ = on_terminal(filled, "history", NCT, COLUMNS="60")
    assert "\x1b[1mNCT09000001" in shown
    rows = SGR.sub("", shown).splitlines()
    assert max(map(len, rows)) <= 60
    assert "Enrollment target: 144 → 240 (+67%)" in SGR.sub("", shown)


def test_no_color_is_heeded_on_a_terminal(filled: Monitor) -> None:
    shown, _ = on_terminal(filled, "history", NCT, NO_COLOR="1")
    assert "\x1b" not in shown


def test_a_table_fits_the_terminal(filled: Monitor) -> None:
    filled.ingest(study(nct_id="NCT09000003", title="A long title " * 20, sponsor="Sponsor " * 9))
    shown, _ = on_terminal(filled, "trials", COLUMNS="90")
    rows = SGR.sub("", shown).splitlines()
    assert len(rows) == 5
    assert max(map(len, rows)) <= 90
    assert rows[3].endswith("…")


def test_a_wide_terminal_shows_whole_cells_and_a_narrow_one_the_last_error(
    monitor: Monitor,
) -> None:
    config = monitor.folder / "monitor.toml"
    config.write_text(
        folder_channel(monitor.folder, "broken")
        + '[delivery]\nattempts = 1\n[[subscription]]\nname = "all"\nall = true\n'
        'subscriber = "feasibility-team-of-the-hospital"\nchannels = "broken"\n',
        "utf-8",
    )
    (monitor.folder / "broken").write_text("a file where the folder should be")
    monitor.environ["MONITOR_CONFIG"] = str(config)
    monitor.ingest(study())
    assert monitor("deliver", "--once").exit_code == 1
    environ = {"MONITOR_CONFIG": str(config), "NO_COLOR": "1"}
    narrow, _ = on_terminal(monitor, "outbox", "list", COLUMNS="80", **environ)
    assert "\n    the folder: Not a directory" in narrow
    assert max(map(len, narrow.splitlines())) <= 80
    wide, _ = on_terminal(monitor, "outbox", "list", COLUMNS="200", **environ)
    assert "  feasibility-team-of-the-hospital  " in wide
    assert "  the folder: Not a directory" in wide.splitlines()[1]


def test_a_long_run_shows_a_bar_and_takes_it_away(monitor: Monitor, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    title = "t" * 2000
    lines = (json.dumps(study(nct_id=f"NCT{n:08d}", title=title)) for n in range(1, 1501))
    file.write_text("\n".join(lines))
    shown, bar = on_terminal(monitor, "ingest", str(file))
    assert "1,500 read: 1,500 stored" in shown
    assert "\x1b" not in shown
    assert "reading" in bar
    assert "records; " in bar
    assert "\x1b[?25h" in bar  # the cursor is shown again


def test_a_short_run_shows_no_bar(monitor: Monitor, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(study()))
    assert MADE.sub("", on_terminal(monitor, "ingest", str(file))[1]) == ""


def test_a_backfill_shows_its_progress_before_the_registry_has_answered(
    monitor: Monitor, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        config = tmp_path / "monitor.toml"
        config.write_text(
            "[http]\nread_timeout_s = 1\nretry_attempts = 1\n"
            '[[source]]\nname = "a"\ntype = "ctgov"\n'
            f'base_url = "http://127.0.0.1:{silent.getsockname()[1]}"\nall = true\nevery = "1h"\n'
        )
        code, _, bar = ended_on_terminal(
            monitor, "backfill", NCT, OTHER, MONITOR_CONFIG=str(config), COLUMNS="100"
        )
    assert code == 1
    assert "asking for 2 trials" in bar
