"""``monitor run`` brings the store in line with the people of the configuration."""

import signal
from pathlib import Path

from monitor.store.reader import open_reader
from tests.cli.calls import Monitor
from tests.daemon.processes import Running, configure, eventually

CHANNEL = '[[channel]]\nname = "out"\ntype = "console"\n'


def table(name: str, lines: str = "all = true") -> str:
    return f'[[subscription]]\nname = "{name}"\nsubscriber = "ana"\nchannels = "out"\n{lines}\n'


def written(folder: Path, url: str, *tables: str) -> Path:
    """Write a configuration of a source that finds nothing, and of these people."""
    box = folder / "box"
    box.mkdir(exist_ok=True)
    source = f'name = "box"\ntype = "files"\npath = "{box}"\nevery = "1s"\nsettle_s = 0'
    file = configure(folder, url, source)
    file.write_text(f"{file.read_text('utf-8')}\n{CHANNEL}{''.join(tables)}", "utf-8")
    return file


def statuss(url: str) -> dict[str, str]:
    """Return the stored subscriptions, asked for past the commands, which would change them."""
    with open_reader(url) as reader:
        return {one.name: one.status.value for one in reader.subscribers.subscriptions()}


def test_once_stores_the_people_before_its_passes(monitor: Monitor, tmp_path: Path) -> None:
    file = written(tmp_path, monitor.url, table("a"))
    assert monitor("--config", str(file), "run", "--once").exit_code == 0
    assert statuss(monitor.url) == {"a": "active"}


def test_a_clash_with_a_command_s_stops_the_start(monitor: Monitor, tmp_path: Path) -> None:
    file = written(tmp_path, monitor.url)
    monitor.answer("--config", str(file), "subscription", "add", "--subscriber", "ana",
                   "--name", "a", "--all", "--channel", "out")  # fmt: skip
    file = written(tmp_path, monitor.url, table("a"))
    text = monitor.complaint("--config", str(file), "run", "--once", code=2)
    assert '[[subscription]] "a" of ana: a subscription of that name was made by command' in text


def test_the_daemon_takes_people_up_at_its_start_and_at_sighup(
    tmp_path: Path, sqlite_url: str
) -> None:
    with Running(written(tmp_path, sqlite_url, table("a"))) as daemon:
        daemon.wait_for("leading")
        assert statuss(sqlite_url) == {"a": "active"}
        written(tmp_path, sqlite_url, table("b"))
        daemon.send(signal.SIGHUP)
        daemon.wait_for("configuration read again")
        assert statuss(sqlite_url) == {"a": "retired", "b": "active"}
        written(tmp_path, sqlite_url, table("b", "nct_ids_file = 'gone.txt'"))
        daemon.send(signal.SIGHUP)
        refused = daemon.wait_for("configuration refused")
        assert "gone.txt cannot be read" in str(refused["reason"])
        assert statuss(sqlite_url) == {"a": "retired", "b": "active"}
        eventually(lambda: daemon.page("/readyz")[0] == 503)
        assert daemon.stop() == 0
