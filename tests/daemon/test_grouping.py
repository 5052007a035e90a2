"""A pass of `monitor run` that changes many trials is one message by each channel that groups."""

import json
from pathlib import Path

import pytest

from tests.daemon.processes import Running, configure, eventually, folder_source
from tests.deliver.configured import Monitored, folder_channel
from tests.ingest.world import study

COUNT = 73
SUBSCRIPTION = """[[subscription]]
name = "all"
subscriber = "ana"
all = true
channels = ["mail", "post", "hook"]
"""


def studies(day: str, enrollment: int) -> bytes:
    """Return the trials as JSON lines."""
    found = (
        study(f"2026-02-{day}", nct_id=f"NCT09{number:06d}", enrollment=enrollment)
        for number in range(COUNT)
    )
    return b"".join(json.dumps(one).encode() + b"\n" for one in found)


@pytest.mark.timeout(120)
def test_a_pass_that_changes_73_trials_is_one_mail_and_one_post(
    tmp_path: Path, store_url: str
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    grouping = [f"{folder_channel(tmp_path, name)}group_above = 5\n" for name in ("mail", "post")]
    people = "\n".join([*grouping, folder_channel(tmp_path, "hook"), SUBSCRIPTION])
    in_many_transactions = "[ingest]\nbatch_records = 3\n"
    source = f"{folder_source('inbox', inbox)}\nsettle_s = 0"
    config = configure(tmp_path, store_url, source, more=in_many_transactions + people)
    (tmp_path / "first.jsonl").write_bytes(studies("01", 100))
    monitored = Monitored(tmp_path, store_url)
    monitored.app.ingest([tmp_path / "first.jsonl"], alerts=False)
    (inbox / "second.jsonl").write_bytes(studies("02", 240))
    with Running(config) as daemon:
        eventually(lambda: len(monitored.got("hook")) == COUNT, what="each alert by itself")
        eventually(lambda: monitored.got("mail") and monitored.got("post"), what="both groups")
        assert daemon.stop() == 0
        assert len(daemon.entries("messages grouped", messages=COUNT)) == 2
    for channel in ("mail", "post"):
        [group] = monitored.got(channel)
        assert len(group["alerts"]) == COUNT
        assert group["subject"] == f"{COUNT} changes in {COUNT} trials: {COUNT} high"
