"""The same commands on a PostgreSQL store."""

import json
from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, study


@pytest.mark.parametrize("url", ["postgres_url", "pooled_url"], ids=["directly", "by PgBouncer"])
def test_every_command_works_on_postgresql(
    url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    monitor = Monitor(request.getfixturevalue(url), tmp_path)
    result = monitor.ingest(study(), study("2026-02-09", enrollment=240), b'{"broken": ')
    assert json.loads(result.stdout)["stored"] == 2
    kinds = [e["kind"] for v in monitor.json("history", NCT)["versions"] for e in v["events"]]
    assert kinds == ["trial_registered", "enrollment_target_changed"]
    assert monitor.json("diff", NCT)["events"][0]["before"] == 144
    count = ("--field", "enrollmentInfo.count")
    assert monitor.answer("show", NCT, "--at", "2026-02-03", *count) == "144\n"
    assert [trial["nct_id"] for trial in monitor.json("trials", "--sponsor", "example")] == [NCT]
    assert monitor.json("export", "records", NCT, "--to", str(tmp_path / "out"))["written"] == 2
    assert len(monitor.json("quarantine", "list")) == 1
    assert monitor("quarantine", "retry", "--all").exit_code == 1
    assert monitor.json("db", "status")["status"] == "current"
    assert monitor("db", "compact").exit_code == 0
    assert monitor("status").exit_code == 0
    monitor.complaint("history", "NCT09999999", code=3)
