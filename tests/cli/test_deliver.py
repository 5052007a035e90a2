"""``monitor deliver``: what is due goes, once or until stopped."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import study
from tests.daemon.processes import eventually
from tests.deliver.configured import folder_channel
from tests.forked import REPO, run_command
from tests.store.test_snapshots import run_sql

NCT = "NCT09000001"


@pytest.fixture
def alerted(monitor: Monitor) -> Monitor:
    """Return the command line on a store with a change that ana is to hear of."""
    subscription = (
        '[[subscription]]\nname = "mine"\nsubscriber = "ana"\nall = true\nchannels = "box"\n'
    )
    config = monitor.folder / "monitor.toml"
    config.write_text(folder_channel(monitor.folder, "box") + subscription, "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(config)
    monitor.ingest(study("2026-02-02"))
    return monitor


def box(monitor: Monitor) -> list[Path]:
    """Return what was delivered."""
    return sorted((monitor.folder / "box").glob("*.json"))


def test_what_is_due_is_sent_once(alerted: Monitor) -> None:
    result = alerted("deliver", "--once")
    assert (result.exit_code, result.stdout) == (0, "box: 1 sent\n"), result.stderr
    assert len(box(alerted)) == 1
    assert alerted("deliver", "--once").stdout == "nothing is due\n"


def test_the_counts_come_as_json(alerted: Monitor) -> None:
    result = alerted("deliver", "--once", "--json")
    counts = {"sent": 1, "retried": 0, "dead": 0, "dropped": 0}
    assert result.exit_code == 0
    assert result.stdout.replace("\n", "").replace(" ", "") == (
        str({"channels": {"box": counts}, "failures": {}}).replace("'", '"').replace(" ", "")
    )


def test_a_console_channel_leaves_standard_output_to_json(alerted: Monitor) -> None:
    (alerted.folder / "monitor.toml").write_text(
        '[[channel]]\nname = "box"\ntype = "console"\n[[subscription]]\nname = "mine"\n'
        'subscriber = "ana"\nall = true\nchannels = "box"\n',
        "utf-8",
    )
    result = alerted("deliver", "--once", "--json")
    assert json.loads(result.stdout)["channels"]["box"]["sent"] == 1
    assert "To ana: " in result.stderr
    result = alerted("channel", "test", "box", "--json")
    assert [one["ok"] for one in json.loads(result.stdout)] == [True]
    assert "This is a test." in result.stderr
    assert "This is a test." in alerted("channel", "test", "box").stdout


def test_what_cannot_be_sent_makes_the_exit_code_1(alerted: Monitor) -> None:
    (alerted.folder / "box").write_text("a file where the folder should be")
    result = alerted("deliver", "--once")
    assert (result.exit_code, result.stdout) == (1, "box: 0 sent, 1 to be tried again\n")


def test_who_ingests_without_alerts_tells_nobody(alerted: Monitor) -> None:
    file = alerted.folder / "more.json"
    file.write_text('{"not": "read"}')
    alerted("deliver", "--once")
    (alerted.folder / "records-1.jsonl").rename(file)
    assert alerted("ingest", str(file), "--no-alerts").exit_code == 0
    assert alerted("deliver", "--once").stdout == "nothing is due\n"


def test_json_goes_with_once(alerted: Monitor) -> None:
    assert "--once" in alerted.complaint("deliver", "--json", code=2)


def test_it_delivers_until_it_is_told_to_stop(alerted: Monitor) -> None:
    config = str(alerted.environ["MONITOR_CONFIG"])
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", "--config", config, "deliver"],
        cwd=REPO,
        env={"MONITOR_DATABASE_URL": alerted.url, "PATH": ""},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            eventually(lambda: box(alerted), what="the first message")
            alerted.ingest(study("2026-02-20", enrollment=240))
            eventually(lambda: len(box(alerted)) == 2, what="the second message")
        finally:
            process.send_signal(signal.SIGTERM)
            _, text = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "stopped" in text


def test_a_store_of_a_newer_program_is_told_at_once(monitor: Monitor) -> None:
    monitor.ingest(study("2026-02-02"))
    run_sql(monitor.url, "UPDATE alembic_version SET version_num = '9999'")
    ended = run_command("deliver", environ={"MONITOR_DATABASE_URL": monitor.url, "PATH": ""})
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "a newer version of the monitor made it" in ended.stderr
