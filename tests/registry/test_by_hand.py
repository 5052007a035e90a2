"""The replica as a program and as a child process; and catalogues read from files."""

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.registry.examples import nct, study
from tests.registry.loading import load
from tests.registry.process import ReplicaProcess
from tests.registry.world import World

PROJECT = Path(__file__).parents[2]


def ask(process: ReplicaProcess, path: str) -> Any:
    with urlopen(process.base_url + path, timeout=30) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def test_a_child_process_serves_and_obeys() -> None:
    with ReplicaProcess("--trials", "20", "--seed", "3") as process:
        assert ask(process, "/api/v2/version")["dataTimestamp"] == "2026-01-05T09:00:05"
        assert process.tell("advance 3") == "2026-01-08" == process.tell("day")
        process.tell("reload")
        assert ask(process, "/api/v2/version")["dataTimestamp"] == "2026-01-08T09:03:05"
        process.tell("fault html_ok 5")
        with pytest.raises(json.JSONDecodeError):
            ask(process, "/api/v2/version")
        process.tell("behave")
        page = ask(process, "/api/v2/studies?countTotal=true")
        assert len(page["studies"]) == 10
        log = process.tell("log")
        assert (log["requests"], log["statuses"]) == (4, {"200": 4})
        process.tell("forget")
        assert process.tell("log")["requests"] == 0
        for wrong in ("sing", "advance much", "fault nonsense", ""):
            with pytest.raises(ValueError, match="Error"):
                process.tell(wrong)


def test_the_program_lets_days_pass_and_ends_well_when_told_to() -> None:
    command = [sys.executable, "-m", "tests.registry", "--trials", "5", "--tick", "0.05",
               "--fault", "html_ok", "--chance", "1"]  # fmt: skip
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        first, *days = [json.loads(child.stdout.readline()) for _ in range(3)]
        assert first["day"] == "2026-01-05"
        assert days == [{"day": "2026-01-06"}, {"day": "2026-01-07"}]
        with urlopen(f"{first['base_url']}/api/v2/version", timeout=30) as answer:  # noqa: S310
            assert answer.headers["content-type"].startswith("text/html")
        child.send_signal(signal.SIGTERM)
        child.stdout.read()
        assert child.wait(20) == 0


def test_a_child_process_serves_records_from_files(tmp_path: Path) -> None:
    lines = [
        {"study": study(1), "seen": [{"version_holder": "2026-03-04"},
                                     {"version_holder": "2026-03-03"}]},
        {"study": study(1, "2026-03-05"), "version_holder": "2026-03-05"},
    ]  # fmt: skip
    dated = study(2) | {"derivedSection": {"miscInfoModule": {"versionHolder": "2026-03-03"}}}
    with gzip.open(tmp_path / "one.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, lines)))
    (tmp_path / "page.json").write_text(json.dumps({"studies": [dated]}))
    (tmp_path / "single.json").write_text(json.dumps(dated))
    options = [part for path in sorted(tmp_path.iterdir()) for part in ("--files", str(path))]
    with ReplicaProcess(*options) as process:
        assert process.tell("day") == "2026-03-03"
        posted = []
        for _ in range(3):
            page = ask(process, f"/api/v2/studies?filter.ids={nct(1)}&fields=LastUpdatePostDate")
            status = page["studies"][0]["protocolSection"]["statusModule"]
            posted.append(status["lastUpdatePostDateStruct"]["date"])
            process.tell("advance")
        assert posted == ["2026-02-27", "2026-02-27", "2026-03-05"]
        assert ask(process, f"/api/v2/studies/{nct(2)}")


def test_records_without_a_date_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.json"
    path.write_text(json.dumps(study(1)))
    with pytest.raises(ValueError, match="no date of a data load"):
        load([path])


def test_real_snapshots_are_served_day_by_day(shared_data: Path) -> None:
    path = shared_data / "ctgov/snapshots/daily_snapshots_2026-02_03.jsonl.gz"
    records = load([path], no_later_than="2026-02-20")
    world = World(records, day=records.first_day())
    counts = []
    for _ in range(4):
        counts.append(len(records.listed(world.day)))
        world.advance(3)
    assert counts[0] > 100
    assert counts == sorted(counts)
