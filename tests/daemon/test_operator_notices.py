"""The operator hears by mail of a real daemon, whatever is killed, refused or full."""

import contextlib
import json
import shutil
import signal
import subprocess
from collections import Counter
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.channels.mailbox import Mailbox, MailServer
from tests.daemon.processes import Running, configure, eventually, folder_source
from tests.daemon.test_clock_skew import monitor

OPS, NEVER = "ops@example.org", "never@example.org"
FAILS = "Trial monitor: The source in fails"
WORKS = "Trial monitor: The source in works again"


def configured(folder: Path, url: str, server: MailServer, **delivery: object) -> Path:
    """Configure a source that fails until its folder is there and two addresses of the operator."""
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in delivery.items())
    more = (
        f'failures_before_alarm = 1\n[delivery]\noperator = "desk"\nwelcome = false\n{keys}'
        f'[[channel]]\nname = "desk"\ntype = "email"\nserver = "{server.place}"\n'
        f'security = "none"\nsender = "monitor@example.org"\nto = ["{NEVER}", "{OPS}"]\n'
    )
    source = folder_source("in", folder / "inbox") + "\nsettle_s = 0"
    return configure(folder, url, source, lease_s=5, more=more)


def subjects(mailbox: Mailbox) -> list[str]:
    """Return the subjects of what came, in its order."""
    return [str(mail["Subject"]) for mail in mailbox.mails]


def texts(mailbox: Mailbox) -> list[str]:
    """Return what the mails say."""
    bodies = [mail.get_body(("plain",)) for mail in mailbox.mails]
    return [" ".join(body.get_content().split()) for body in bodies if body is not None]


def outbox(config: Path, *arguments: str) -> Any:
    """Return what a command says of the outbox."""
    done = monitor(config, "outbox", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def id_of(mail: EmailMessage) -> str:
    """Return the id by which a mail program knows it."""
    return str(mail["Message-ID"])


def test_an_address_that_refuses_silences_no_other_and_a_kill_repeats_nothing(
    tmp_path: Path, store_url: str
) -> None:
    mailbox = Mailbox()
    mailbox.refused[NEVER] = "550 nobody of that name"
    with MailServer(mailbox) as server:
        config = configured(tmp_path, store_url, server)
        with Running(config, name="first") as daemon:
            eventually(lambda: subjects(mailbox) == [FAILS], what="the notice")
            daemon.wait_for("message dropped", channel="desk")
            daemon.wait_for("message sent", channel="desk")
            daemon.send(signal.SIGKILL)
            daemon.ended()
        with Running(config) as daemon:
            daemon.wait_for("leading")
            # By the same message the operator hears of the process that was killed.
            eventually(lambda: len(mailbox.mails) == 2, what="the notice of the killed process")
            (tmp_path / "inbox").mkdir()
            eventually(lambda: subjects(mailbox)[2:] == [WORKS], what="the end")
            assert daemon.stop() == 0
    assert "stopped responding" in subjects(mailbox)[1]
    states = Counter((one["target"], one["state"]) for one in outbox(config, "list"))
    assert states == {(OPS, "sent"): 3, (NEVER, "dropped"): 3}
    shown = outbox(config, "show", id_of(mailbox.mails[0]))
    assert [one["what"] for one in shown["incidents"]] == ["the source in fails"]
    assert [one["outcome"] for one in shown["attempt_history"]] == ["sent"]
    text = monitor(config, "outbox", "show", id_of(mailbox.mails[2])).stdout
    assert "the source in works again" in text
    assert "notice, the source in works again" in monitor(config, "outbox", "list").stdout


def test_what_is_over_before_a_kill_and_a_full_mailbox_let_it_be_told_is_one_mail(
    tmp_path: Path, store_url: str
) -> None:
    mailbox = Mailbox()
    mailbox.answers = ["451 the mailbox is full"] * 1000
    with MailServer(mailbox) as server:
        config = configured(
            tmp_path, store_url, server, backoff_initial_s=1, backoff_max_s=2, breaker_failures=1000
        )
        with Running(config, name="first") as daemon:
            daemon.wait_for("message retried", channel="desk", times=2)
            daemon.send(signal.SIGKILL)
            daemon.ended()
        (tmp_path / "inbox").mkdir()
        with Running(config) as daemon:
            daemon.wait_for("operator notice", notice="the source in works again")
            # What was on its way when it ended may still arrive; nothing is on its way any more.
            eventually(lambda: _states(config)["dropped"] == 2, what="the beginnings, dropped")
            mailbox.answers = []
            eventually(lambda: sum("works again" in one for one in texts(mailbox)) == 2)
            eventually(lambda: set(_states(config)) <= {"sent", "dropped"}, what="all told")
            assert daemon.stop() == 0
    about = [
        text for text in texts(mailbox) if "The source in" in text or "source in fails" in text
    ]
    assert len(about) == 2, "one for each address"
    assert all("* The source in works again. since " in text for text in about)
    assert all("UTC the source in fails: " in text for text in about)
    assert len({id_of(mail) for mail in mailbox.mails}) == len(mailbox.mails)


def test_a_full_disk_is_told_past_the_store_once_and_its_end_by_the_outbox(tmp_path: Path) -> None:
    """A disk of its own: a file system in memory, filled at once."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "inbox").mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or not _mounted(mount, disk):
        pytest.skip("this user cannot mount a disk to fill")
    mailbox, filler = Mailbox(), disk / "filler"
    try:
        with MailServer(mailbox) as server:
            config = configured(tmp_path, f"sqlite:///{disk / 'monitor.db'}", server)
            with Running(config) as daemon:
                daemon.wait_for("pass finished", source="in")
                daemon.send(signal.SIGSTOP)  # it does not meet a disk that is only nearly full
                with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                    while file.write(bytes(1_000_000)):
                        pass
                daemon.send(signal.SIGCONT)
                eventually(lambda: len(mailbox.mails) == 2, what="the notice, to both")
                # It stands by, unless the store's log has room left for a lease and little else.
                passes = len(daemon.entries("pass finished"))
                eventually(
                    lambda: (
                        daemon.entries("standing by")
                        or len(daemon.entries("pass finished")) >= passes + 3
                    )
                )
                assert len(mailbox.mails) == 2
                filler.unlink()
                eventually(lambda: len(mailbox.mails) == 4, what="the end, to both")
                assert daemon.stop() == 0
            began, over = subjects(mailbox)[:2], subjects(mailbox)[2:]
            assert set(began) == {"Trial monitor: The disk of the store is full"}
            assert set(over) == {"Trial monitor: The disk of the store has room again"}
            listed = outbox(config, "list")
            assert {one["state"] for one in listed} == {"sent"}
            assert 2 <= len(listed) <= 4, "the end at least went through it"
            assert len({id_of(mail) for mail in mailbox.mails}) == 4
    finally:
        subprocess.run([umount, "--lazy", str(disk)], check=True)


def _states(config: Path) -> Counter[str]:
    """Return how many messages of the outbox are in which state."""
    return Counter(str(one["state"]) for one in outbox(config, "list"))


def _mounted(mount: str, disk: Path) -> bool:
    """Mount a disk that is not full by itself; tell whether that could be done."""
    command = [mount, "-t", "tmpfs", "-o", "size=220m", "none", str(disk)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
