"""The folder: whole files with names that sort, and no doubles."""

import email
import json
import os
from datetime import timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import DeliveryError
from tests.channels.examples import NOW, message
from tests.channels.making import folder_channel


def write(path: Path, *messages: Any, **settings: Any) -> list[str]:
    """Write messages over one connection and return what it said of each."""
    channel = folder_channel(path=path, **settings)
    with channel.connect() as connection:
        return [connection.send(one) for one in messages]


def names(path: Path) -> list[str]:
    return sorted(file.name for file in path.iterdir())


def test_a_message_becomes_three_files(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "outbox"
    (stem,) = write(folder, message())
    assert stem == f"20260219T080000Z_NCT06733935_{message().uid}"
    assert names(folder) == [f"{stem}.eml", f"{stem}.html", f"{stem}.json"]
    mail = email.message_from_bytes((folder / f"{stem}.eml").read_bytes(), policy=default)
    assert mail["Subject"] == message().subject
    assert mail["To"] == "ana@localhost"
    assert (folder / f"{stem}.html").read_text("utf-8") == message().html
    assert json.loads((folder / f"{stem}.json").read_bytes())["data"] == dict(message().data)


def test_only_the_formats_asked_for_are_written(tmp_path: Path) -> None:
    (stem,) = write(tmp_path, message(), formats=("html",))
    assert names(tmp_path) == [f"{stem}.html"]


def test_names_sort_by_time(tmp_path: Path) -> None:
    late = message(1, occurred_at=NOW + timedelta(hours=1), thread="NCT00000001")
    early = message(2, thread="NCT99999999")
    stems = write(tmp_path, late, early)
    assert sorted(stems) == [stems[1], stems[0]]


@pytest.mark.parametrize("connections", [1, 2])
def test_a_repetition_that_says_the_same_changes_nothing(tmp_path: Path, connections: int) -> None:
    if connections == 1:
        stems = write(tmp_path, message(1), message(1), message(2))
    else:
        stems = write(tmp_path, message(1)) + write(tmp_path, message(1), message(2))
    assert stems[0] == stems[1] != stems[2]
    assert len(names(tmp_path)) == 6


@pytest.mark.parametrize("connections", [1, 2])
def test_a_repetition_that_says_something_else_overwrites_nothing(
    tmp_path: Path, connections: int
) -> None:
    """As when the message was rendered anew meanwhile and bears another time."""
    again = message(1, html="<p>again</p>", occurred_at=NOW + timedelta(seconds=5))
    (stem,) = write(tmp_path, message(1))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    sent = [again, message(1), again, message(1, html="<p>third</p>")]
    if connections == 1:
        stems = write(tmp_path, *sent)
    else:
        stems = [write(tmp_path, one)[0] for one in sent]
    assert stems == [f"{stem}.2", stem, f"{stem}.2", f"{stem}.3"]
    after = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {name: after[name] for name in before} == before
    assert len(after) == 9
    assert after[f"{stem}.2.html"] == b"<p>again</p>"


def test_a_message_that_was_half_written_is_completed(tmp_path: Path) -> None:
    (stem,) = write(tmp_path, message())
    (tmp_path / f"{stem}.json").unlink()
    assert write(tmp_path, message()) == [stem]
    assert len(names(tmp_path)) == 3


@pytest.mark.parametrize("thread", ["../../etc/passwd", "a/b\\c:d\x00e", "", "." * 300, "digest"])
def test_no_name_leaves_the_folder(tmp_path: Path, thread: str) -> None:
    folder = tmp_path / "outbox"
    write(folder, message(thread=thread, subscriber=f"{thread}\r\nBcc: eve@example.org"))
    assert len(names(folder)) == 3
    assert names(tmp_path) == ["outbox"]
    assert all(len(name) < 200 and name.isprintable() for name in names(folder))
    (mail,) = folder.glob("*.eml")
    assert email.message_from_bytes(mail.read_bytes(), policy=default)["Bcc"] is None


def test_a_file_that_a_killed_process_left_is_not_taken_for_a_message(tmp_path: Path) -> None:
    (tmp_path / f".20260219T080000Z_NCT06733935_{message().uid}.eml.1.new").write_bytes(b"half")
    (stem,) = write(tmp_path, message())
    assert not stem.startswith(".")


@pytest.mark.skipif(os.name == "nt", reason="a file in the way is another error there")
def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the way")
    with pytest.raises(DeliveryError, match="the folder: ") as caught:
        write(tmp_path / "outbox", message())
    assert not caught.value.permanent


@pytest.mark.skipif(os.name == "nt", reason="names are counted otherwise there")
def test_nothing_half_written_stays_when_the_disk_fails(tmp_path: Path) -> None:
    (stem,) = write(tmp_path / "ok", message())
    folder = tmp_path / "outbox"
    (folder / f"{stem}.html").mkdir(parents=True)  # a folder where the file should be
    with pytest.raises(DeliveryError, match="the folder: "):
        write(folder, message())
    assert names(folder) == [f"{stem}.html"]
