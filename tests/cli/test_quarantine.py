"""``monitor quarantine``: looking into what could not be read, and trying again."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import time_machine

from monitor.model.history import QuarantineEntry
from monitor.store.writer import open_store
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, study

BROKEN = b'{"protocolSection": {"\x1b[2J'


def quarantined(monitor: Monitor, content: bytes, *, size: int | None = None) -> None:
    """Put an entry into the quarantine, as an older program might have."""
    with open_store(monitor.url) as store, store.transaction() as transaction:
        transaction.quarantine(
            QuarantineEntry(
                source="files",
                origin="old.jsonl:7",
                reason="this program was younger then",
                content=content,
                size=len(content) if size is None else size,
                sha256=b"\1" * 32,
                seen_at=NOON,
            )
        )


def test_entries_are_listed_with_place_and_reason(monitor: Monitor) -> None:
    monitor.ingest(study(), BROKEN)
    (entry,) = monitor.json("quarantine", "list")
    assert entry["id"] == 1
    assert entry["origin"].endswith("records-1.jsonl:2")
    rows = monitor.answer("quarantine", "list").splitlines()
    assert rows[0].split() == ["ID", "Last", "seen", "(UTC)", "Bytes", "From", "Reason"]
    assert entry["reason"] in rows[1]
    assert rows[2] == "1 entry"


def test_an_entry_is_shown_with_its_content_made_harmless(monitor: Monitor) -> None:
    monitor.ingest(BROKEN)
    shown = monitor.answer("quarantine", "show", "1")
    assert "Reason" in shown
    assert '{"protocolSection": {"␛[2J' in shown
    assert "\x1b" not in shown
    found = monitor.json("quarantine", "show", "1")
    assert (found["content"], found["complete"]) == (BROKEN.decode() + "\n", True)


def test_the_kept_bytes_come_out_as_they_are(monitor: Monitor) -> None:
    quarantined(monitor, b'{"broken": "\xff\xfe"')
    assert monitor("quarantine", "show", "1", "--raw").stdout_bytes == b'{"broken": "\xff\xfe"'
    monitor.complaint("quarantine", "show", "1", "--raw", "--json", code=2)


def test_an_entry_that_is_not_there_is_not_found(monitor: Monitor) -> None:
    monitor.ingest(study())
    assert "no entry 4" in monitor.complaint("quarantine", "show", "4", code=3)
    assert "no entry 4" in monitor.complaint("quarantine", "retry", "4", code=3)


def test_what_can_be_read_now_enters_the_history_as_of_its_time(monitor: Monitor) -> None:
    quarantined(monitor, json.dumps(study()).encode())
    assert monitor.answer("quarantine", "retry", "1") == "1  old.jsonl:7: read now\n"
    assert monitor.json("quarantine", "list") == []
    shown = monitor.json("show", NCT)
    assert shown["retrieved_at"] == NOON.isoformat()
    assert (shown["origin"], shown["source"]) == ("old.jsonl:7", "files")


def test_what_cannot_be_read_stays(monitor: Monitor) -> None:
    monitor.ingest(BROKEN)
    before = monitor.json("quarantine", "list")
    result = monitor("quarantine", "retry", "--all")
    assert result.exit_code == 1
    assert "still unreadable" in result.stdout
    after = monitor.json("quarantine", "list")
    assert [(entry["id"], entry["origin"]) for entry in after] == [
        (entry["id"], entry["origin"]) for entry in before
    ]


def test_an_entry_of_which_only_the_head_was_kept_cannot_be_tried_again(monitor: Monitor) -> None:
    quarantined(monitor, json.dumps(study()).encode(), size=10**9)
    result = monitor("quarantine", "retry", "1", "--json")
    assert result.exit_code == 1
    (outcome,) = json.loads(result.stdout)
    assert outcome["outcome"] == "cut"
    assert "ingest it again" in monitor("quarantine", "retry", "1").stdout
    assert len(monitor.json("quarantine", "list")) == 1
    monitor.complaint("show", NCT, code=3)


def test_an_entry_that_holds_no_record_stays(monitor: Monitor) -> None:
    quarantined(monitor, b'{"studies": []}')
    result = monitor("quarantine", "retry", "1", "--json")
    assert result.exit_code == 1
    (outcome,) = json.loads(result.stdout)
    assert (outcome["outcome"], outcome["stored"]) == ("unreadable", 0)
    assert [entry["id"] for entry in monitor.json("quarantine", "list")] == [1]


def test_a_kept_file_of_several_records_is_read_whole(monitor: Monitor) -> None:
    quarantined(monitor, json.dumps({"studies": [study(), study("2026-02-09")]}).encode())
    (outcome,) = monitor.json("quarantine", "retry", "1")
    assert (outcome["outcome"], outcome["stored"]) == ("stored", 2)
    assert monitor.json("show", NCT)["origin"] == "old.jsonl:7[1]"


def test_retry_wants_to_know_what(monitor: Monitor) -> None:
    quarantined(monitor, BROKEN)
    monitor.complaint("quarantine", "retry", code=2)
    monitor.complaint("quarantine", "retry", "1", "--all", code=2)


def test_an_empty_quarantine_has_nothing_to_retry(monitor: Monitor) -> None:
    monitor.ingest(study())
    assert monitor.answer("quarantine", "retry", "--all") == "the quarantine is empty\n"
    assert monitor.answer("quarantine", "list").splitlines()[-1] == "0 entries"


@pytest.mark.parametrize("page", ["NCT07085104_2025-08-07.txt", "NCT06377228_2025-04-06.txt"])
def test_a_kept_text_page_is_read_as_one(monitor: Monitor, page: str) -> None:
    content = (Path(__file__).parents[2] / "seeds" / page).read_bytes()
    quarantined(monitor, content)
    assert monitor.json("quarantine", "retry", "1")[0]["outcome"] == "stored"
    at = datetime.fromisoformat(monitor.json("trials")[0]["last_seen_at"])
    assert at == NOON.astimezone(UTC)


def test_list_and_show_tell_one_hash_of_one_entry(monitor: Monitor) -> None:
    stamped = study(loaded="2026-02-05")
    stamped["protocolSection"]["designModule"]["enrollmentInfo"] = "many"
    monitor.ingest(json.dumps(stamped, separators=(",", ":")).encode())
    (listed,) = monitor.json("quarantine", "list")
    assert monitor.json("quarantine", "show", "1")["sha256"] == listed["sha256"]
    assert listed["sha256"] in monitor.answer("quarantine", "show", "1")


def test_what_could_not_even_be_opened_keeps_its_reason(monitor: Monitor, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "gone.json").symlink_to(tmp_path / "nowhere")
    monitor("ingest", str(folder))
    (before,) = monitor.json("quarantine", "list")
    assert monitor.json("quarantine", "show", "1")["complete"] is False
    assert "nothing was kept of it" in monitor.answer("quarantine", "show", "1")
    result = monitor("quarantine", "retry", "--all")
    assert (result.exit_code, "not kept whole" in result.stdout) == (1, True)
    assert monitor.json("quarantine", "list") == [before]


def test_a_retry_tells_the_reason_of_today(monitor: Monitor) -> None:
    monitor.ingest(b'{"protocolSection": {')
    with closing(sqlite3.connect(monitor.url.removeprefix("sqlite:///"))) as store, store:
        store.execute("UPDATE quarantine SET reason = 'this program was younger then'")
    (found,) = json.loads(monitor("quarantine", "retry", "1", "--json").stdout)
    assert found["outcome"] == "unreadable"
    assert found["reason"] == monitor.json("quarantine", "list")[0]["reason"]
    assert found["reason"] != "this program was younger then"


def test_entries_are_dropped_with_what_was_kept(monitor: Monitor) -> None:
    monitor.ingest(study(), BROKEN, b"{]", b"{}")
    assert monitor.json("quarantine", "drop", "2", "2") == {"dropped": [2]}
    assert [entry["id"] for entry in monitor.json("quarantine", "list")] == [1, 3]
    assert "no entry 2" in monitor.complaint("quarantine", "drop", "1", "2", code=3)
    assert [entry["id"] for entry in monitor.json("quarantine", "list")] == [1, 3]
    assert monitor.answer("quarantine", "drop", "--all") == "2 entries dropped\n"
    assert monitor.json("quarantine", "list") == []
    assert monitor.json("quarantine", "drop", "--all") == {"dropped": []}
    assert "name the entries to drop" in monitor.complaint("quarantine", "drop", code=2)
    assert "name the entries to drop" in monitor.complaint(
        "quarantine", "drop", "--all", "1", code=2
    )


def test_an_entry_that_was_read_well_since_is_closed_by_itself(monitor: Monitor) -> None:
    file = monitor.folder / "mine.json"
    other = monitor.folder / "other.json"
    moments = (NOON + timedelta(hours=hour) for hour in count())

    def ingest(path: Path, content: bytes) -> list[str]:
        path.write_bytes(content)
        with time_machine.travel(next(moments), tick=False):
            monitor("ingest", str(path))
        return [Path(one["origin"]).name for one in monitor.json("quarantine", "list")]

    whole = json.dumps(study()).encode()
    assert ingest(other, b"<html>") == ["other.json"]
    assert ingest(file, b"<html>") == ["other.json", "mine.json"]
    assert ingest(file, b"[%b]" % whole) == [
        "other.json"
    ]  # now a list: its item is at mine.json[0]
    assert ingest(file, b"%b\n%b\n" % (whole, b'{"protocolSection": 1}')) == [
        "other.json",
        "mine.json:2",
    ]
    assert ingest(file, b"%b\n%b\n" % (whole, b'{"protocolSection": 2}')) == [
        "other.json",
        "mine.json:2",
        "mine.json:2",
    ]
    assert ingest(file, b"%b\n%b\n" % (whole, whole)) == ["other.json"]
    assert ingest(other, whole) == []
